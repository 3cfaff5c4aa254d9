/*
 * A token bucket: `per_s` takes a second on average, as many at once at most. Pure.
 */
#ifndef TRANSPORT_LINK_BUCKET_H
#define TRANSPORT_LINK_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t step_ns; /* one token's time */
    uint64_t full_ns; /* a full bucket's time */
    uint64_t level_ns;
    uint64_t at_ns;
};

/* per_s from 1 to 10^9. The bucket begins full. */
void bucket_init(struct bucket *bucket, uint32_t per_s, uint64_t now_ns);

/* Takes a token; false when there is none. Time that goes back is taken as standing still. */
bool bucket_take(struct bucket *bucket, uint64_t now_ns);

/* True when bucket_take would succeed. */
bool bucket_has(struct bucket *bucket, uint64_t now_ns);

/* True when less than half of the tokens are left. */
bool bucket_is_low(struct bucket *bucket, uint64_t now_ns);

#endif
