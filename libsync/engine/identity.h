/*
 * What a store says of itself: its id, its owner's key and the recipients of what is saved in it,
 * signed by the owner. Pure. The bytes are described in docs/format.md.
 */
#ifndef ENGINE_IDENTITY_H
#define ENGINE_IDENTITY_H

#include "base/memory.h"
#include "codec/seal.h"

enum { IDENTITY_RECIPIENTS_MAX = 255 };

#define IDENTITY_RECORD "identity"

struct identity {
    uint8_t store_id[SEAL_STORE_ID_BYTES];
    uint8_t owner[SITE_KEY_BYTES];
    size_t recipient_count; /* the owner is one more, not listed */
    uint8_t recipients[IDENTITY_RECIPIENTS_MAX][SITE_KEY_BYTES];
};

/* *data is heap memory of `allocator`. */
enum satsync_status identity_encode(const struct identity *identity, const struct site_key *owner,
                                    const struct allocator *allocator, uint8_t **data,
                                    size_t *bytes) SATSYNC_MUST_CHECK;

enum satsync_status identity_decode(const uint8_t *data, size_t bytes, const char *store,
                                    struct identity *identity,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
