/*
 * Restoring to safetensors files. An output is a plan first (header bytes, then pieces of tensors),
 * then bytes under a temporary name, then a rename.
 */
#ifndef ENGINE_EXPORT_H
#define ENGINE_EXPORT_H

#include "engine/file.h"
#include "engine/job.h"
#include "engine/reader.h"

/* A tensor, or a box of one, on its way into a file. */
struct export_piece {
    const struct reader_item *item;
    uint64_t *from; /* [rank], NULL: the whole tensor */
    uint64_t *to;
    uint64_t *shape; /* of the box */
    uint64_t bytes;
};

/* One file to write. */
struct export_file {
    char *path;
    char *temporary;
    uint8_t *header; /* owned */
    size_t header_bytes;
    struct export_piece *pieces; /* owned, in the order of their bytes */
    size_t piece_count;
    bool written;
};

struct export {
    struct job job;
    struct satsync_engine *engine;
    struct satsync_store *store; /* its own handle */
    uint64_t step;
    char *output;
    char **selections;
    size_t selection_count;

    struct disk *disk;
    struct satsync_reader *reader;
    struct export_file *files;
    size_t file_count;
    uint8_t *buffer;
};

/* The saved files as they were, into export->files, named inside the output directory. */
enum satsync_status export_plan_set(struct export *export,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* One file: the saved one when all is wanted and there was only one; else made anew. */
enum satsync_status export_plan_merged(struct export *export,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Adds what NAME, PATTERN, or either with a box [a:b,c:d] selects to file->pieces, which have room
 * for all tensors and a piece more for each selection. */
enum satsync_status export_select(struct export *export, const char *text, struct export_file *file,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Frees export->files; of those that were written and not renamed, nothing stays on disk. */
void export_files_free(struct export *export);

void export_piece_fini(struct export_piece *piece, const struct allocator *allocator);

#endif
