/*
 * The ciphers of seal.h by OpenSSL's libcrypto, when it was there at build time: the same bytes as
 * libsodium's, with AES-256-GCM more than twice as fast on CPUs with wide vectors. Any thread.
 */
#ifndef CODEC_SEAL_LIBCRYPTO_H
#define CODEC_SEAL_LIBCRYPTO_H

#include "codec/seal.h"

enum { SEAL_NONCE_BYTES = 12, SEAL_PLACE_BYTES = 66 };

/* What a cipher is given. `in` may be `out`. */
struct seal_input {
    const struct seal_key *key;
    uint8_t nonce[SEAL_NONCE_BYTES];
    uint8_t place[SEAL_PLACE_BYTES]; /* authenticated, not encrypted */
    const uint8_t *in;
    size_t bytes; /* of the text, without the tag */
    uint8_t *out;
};

enum seal_answer {
    SEAL_DONE,
    SEAL_FORGED,
    SEAL_FAILED /* no memory, or not built in: ask another */
};

bool libcrypto_is_there(void);

/* out[bytes + SEAL_TAG_BYTES]. SEAL_DONE or SEAL_FAILED. */
enum seal_answer libcrypto_close(const struct seal_input *input) SATSYNC_MUST_CHECK;

/* in[bytes + SEAL_TAG_BYTES] -> out[bytes], which is not to be used unless SEAL_DONE. */
enum seal_answer libcrypto_open(const struct seal_input *input) SATSYNC_MUST_CHECK;

#endif
