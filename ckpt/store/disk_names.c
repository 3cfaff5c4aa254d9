#include "ckpt/store/disk_names.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const struct allocator *allocator_of(const struct disk *disk) {
    return ((const struct disk_names *)disk)->allocator;
}

static int open_retrying(const char *path, int flags, mode_t mode) {
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

void disk_file_give_up_direct(struct disk_file *file) {
    int flags = fcntl(file->fd, F_GETFL);
    if (flags >= 0) {
        (void)fcntl(file->fd, F_SETFL, flags & ~O_DIRECT);
    }
    file->direct = false;
}

enum satsync_status disk_names_open(struct disk *disk, const char *path, unsigned flags,
                                    struct disk_file **file, struct satsync_error *error) {
    *file = NULL;
    struct disk_file *opened = memory_new(allocator_of(disk), 1, sizeof *opened);
    char *copy = memory_string(allocator_of(disk), path);
    if (!opened || !copy) {
        memory_free(allocator_of(disk), opened);
        memory_free(allocator_of(disk), copy);
        return error_set(error, SATSYNC_NO_MEMORY, path, "no memory to open the file");
    }
    int how = flags & DISK_WRITE ? (flags & DISK_READ ? O_RDWR : O_WRONLY) : O_RDONLY;
    how |= flags & DISK_CREATE ? O_CREAT | O_EXCL : 0;
    mode_t mode = flags & DISK_PRIVATE ? 0600 : 0666;
    opened->path = copy;
    opened->direct = flags & DISK_DIRECT;
    opened->fd = open_retrying(path, how | (opened->direct ? O_DIRECT : 0), mode);
    if (opened->fd < 0 && errno == EINVAL && opened->direct) {
        /* No O_DIRECT here; but the attempt may have created the file before it failed. */
        opened->direct = false;
        opened->fd = open_retrying(path, how & ~O_EXCL, mode);
    }
    if (opened->fd < 0) {
        int reason = errno;
        memory_free(allocator_of(disk), opened);
        memory_free(allocator_of(disk), copy);
        return error_set_errno(error, reason, path,
                               flags & DISK_CREATE ? "creating the file" : "opening the file");
    }
    *file = opened;
    return SATSYNC_OK;
}

void disk_names_close(struct disk *disk, struct disk_file *file) {
    if (!file) {
        return;
    }
    /* What matters was synced; a failing close has nothing to add. */
    (void)close(file->fd);
    memory_free(allocator_of(disk), file->path);
    memory_free(allocator_of(disk), file);
}

enum satsync_status disk_names_size(struct disk *disk, struct disk_file *file, uint64_t *bytes,
                                    struct satsync_error *error) {
    (void)disk;
    struct stat stat;
    *bytes = 0;
    if (fstat(file->fd, &stat) != 0) {
        return error_set_errno(error, errno, file->path, "asking for the file's size");
    }
    *bytes = (uint64_t)stat.st_size;
    return SATSYNC_OK;
}

enum satsync_status disk_names_truncate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                        struct satsync_error *error) {
    (void)disk;
    int result;
    do {
        result = ftruncate(file->fd, (off_t)bytes);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? SATSYNC_OK
                       : error_set_errno(error, errno, file->path, "setting the file's size");
}

enum satsync_status disk_names_allocate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                        struct satsync_error *error) {
    (void)disk;
    if (bytes == 0) {
        return SATSYNC_OK;
    }
    int result;
    do {
        result = fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes);
    } while (result != 0 && errno == EINTR);
    if (result == 0 || errno == EOPNOTSUPP || errno == ENOSYS) {
        return SATSYNC_OK;
    }
    return error_set_errno(error, errno, file->path, "reserving space");
}

/* flock rather than fcntl: the lock belongs to the open file, so two handles of one process exclude
 * each other, and closing another descriptor of the file does not drop it. */
enum satsync_status disk_names_lock(struct disk *disk, struct disk_file *file, enum disk_lock mode,
                                    struct satsync_error *error) {
    (void)disk;
    int how = (mode == DISK_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH) | LOCK_NB;
    int result;
    do {
        result = flock(file->fd, how);
    } while (result != 0 && errno == EINTR);
    if (result == 0) {
        return SATSYNC_OK;
    }
    if (errno == EWOULDBLOCK) {
        return error_set(error, SATSYNC_BUSY, file->path,
                         "another process uses it; wait for it to end");
    }
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == ENOLCK || errno == EINVAL) {
        return error_set(error, SATSYNC_UNSUPPORTED, file->path, "the file system has no locks");
    }
    return error_set_errno(error, errno, file->path, "locking the file");
}

enum satsync_status disk_names_sync(struct disk *disk, struct disk_file *file,
                                    struct satsync_error *error) {
    (void)disk;
    int result;
    do {
        result = fdatasync(file->fd);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? SATSYNC_OK
                       : error_set_errno(error, errno, file->path, "making the file durable");
}

enum satsync_status disk_names_sync_directory(struct disk *disk, const char *path,
                                              struct satsync_error *error) {
    (void)disk;
    int fd = open_retrying(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) {
        return error_set_errno(error, errno, path, "opening the directory");
    }
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    int reason = errno;
    (void)close(fd);
    /* EINVAL: a file system whose directories need no sync, or cannot have one. */
    if (result == 0 || reason == EINVAL) {
        return SATSYNC_OK;
    }
    return error_set_errno(error, reason, path, "making the directory durable");
}

enum satsync_status disk_names_rename(struct disk *disk, const char *from, const char *to,
                                      struct satsync_error *error) {
    (void)disk;
    return rename(from, to) == 0 ? SATSYNC_OK : error_set_errno(error, errno, to, "renaming to it");
}

static bool are_one_file(const char *a, const char *b) {
    struct stat first;
    struct stat second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_ino == second.st_ino &&
           first.st_dev == second.st_dev;
}

/* Where there are neither hard links nor RENAME_NOREPLACE, the best that is left. */
static int rename_if_absent(const char *from, const char *to) {
    struct stat stat;
    if (lstat(to, &stat) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

enum satsync_status disk_names_publish(struct disk *disk, const char *from, const char *to,
                                       struct satsync_error *error) {
    (void)disk;
    int result = link(from, to);
    if (result != 0 && errno == EEXIST && are_one_file(from, to)) {
        /* Over NFS the reply to a link that was made can get lost, and its repetition fails. */
        return SATSYNC_OK;
    }
    if (result != 0 && (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS)) {
        result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
        if (result != 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
            result = rename_if_absent(from, to);
        }
    }
    if (result == 0) {
        return SATSYNC_OK;
    }
    if (errno == EEXIST) {
        return error_set(error, SATSYNC_CONFLICT, to, "it exists already");
    }
    return error_set_errno(error, errno, to, "giving the file its name");
}

enum satsync_status disk_names_remove(struct disk *disk, const char *path,
                                      struct satsync_error *error) {
    (void)disk;
    return unlink(path) == 0 ? SATSYNC_OK
                             : error_set_errno(error, errno, path, "removing the file");
}

enum satsync_status disk_names_make_directory(struct disk *disk, const char *path,
                                              struct satsync_error *error) {
    (void)disk;
    return mkdir(path, 0777) == 0 ? SATSYNC_OK
                                  : error_set_errno(error, errno, path, "making the directory");
}

enum satsync_status disk_names_remove_directory(struct disk *disk, const char *path,
                                                struct satsync_error *error) {
    (void)disk;
    return rmdir(path) == 0 ? SATSYNC_OK
                            : error_set_errno(error, errno, path, "removing the directory");
}

enum satsync_status disk_names_list(struct disk *disk, const char *path, disk_name_fn *name,
                                    void *context, struct satsync_error *error) {
    (void)disk;
    DIR *directory = opendir(path);
    if (!directory) {
        return error_set_errno(error, errno, path, "opening the directory");
    }
    errno = 0;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            name(context, entry->d_name);
        }
        errno = 0;
    }
    int reason = errno;
    (void)closedir(directory);
    return reason == 0 ? SATSYNC_OK : error_set_errno(error, reason, path, "reading the directory");
}

enum satsync_status disk_names_free_bytes(struct disk *disk, const char *path, uint64_t *bytes,
                                          struct satsync_error *error) {
    (void)disk;
    struct statvfs stat;
    *bytes = 0;
    if (statvfs(path, &stat) != 0) {
        return error_set_errno(error, errno, path, "asking for free space");
    }
    *bytes = (uint64_t)stat.f_bavail * stat.f_frsize;
    return SATSYNC_OK;
}

/* Linux makes a random one, a UUID, at each start of the kernel: see random(4). */
struct disk_boot disk_names_boot(struct disk *disk) {
    (void)disk;
    static const struct disk_boot unknown;
    struct disk_boot boot;
    unsigned parts[4];
    char text[40] = "";
    int fd = open_retrying("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
    ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (bytes <= 0 || sscanf(text, "%8x-%4x-%4x-%4x-%12" SCNx64, &parts[0], &parts[1], &parts[2],
                             &parts[3], &boot.id[1]) != 5) {
        return unknown;
    }
    boot.id[0] = (uint64_t)parts[0] << 32 | (uint64_t)parts[1] << 16 | parts[2];
    boot.id[1] |= (uint64_t)parts[3] << 48;
    return boot;
}
