/*
 * Patches: the smallest lossless file that turns the tensors of one step into those of a later one,
 * for machines that have the first and no store: inference fleets.
 *
 * A patch is no secret and not signed: it is what a restore writes, in the clear. What it makes is
 * compared with a digest that it carries.
 */
#ifndef SATSYNC_PATCH_H
#define SATSYNC_PATCH_H

#include <satsync/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_patch_options {
    size_t size;
    uint64_t from_step; /* what the receivers have: as satsync_restore_files writes it to a file */
    uint64_t to_step;
    const char *output; /* replaced on success only */
};

static inline void satsync_patch_options_init(struct satsync_patch_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Writes the patch from one checkpoint of the store to another; needs the key to read both. At its
 * end the operation's progress has the result's size in raw_bytes and the patch's in stored_bytes.
 */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_patch_make(struct satsync_store *store, const struct satsync_patch_options *options,
                   struct satsync_operation **operation, struct satsync_error *error);

struct satsync_patch_apply_options {
    size_t size;
    const char *patch;
    const char *base;   /* the safetensors file of the patch's from_step; is not changed */
    const char *output; /* replaced on success only; may be `base` itself */
};

static inline void satsync_patch_apply_options_init(struct satsync_patch_apply_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Writes, byte for byte, the file that restoring to_step writes. SATSYNC_CONFLICT: `base` is not
 * what the patch was made for. SATSYNC_CORRUPT: the patch is damaged. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_patch_apply(struct satsync_engine *engine,
                    const struct satsync_patch_apply_options *options,
                    struct satsync_operation **operation, struct satsync_error *error);

/* What a patch's first bytes say. */
struct satsync_patch_info {
    uint64_t from_step;
    uint64_t to_step;
    uint64_t result_bytes; /* of the file that it makes */
    uint64_t patch_bytes;
};

SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_patch_info(struct satsync_engine *engine, const char *path, struct satsync_patch_info *info,
                   struct satsync_error *error);

#ifdef __cplusplus
}
#endif
#endif
