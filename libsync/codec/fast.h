/*
 * The codec for when the processor is what is scarce: exponents in four bits, at the speed of
 * memory. Of each float, its bits rotated left by one, the first byte (the exponent) is coded as
 * its distance from the lowest of 15 neighbouring exponents; 15 says that it stands among the
 * escapes. The other bytes are kept. bf16 takes 75 %, fp32 87.5 %, and the escapes. Pure; the same
 * bytes on every CPU (docs/format.md, "fast").
 */
#ifndef CODEC_FAST_H
#define CODEC_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAST_ESCAPE = 15 };

/* What is left to do of a chunk: the steps below move through it. */
struct fast_work {
    uint8_t *raw;       /* elements of 2 or 4 bytes */
    uint8_t *codes;     /* two elements a byte, the first in the low half */
    uint8_t *rest;      /* the other bytes of each element */
    uint8_t *escapes;   /* exponents outside the window */
    size_t elements;    /* left */
    size_t escape_room; /* left: of `escapes` */
    uint8_t lowest;     /* exponent of the window */
};

/* A way to do it: does as many elements as it can, in whole vectors, and leaves the others. False:
 * the escapes do not fit (encoding), or are too few (decoding). */
typedef bool fast_step_fn(struct fast_work *work);

struct fast_steps {
    const char *name;
    fast_step_fn *encode2;
    fast_step_fn *encode4;
    fast_step_fn *decode2;
    fast_step_fn *decode4;
};

/* Those that this CPU has, the best first; the last one is plain C. */
size_t fast_steps_known(const struct fast_steps *known[3]);

/* The window's lowest exponent, from a sample. `width` is 2 or 4. */
uint8_t fast_window(const uint8_t *raw, size_t bytes, uint8_t width);

struct fast_input {
    const uint8_t *raw;
    size_t bytes;
    uint8_t width; /* 2 or 4; divides `bytes` */
};

/* Writes `input` into coded[room] and returns its size; 0 when it does not fit. */
size_t fast_encode(const struct fast_steps *steps, const struct fast_input *input, uint8_t *coded,
                   size_t room);

/* False when `coded` is not exactly what gives `bytes`. Hostile input is harmless. */
bool fast_decode(const struct fast_steps *steps, const uint8_t *coded, size_t coded_bytes,
                 uint8_t *raw, size_t bytes);

#endif
