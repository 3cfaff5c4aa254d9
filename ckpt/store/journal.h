/*
 * The journal of an incoming checkpoint: an append-only file of claims (see claims.h), locked by
 * the process that receives. What it claims was written, or made durable, before the claim was.
 * Owner thread.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "ckpt/store/claims.h"
#include "ckpt/store/handle.h"
#include "ckpt/store/layout.h"

struct journal {
    struct store *store;
    struct disk_file *file;
    struct store_path path;
    uint64_t end;        /* where the next record goes */
    uint64_t synced_end; /* up to here it is durable */
    uint64_t sum;
};

/* What is received. */
struct journal_subject {
    const uint8_t *digest; /* DIGEST_BYTES */
    const struct incoming_file *files;
    size_t count;
};

struct journal_listener {
    enum satsync_status (*found)(void *context, const struct claim *claim);
    void *context;
};

/* Opens or begins the journal and locks it (SATSYNC_BUSY: another process receives the same), and
 * gives each claim it has to the listener, whose failure ends it. A torn end is cut off; a journal
 * about other files begins anew. Its directory is to be synced before the first append. */
enum satsync_status journal_open(struct store *store, const struct journal_subject *subject,
                                 const struct journal_listener *listener, struct journal *journal,
                                 struct satsync_error *error);

/* Durable at return. After a failure the journal takes no more. */
enum satsync_status journal_append(struct journal *journal, const struct claim *claims,
                                   size_t count, struct satsync_error *error);

/* Likewise, but it outlives the process alone: only the next journal_append makes it durable. */
enum satsync_status journal_note(struct journal *journal, const struct claim *claims, size_t count,
                                 struct satsync_error *error);

/* Removes the file, still locked. */
enum satsync_status journal_remove(struct journal *journal, struct satsync_error *error);

void journal_close(struct journal *journal);

#endif
