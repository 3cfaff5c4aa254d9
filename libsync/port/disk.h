/*
 * Files: what the chunk store needs of an operating system, and of the faulty disk in tests.
 *
 * Data moves by requests that may complete in any order; names change by blocking calls. Commit
 * needs only create-exclusive, and rename within one directory. Owner thread per disk.
 */
#ifndef PORT_DISK_H
#define PORT_DISK_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_ALIGN = 4096 }; /* of buffers, offsets and sizes of direct files */

enum disk_open {
    DISK_READ = 1,
    DISK_WRITE = 2,
    DISK_CREATE = 4,  /* fails with SATSYNC_CONFLICT when it exists */
    DISK_DIRECT = 8,  /* ask for O_DIRECT; falls back by itself where the file system has none */
    DISK_PRIVATE = 16 /* mode 0600 */
};

struct disk;
struct disk_file;

enum disk_lock { DISK_LOCK_SHARED, DISK_LOCK_EXCLUSIVE };

enum disk_request_kind { DISK_REQUEST_READ, DISK_REQUEST_WRITE };

/* Owned by the caller, who may not touch it or its buffer until `wait` gives it back. */
struct disk_request {
    enum disk_request_kind kind;
    struct disk_file *file;
    void *data; /* DISK_ALIGN-aligned for direct files, and so are bytes and offset */
    size_t bytes;
    uint64_t offset;
    size_t done_bytes;          /* result: less than bytes only when a read meets the end of file */
    enum satsync_status status; /* result */
    void *user;
};

/* One run of the machine: what was written stays readable as long as it lasts, synced or not, also
 * when the process that wrote it dies. All zero: not known, and equal to none. */
struct disk_boot {
    uint64_t id[2];
};

/* For `list`: called once a name, in no order; "." and ".." are left out. */
typedef void disk_name_fn(void *context, const char *name);

/* Paths are UTF-8, relative to the disk's root or absolute. Every failure fills `error`. */
struct disk_ops {
    enum satsync_status (*open)(struct disk *disk, const char *path, unsigned flags,
                                struct disk_file **file, struct satsync_error *error);
    void (*close)(struct disk *disk, struct disk_file *file);
    enum satsync_status (*size)(struct disk *disk, struct disk_file *file, uint64_t *bytes,
                                struct satsync_error *error);
    enum satsync_status (*truncate)(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                    struct satsync_error *error);
    /* Takes space for `bytes` now, so that a full disk is told before the work. May be a no-op. */
    enum satsync_status (*allocate)(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                    struct satsync_error *error);

    /* Locks the open file against other open files of the same name, also in this process, until it
     * is closed or its process dies. Shared wants the file open for reading, exclusive for writing
     * (NFS insists). Never blocks: SATSYNC_BUSY when another one is in the way,
     * SATSYNC_UNSUPPORTED where the file system has no locks. */
    enum satsync_status (*lock)(struct disk *disk, struct disk_file *file, enum disk_lock mode,
                                struct satsync_error *error);

    /* Queues a request. SATSYNC_AGAIN: the queue is full, `wait` for one first. */
    enum satsync_status (*submit)(struct disk *disk, struct disk_request *request);
    /* Blocks for a finished request; NULL when none is under way. */
    struct disk_request *(*wait)(struct disk *disk);

    /* Everything completed on the file is durable at return. After a failure nothing written since
     * the last success may be counted on, not even after another sync that succeeds. */
    enum satsync_status (*sync)(struct disk *disk, struct disk_file *file,
                                struct satsync_error *error);
    /* Names created, renamed or removed in the directory are durable at return. */
    enum satsync_status (*sync_directory)(struct disk *disk, const char *path,
                                          struct satsync_error *error);
    enum satsync_status (*rename)(struct disk *disk, const char *from, const char *to,
                                  struct satsync_error *error);
    /* Gives the file the name `to` in the same directory, exactly one of several processes that try
     * at once succeeds, the others get SATSYNC_CONFLICT. `from` may remain as a second name: remove
     * it once the directory is synced. (A hard link where there are any: rename without replacing
     * is missing on NFS. On a file system with neither, two processes within the same instant may
     * both succeed, and the last one's file stays.) */
    enum satsync_status (*publish)(struct disk *disk, const char *from, const char *to,
                                   struct satsync_error *error);
    enum satsync_status (*remove)(struct disk *disk, const char *path, struct satsync_error *error);
    /* Fails with SATSYNC_CONFLICT when it exists. */
    enum satsync_status (*make_directory)(struct disk *disk, const char *path,
                                          struct satsync_error *error);
    enum satsync_status (*remove_directory)(struct disk *disk, const char *path,
                                            struct satsync_error *error);
    enum satsync_status (*list)(struct disk *disk, const char *path, disk_name_fn *name,
                                void *context, struct satsync_error *error);
    enum satsync_status (*free_bytes)(struct disk *disk, const char *path, uint64_t *bytes,
                                      struct satsync_error *error);
    struct disk_boot (*boot)(struct disk *disk);
    /* "io_uring", "pread/pwrite", "faulty": for doctor and tests. */
    const char *(*name)(struct disk *disk);
    void (*free)(struct disk *disk);
};

struct disk {
    const struct disk_ops *ops;
};

#endif
