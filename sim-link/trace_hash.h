/*
 * A running 128-bit hash of what happened, to see that two runs were the same run. Not
 * cryptographic. The same on every CPU and compiler. Owner thread.
 */
#ifndef SIM_LINK_TRACE_HASH_H
#define SIM_LINK_TRACE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct trace_hash {
    uint64_t a;
    uint64_t b;
};

enum { TRACE_HASH_TEXT_BYTES = 33 };

struct trace_hash trace_hash_start(void);
void trace_hash_add(struct trace_hash *hash, uint64_t value);

/* 32 hexadecimal digits. */
void trace_hash_text(const struct trace_hash *hash, char out[TRACE_HASH_TEXT_BYTES]);

/* Of a payload. Pure. */
uint64_t content_hash(const void *data, size_t bytes);

#endif
