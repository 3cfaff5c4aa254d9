/*
 * What the two real disks share: files by name, locks, and everything else that is not the moving
 * of data. A disk of either kind begins with a struct disk_names, and takes these for its
 * operations.
 */
#ifndef STORE_DISK_NAMES_H
#define STORE_DISK_NAMES_H

#include "base/memory.h"
#include "port/disk.h"

struct disk_names {
    struct disk disk; /* first: the functions below get its address */
    const struct allocator *allocator;
};

struct disk_file {
    int fd;
    bool direct; /* O_DIRECT is on */
    char *path;  /* for messages */
};

/* Turns O_DIRECT off, for file systems that accept the flag and then refuse the requests. */
void disk_file_give_up_direct(struct disk_file *file);

enum satsync_status disk_names_open(struct disk *disk, const char *path, unsigned flags,
                                    struct disk_file **file, struct satsync_error *error);
void disk_names_close(struct disk *disk, struct disk_file *file);
enum satsync_status disk_names_size(struct disk *disk, struct disk_file *file, uint64_t *bytes,
                                    struct satsync_error *error);
enum satsync_status disk_names_truncate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                        struct satsync_error *error);
enum satsync_status disk_names_allocate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                        struct satsync_error *error);
enum satsync_status disk_names_lock(struct disk *disk, struct disk_file *file, enum disk_lock mode,
                                    struct satsync_error *error);
enum satsync_status disk_names_sync(struct disk *disk, struct disk_file *file,
                                    struct satsync_error *error);
enum satsync_status disk_names_sync_directory(struct disk *disk, const char *path,
                                              struct satsync_error *error);
enum satsync_status disk_names_rename(struct disk *disk, const char *from, const char *to,
                                      struct satsync_error *error);
enum satsync_status disk_names_publish(struct disk *disk, const char *from, const char *to,
                                       struct satsync_error *error);
enum satsync_status disk_names_remove(struct disk *disk, const char *path,
                                      struct satsync_error *error);
enum satsync_status disk_names_make_directory(struct disk *disk, const char *path,
                                              struct satsync_error *error);
enum satsync_status disk_names_remove_directory(struct disk *disk, const char *path,
                                                struct satsync_error *error);
enum satsync_status disk_names_list(struct disk *disk, const char *path, disk_name_fn *name,
                                    void *context, struct satsync_error *error);
enum satsync_status disk_names_free_bytes(struct disk *disk, const char *path, uint64_t *bytes,
                                          struct satsync_error *error);
struct disk_boot disk_names_boot(struct disk *disk);

/* The rows of a struct disk_ops that are the same for both. */
#define DISK_NAMES_OPS                                                                             \
    .open = disk_names_open, .close = disk_names_close, .size = disk_names_size,                   \
    .truncate = disk_names_truncate, .allocate = disk_names_allocate, .lock = disk_names_lock,     \
    .sync = disk_names_sync, .sync_directory = disk_names_sync_directory,                          \
    .rename = disk_names_rename, .publish = disk_names_publish, .remove = disk_names_remove,       \
    .make_directory = disk_names_make_directory, .remove_directory = disk_names_remove_directory,  \
    .list = disk_names_list, .free_bytes = disk_names_free_bytes, .boot = disk_names_boot

#endif
