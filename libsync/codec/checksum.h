/*
 * Checksum against accidents (not forgery): XXH3-128 with seed 0, in its canonical form, over
 * ciphertext. Pure.
 */
#ifndef CODEC_CHECKSUM_H
#define CODEC_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_BYTES = 16 };

void checksum_of(const void *data, size_t bytes, uint8_t out[CHECKSUM_BYTES]);

#endif
