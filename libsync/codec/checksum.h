/*
 * Checksum against accidents (not forgery): XXH3-128 with seed 0, in its canonical form, over
 * ciphertext. Pure.
 */
#ifndef CODEC_CHECKSUM_H
#define CODEC_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_BYTES = 16 };

enum { CHECKSUM_SECRET_BYTES = 192 };

/* The same hash under a secret: equal for two contents that nobody chose by the secret only when
 * they are equal. It never leaves the process. Pure. */
void checksum_secret(const void *data, size_t bytes, const uint8_t secret[CHECKSUM_SECRET_BYTES],
                     uint8_t out[CHECKSUM_BYTES]);

void checksum_of(const void *data, size_t bytes, uint8_t out[CHECKSUM_BYTES]);

#endif
