/*
 * Plain reads and writes of the user's own files over port/disk.h: one request at a time.
 */
#ifndef ENGINE_FILE_H
#define ENGINE_FILE_H

#include "port/disk.h"

/* A file with the disk it was opened on, and its name for messages (borrowed). */
struct file {
    struct disk *disk;
    struct disk_file *handle;
    const char *path;
};

enum satsync_status file_open(struct disk *disk, const char *path, unsigned flags,
                              struct file *file, struct satsync_error *error) SATSYNC_MUST_CHECK;
/* Safe on a file that was never opened (all zero). */
void file_close(struct file *file);

/* Exactly `bytes`; fewer in the file: SATSYNC_INCOMPLETE. */
enum satsync_status file_read(struct file *file, uint64_t offset, void *data, size_t bytes,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status file_write(struct file *file, uint64_t offset, const void *data, size_t bytes,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
