/*
 * A patch's begin and end (docs/patch.md): what turns one safetensors file into another. Pure.
 *
 *   patch = head | chunks of the header | chunks of the tensors | tail
 */
#ifndef MODEL_PATCH_H
#define MODEL_PATCH_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PATCH_VERSION = 1,
    PATCH_HEAD_BYTES = 44,
    PATCH_DIGEST_BYTES = 32,
    PATCH_TAIL_BYTES = 3 * PATCH_DIGEST_BYTES,
    PATCH_CHUNK_BYTES = 4 << 20 /* of raw bytes; the last one of each tensor is shorter */
};

struct patch_head {
    uint64_t from_step;
    uint64_t to_step;
    uint64_t header_bytes; /* of the result: the 8 bytes of its length included */
    uint64_t result_bytes; /* of the whole file */
};

/* BLAKE2b-256 of what was read of the base, of the result, and of the patch up to its last 32
 * bytes.
 */
struct patch_tail {
    uint8_t base[PATCH_DIGEST_BYTES];
    uint8_t result[PATCH_DIGEST_BYTES];
    uint8_t patch[PATCH_DIGEST_BYTES];
};

void patch_head_encode(const struct patch_head *head, uint8_t out[PATCH_HEAD_BYTES]);

/* `file` is for messages. SATSYNC_INVALID: it is no patch. SATSYNC_NEWER_VERSION. SATSYNC_CORRUPT:
 * its sizes cannot be. */
enum satsync_status patch_head_decode(const uint8_t data[PATCH_HEAD_BYTES], const char *file,
                                      struct patch_head *head,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
