/*
 * What a site has promised to the majority: its term and vote (Raft, Ongaro 2014, figure 3.1), its
 * log, and the snapshot that the log follows on. Kept as one small record, replaced as a whole;
 * docs/rounds.md describes its bytes. Pure.
 */
#ifndef ROUNDS_PROMISES_H
#define ROUNDS_PROMISES_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROMISE_BYTES_MAX = 512, /* of an entry, the snapshot's state, its configuration */
    PROMISE_ENTRIES_MAX = 256,
    PROMISES_BYTES_MAX = 512 + (PROMISE_ENTRIES_MAX + 2) * (PROMISE_BYTES_MAX + 16)
};

struct promise {
    uint64_t term;
    uint8_t type;
    uint16_t bytes;
    uint8_t data[PROMISE_BYTES_MAX];
};

struct promises {
    uint64_t term;
    uint64_t vote;           /* 0: none in this term */
    uint64_t snapshot_index; /* 0: no snapshot */
    uint64_t configuration_index;
    struct promise snapshot;      /* its type is 0 */
    struct promise configuration; /* of the snapshot; only its bytes count */
    uint64_t first_index;         /* of entries[0]; entries follow one another */
    size_t count;
    struct promise entries[PROMISE_ENTRIES_MAX];
};

/* Nothing promised yet. */
void promises_init(struct promises *promises);

/* SATSYNC_LIMIT when the log is full or the entry too long. */
enum satsync_status promises_append(struct promises *promises,
                                    const struct promise *entry) SATSYNC_MUST_CHECK;

/* The entry of an index, or NULL. */
const struct promise *promises_entry(const struct promises *promises, uint64_t index);

/* Index of the last entry, of the snapshot when there is none. */
uint64_t promises_last_index(const struct promises *promises);

/* Drops the entries from `index` on. */
void promises_truncate(struct promises *promises, uint64_t index);

/* Drops the entries up to and including `index`, as far as they are there. */
void promises_forget(struct promises *promises, uint64_t index);

/* Writes at most PROMISES_BYTES_MAX bytes and returns how many. */
size_t promises_encode(const struct promises *promises, uint8_t out[PROMISES_BYTES_MAX]);

/* SATSYNC_CORRUPT for anything but what promises_encode wrote; SATSYNC_NEWER_VERSION. */
enum satsync_status promises_decode(struct promises *promises, const void *data,
                                    size_t bytes) SATSYNC_MUST_CHECK;

#endif
