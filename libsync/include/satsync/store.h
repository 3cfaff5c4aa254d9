/*
 * Stores: a directory that holds one run's checkpoints.
 *
 * Several processes may use a store at once. A store handle belongs to the thread that uses it;
 * several handles may be open on one store.
 */
#ifndef SATSYNC_STORE_H
#define SATSYNC_STORE_H

#include <satsync/engine.h>
#include <satsync/key.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_store;

/* Makes the directory a store of the key's site. Checkpoints saved in it can be read with `key` and
 * by the holders of `recipients`. Refuses a directory that is not empty. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_create(struct satsync_engine *engine, const char *path, const struct satsync_key *key,
                     const struct satsync_public_key *recipients, size_t recipient_count,
                     struct satsync_error *error);

/* `key` may be NULL: then contents cannot be read or saved, but listed, checked and forwarded. The
 * key is borrowed until close. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_open(struct satsync_engine *engine, const char *path, const struct satsync_key *key,
                   struct satsync_store **store, struct satsync_error *error);
SATSYNC_API void satsync_store_close(struct satsync_store *store);

/* Trusts manifests signed by this key from now on. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_trust(struct satsync_store *store, const struct satsync_public_key *key,
                    struct satsync_error *error);

/* What a manifest says in clear. */
struct satsync_checkpoint_info {
    uint64_t step;
    uint64_t created_unix_ns;
    uint64_t raw_bytes;      /* tensors and blobs as the trainer had them */
    uint64_t stored_bytes;   /* its own packs and manifest on disk */
    uint64_t referred_bytes; /* of older checkpoints' packs that it needs as well */
    uint64_t tensors;
    uint64_t chunks;
    uint32_t packs;
    uint32_t recipients;
    uint8_t digest[32];       /* of the manifest: equal digests are equal checkpoints */
    uint8_t origin_store[16]; /* where it was saved */
    struct satsync_public_key signer;
};

/* Steps in ascending order into `steps` (room for `capacity`); *count is how many there are. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_steps(struct satsync_store *store, uint64_t *steps, size_t capacity, size_t *count,
                    struct satsync_error *error);

/* Checks the signature, not the packs. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_info(struct satsync_store *store, uint64_t step, struct satsync_checkpoint_info *info,
                   struct satsync_error *error);

/* *readable: 1 when the holder of `key` can open this checkpoint, 0 when not. Recipients are fixed
 * when a checkpoint is saved; pushing it adds none. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_readable(struct satsync_store *store, uint64_t step,
                       const struct satsync_public_key *key, int *readable,
                       struct satsync_error *error);

/* Something that verify found damaged; text is for a person. */
struct satsync_damage {
    uint64_t step;
    enum satsync_status status;
    char what[256]; /* such as "pack 0123..., bytes 4096 to 9000, tensor h.0.attn.weight" */
};

struct satsync_verify_report {
    uint64_t checkpoints;   /* looked at */
    uint64_t checked_bytes; /* read and compared */
    uint64_t damaged;       /* pieces found damaged, also beyond the room below */
    int authenticated;      /* 1: with the key, against forgery; 0: against accidents only */
    struct satsync_damage *damages; /* caller's room, may be NULL */
    size_t capacity;
};

/* Reads every byte of one step, or of all when step is SATSYNC_ALL_STEPS. Returns the status of the
 * first damage (class integrity) after looking at everything. */
#define SATSYNC_ALL_STEPS UINT64_MAX
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_verify(struct satsync_store *store, uint64_t step,
                     struct satsync_verify_report *report, struct satsync_error *error);

/* As satsync_store_verify, but looks only at signatures and at each pack's size and table: finds
 * what is missing or cut short in a moment, and no damage within. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_verify_quick(struct satsync_store *store, uint64_t step,
                           struct satsync_verify_report *report, struct satsync_error *error);

struct satsync_repair_options {
    size_t size;
    int dry_run; /* 1: only look, and say what could be mended */
};

static inline void satsync_repair_options_init(struct satsync_repair_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

struct satsync_repair_report {
    uint64_t checkpoints;           /* looked at */
    uint64_t packs;                 /* likewise, each once */
    uint64_t checked_bytes;         /* read and compared */
    uint64_t damaged;               /* packs, and manifests that cannot be read */
    uint64_t mended;                /* of those; with dry_run, what could be */
    struct satsync_damage *damages; /* caller's room, may be NULL; of mended ones status is OK */
    size_t capacity;
};

/* Reads every byte of one step's packs, or of all when step is SATSYNC_ALL_STEPS, and makes lost or
 * damaged packs again from parity, where the checkpoint was saved with it. Needs no key, and finds
 * accidents, not forgery. Others may use the store meanwhile; who has a damaged pack open goes on
 * reading that one. Killed at any point it leaves each pack as it was or whole, and space that the
 * next prune frees. Returns SATSYNC_OK when all is whole again, else the status of the first damage
 * that it could not mend, after looking at everything. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_repair(struct satsync_store *store, uint64_t step,
                     const struct satsync_repair_options *options,
                     struct satsync_repair_report *report, struct satsync_error *error);

enum { SATSYNC_TAG_BYTES = 64, SATSYNC_TAGS_BYTES = 4096 };

/* Gives a checkpoint a name, such as "release" or "best.eval": a letter, then letters, digits, '.',
 * '-' and '_'. Tags belong to the store: they are not signed and a push does not send them. prune
 * keeps what has one. A tag that is there already is fine. One process at a time. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status satsync_store_tag(struct satsync_store *store,
                                                                     uint64_t step,
                                                                     const char *name,
                                                                     struct satsync_error *error);

/* Takes it away: SATSYNC_NOT_FOUND when there is no such tag. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status satsync_store_untag(struct satsync_store *store,
                                                                       uint64_t step,
                                                                       const char *name,
                                                                       struct satsync_error *error);

/* The names of a step's tags with a space between two, terminated; "" when it has none. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_tags(struct satsync_store *store, uint64_t step, char names[SATSYNC_TAGS_BYTES],
                   struct satsync_error *error);

/* A checkpoint stays when any of these says so, or when it has a tag. */
struct satsync_prune_options {
    size_t size;
    uint64_t keep_last;  /* the newest so many; at least 1 */
    uint64_t keep_every; /* those whose step it divides; 0: none */
    int dry_run;         /* 1: only report */
    int drop_tagged;     /* 1: a tag keeps nothing */
};

static inline void satsync_prune_options_init(struct satsync_prune_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

struct satsync_prune_report {
    uint64_t kept;
    uint64_t removed;
    uint64_t freed_bytes; /* of packs that only removed checkpoints named */
    uint64_t *steps;      /* of the removed ones: caller's room, may be NULL */
    size_t capacity;
};

/* Removes checkpoints, then every pack that none of the others names and nobody is using, also what
 * broken-off saves left. What kept checkpoints refer to of removed ones stays. A checkpoint whose
 * manifest cannot be read stops it before anything is removed. Killed at any point it leaves whole
 * checkpoints, and space that the next one frees. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_store_prune(struct satsync_store *store, const struct satsync_prune_options *options,
                    struct satsync_prune_report *report, struct satsync_error *error);

#ifdef __cplusplus
}
#endif
#endif
