/*
 * A sharded set of safetensors files, named by its index (*.index.json), which lies beside them.
 */
#ifndef ENGINE_FILE_SET_H
#define ENGINE_FILE_SET_H

#include "engine/file.h"
#include "model/index.h"

#include <stdbool.h>

enum { FILE_SET_PATH_BYTES = 4096 };

/* Pure. By its name. */
bool file_set_is_index(const char *path);

/* Reads an open index, for index_fini. On failure nothing is to be freed. */
enum satsync_status file_set_read(struct file *file, const struct allocator *allocator,
                                  struct index *index,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Pure. The path of the set's file `name`. SATSYNC_INVALID when it is too long or an index itself.
 */
enum satsync_status file_set_member(const char *index_path, const char *name,
                                    char out[FILE_SET_PATH_BYTES],
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
