/*
 * One file of an incoming checkpoint: a pack that the store has already, or a part that fills.
 * Owner thread.
 */
#ifndef STORE_INCOMING_PART_H
#define STORE_INCOMING_PART_H

#include "base/ranges.h"
#include "ckpt/store/journal.h"

struct incoming_part {
    struct incoming_file what;
    struct disk_file *file; /* held */
    bool is_in_store;       /* whole, under its final name */
    bool is_dirty;          /* written since the last sync of the file */
    struct ranges have;     /* received, in the staging or on disk */
    struct ranges fresh;    /* of these, what the journal does not claim as durable yet */
    struct ranges untold;   /* of those, what it does not claim as written either */
};

void incoming_part_init(struct incoming_part *part, const struct incoming_file *what,
                        const struct allocator *allocator);
void incoming_part_fini(struct incoming_part *part, struct store *store);

/* Notes a claim that the journal has, CLAIM_BOOT apart. `have` is what is durable, and `fresh` what
 * was only written, until incoming_part_heard. */
enum satsync_status incoming_part_hear(struct incoming_part *part, const struct claim *claim);

/* All claims were heard; what was only written is there or, after a crash, it is not. */
enum satsync_status incoming_part_heard(struct incoming_part *part, bool written_counts);

/* Finds the pack in the store, or the part of an earlier attempt, or creates one; takes claims back
 * that the disk does not bear out. `index` is the part's number in the journal. */
enum satsync_status incoming_part_open(struct incoming_part *part, struct journal *journal,
                                       const struct journal_subject *subject, size_t index,
                                       struct satsync_error *error);

/* All bytes of the file are there. */
bool incoming_part_is_whole(const struct incoming_part *part);

/* Gives the (whole, durable) part its name in the store; the directory is the caller's to sync. */
enum satsync_status incoming_part_publish(struct incoming_part *part, struct store *store,
                                          const uint8_t digest[DIGEST_BYTES],
                                          struct satsync_error *error);

#endif
