/*
 * A checkpoint's manifest root: signed, not sealed (docs/format.md, "Manifest root").
 *
 * It names the packs, wraps their keys for the recipients and finds the index parts, in which
 * names, shapes and chunks are sealed. The root says nothing about content but sizes and counts.
 * This file only turns structs into bytes and back: the caller computes digests, signs and
 * verifies.
 */
#ifndef MODEL_MANIFEST_H
#define MODEL_MANIFEST_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MANIFEST_VERSION_MAJOR = 3, /* the newest that is read; the least that does is written */
    MANIFEST_VERSION_MINOR = 0,
    MANIFEST_ID_BYTES = 16,
    MANIFEST_KEY_BYTES = 32,
    MANIFEST_DIGEST_BYTES = 32,
    MANIFEST_WRAPPED_BYTES = 80,
    MANIFEST_SIGNATURE_BYTES = 64,
    MANIFEST_BYTES_MAX = 64 << 20,
    MANIFEST_PACKS_MAX = 65536,
    MANIFEST_PARTS_MAX = 262144,
    MANIFEST_RECIPIENTS_MAX = 256,
    MANIFEST_WRAPS_MAX = 524288, /* packs * recipients */
    MANIFEST_EXTENSION_MAX = 1 << 20,
    MANIFEST_ARRAY_PACKS_MAX = 32,
    MANIFEST_PARITY_ALGORITHM =
        0 /* of a parity pack: made of sealed bytes, sealed itself no more */
};

struct manifest_pack {
    uint8_t id[MANIFEST_ID_BYTES];
    uint64_t step;         /* the checkpoint it was sealed for: part of each seal's place */
    uint64_t bytes;        /* of the whole pack, padding included */
    uint64_t table_offset; /* the extents fill [0, table_offset) */
    uint64_t table_bytes;
    uint8_t table_digest[MANIFEST_DIGEST_BYTES]; /* BLAKE2b-256 of the table */
    uint8_t algorithm;                           /* enum seal_algorithm */
};

/* Packs that stand next to each other in the list and make up for each other's loss: `data` of
 * them, then `parity` of them, which hold the Reed-Solomon repair symbols of the former's bytes, of
 * as many bytes as the longest, the others taken as longer by zeros. */
struct manifest_array {
    uint32_t first; /* index into packs */
    uint8_t data;
    uint8_t parity;
};

/* An index part: an extent of kind "index". Part numbers are positions in the list. */
struct manifest_part {
    uint32_t pack;         /* index into packs */
    uint64_t extent;       /* its number in the pack */
    uint64_t offset;       /* in the pack */
    uint32_t sealed_bytes; /* with the tag */
    uint32_t raw_bytes;
    uint8_t codec;
    uint64_t first_record; /* number of its first record among those of all parts */
    uint32_t records;
    uint64_t first_chunk; /* number of the first chunk that it describes */
    uint32_t chunks;
};

struct manifest {
    uint16_t version_major; /* 1; 2 when a chunk is derived; 3 when there are arrays */
    uint16_t version_minor;
    uint8_t store_id[MANIFEST_ID_BYTES]; /* where it was first saved */
    uint64_t step;
    uint64_t created_unix_ns;
    uint64_t counter; /* of the store, rising with each commit */
    uint8_t signer[MANIFEST_KEY_BYTES];
    uint64_t raw_bytes;
    uint64_t stored_bytes; /* of the extents it refers to, tags included */
    uint64_t tensor_count;
    uint64_t chunk_count;

    uint8_t (*recipients)[MANIFEST_KEY_BYTES];
    size_t recipient_count;
    struct manifest_pack *packs;
    size_t pack_count;
    uint8_t (*wrapped)[MANIFEST_WRAPPED_BYTES]; /* [pack * recipient_count + recipient] */
    struct manifest_part *parts;
    size_t part_count;
    struct manifest_array *arrays; /* ascending; none before version 3 */
    size_t array_count;

    const struct allocator *allocator; /* of a decoded one */
};

/* Exact size of the root that manifest_encode makes, its signature included. */
size_t manifest_bytes(const struct manifest *manifest);

/* Writes manifest_bytes() into `out`; the last MANIFEST_SIGNATURE_BYTES are zero, for the signature
 * over all before them. The same limits as decoding: SATSYNC_LIMIT or SATSYNC_INVALID. */
enum satsync_status manifest_encode(const struct manifest *manifest, uint8_t *out, size_t bytes,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The span that is signed begins at the first byte and is this long; the signature follows.
 * 0 when `bytes` is too few to be a root. */
size_t manifest_signed_bytes(size_t bytes);

/* The signer's public key, which stands at the same place in every version; NULL when `bytes` is
 * too few to be a root. */
const uint8_t *manifest_signer(const uint8_t *data, size_t bytes);

/*
 * Only the fixed part: enough to know version, store, step, counter, signer and totals; lists stay
 * empty. `subject` (such as "step 12") is for messages. SATSYNC_NEWER_VERSION for a newer major,
 * SATSYNC_CORRUPT for anything that no encoder of this version writes.
 */
enum satsync_status manifest_peek(const uint8_t *data, size_t bytes, const char *subject,
                                  struct manifest *out,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* All of it, into memory of `out->allocator` (set it before); for manifest_fini. On failure nothing
 * is to be freed. Verify the signature first: decoding is safe on hostile input, but trusts it. */
enum satsync_status manifest_decode(const uint8_t *data, size_t bytes, const char *subject,
                                    struct manifest *out,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void manifest_fini(struct manifest *manifest);

/* The array that a pack is of; NULL: none. */
const struct manifest_array *manifest_array_of(const struct manifest *manifest, size_t pack);

/* Index into manifest->recipients, or -1. */
int64_t manifest_recipient(const struct manifest *manifest,
                           const uint8_t public_key[MANIFEST_KEY_BYTES]);

#endif
