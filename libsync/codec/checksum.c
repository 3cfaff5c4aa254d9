#include "codec/checksum.h"

/* Inlined, the compiler's vector flags apply: several times the shared library's speed. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

static void write(XXH128_hash_t hash, uint8_t out[CHECKSUM_BYTES]) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(out, canonical.digest, CHECKSUM_BYTES);
}

void checksum_of(const void *data, size_t bytes, uint8_t out[CHECKSUM_BYTES]) {
    write(XXH3_128bits(data, bytes), out);
}

void checksum_secret(const void *data, size_t bytes, const uint8_t secret[CHECKSUM_SECRET_BYTES],
                     uint8_t out[CHECKSUM_BYTES]) {
    write(XXH3_128bits_withSecret(data, bytes, secret, CHECKSUM_SECRET_BYTES), out);
}
