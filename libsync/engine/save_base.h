/*
 * The older checkpoint that a save is a difference from. Chunks that did not change refer to what
 * the base has; others are coded as a difference from a chunk that is none itself, so that reading
 * never needs more than two extents a chunk.
 */
#ifndef ENGINE_SAVE_BASE_H
#define ENGINE_SAVE_BASE_H

#include "engine/reader.h"
#include "engine/save.h"

/* Opens what the options ask for; save->base stays NULL when they ask for none, or for any and
 * there is none. */
enum satsync_status save_base_open(struct satsync_save *save,
                                   const struct satsync_save_options *options,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;
void save_base_close(struct satsync_save *save);

/* The base's item that this one's chunks can be compared with; NULL when it has none. */
const struct reader_item *save_base_item(const struct satsync_save *save,
                                         const struct save_item *item, const struct dtype_row *row);

/* On a worker. Compares the slot's raw bytes with the base's: sets slot->referred and slot->chunk;
 * or codes the difference into slot->staging.sealed, with its size in *coded_bytes and
 * slot->chunk's base; or neither, with *coded_bytes 0, when there is no base, it cannot be read, or
 * a difference saves too little. */
enum satsync_status save_base_try(struct satsync_save *save, struct save_slot *slot,
                                  struct codec_scratch *scratch, size_t *coded_bytes,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Packs that a save's chunks refer to: its own are the first, those of the base follow. */
struct save_packs {
    struct manifest_pack *at;
    const uint8_t **keys; /* their data keys, borrowed; NULL: parity has none */
    size_t count;
    uint32_t own;
    struct manifest_array *arrays;
    size_t array_count;
    uint32_t *numbers;       /* of each pack of the base: where it stands in `at`; 0: nowhere */
    uint64_t referred_bytes; /* of the base's extents that are referred to */
};

/* Once all chunks are there: numbers them by the packs that are really referred to and lists those;
 * the save's own are left for the caller to fill in. save_packs_fini takes what failed, too. */
enum satsync_status save_packs_init(struct satsync_save *save, struct save_packs *packs,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void save_packs_fini(struct satsync_save *save, struct save_packs *packs);

#endif
