/*
 * What the way to a peer was like, kept in the store beside what went over it: a small record for
 * each peer and address, so that the next session fills the path from its first round trip on.
 * Nothing depends on it: what cannot be read is not known, what cannot be written is forgotten.
 * Owner thread: the site's.
 */
#ifndef ENGINE_REMEMBERED_H
#define ENGINE_REMEMBERED_H

#include "engine/store.h"
#include "port/link.h"

enum { REMEMBERED_NAME_BYTES = 40, REMEMBERED_BYTES = 44 };

struct remembered {
    struct link_path path; /* zero: nothing is known */
    uint64_t unix_ns;      /* when it was so */
};

/* The record's name for a peer at an address as the user gave it. Pure. */
void remembered_name(const uint8_t peer[LINK_KEY_BYTES], const char *address,
                     char out[REMEMBERED_NAME_BYTES]);

/* The record: version and checksum around the figures. Decoding gives a zero path for anything else
 * than what was encoded, and for figures that no path has. Pure. */
void remembered_encode(const struct remembered *remembered, uint8_t out[REMEMBERED_BYTES]);
void remembered_decode(const uint8_t *data, size_t bytes, struct remembered *remembered);

/* A path of more than a week ago may have been another: it is found out anew. So is one of as far
 * in the future, when the clock was wrong. Pure. */
bool remembered_is_fresh(const struct remembered *remembered, uint64_t now_unix_ns);

/* Zero when nothing is known that is fresh. */
struct link_path remembered_load(struct satsync_store *store, const uint8_t peer[LINK_KEY_BYTES],
                                 const char *address);

/* Writes it, unless it is about what is there already, and that less than a day old. */
void remembered_keep(struct satsync_store *store, const uint8_t peer[LINK_KEY_BYTES],
                     const char *address, const struct link_path *path);

#endif
