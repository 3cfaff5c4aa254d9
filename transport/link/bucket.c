#include "transport/link/bucket.h"

#include <assert.h>

enum { NS_PER_S = 1000000000 };

void bucket_init(struct bucket *bucket, uint32_t per_s, uint64_t now_ns) {
    assert(per_s >= 1 && per_s <= NS_PER_S);
    bucket->step_ns = NS_PER_S / per_s;
    bucket->full_ns = bucket->step_ns * per_s;
    bucket->level_ns = bucket->full_ns;
    bucket->at_ns = now_ns;
}

static void bucket_fill(struct bucket *bucket, uint64_t now_ns) {
    if (now_ns <= bucket->at_ns) {
        return;
    }
    uint64_t room_ns = bucket->full_ns - bucket->level_ns;
    uint64_t passed_ns = now_ns - bucket->at_ns;
    bucket->level_ns += passed_ns < room_ns ? passed_ns : room_ns;
    bucket->at_ns = now_ns;
}

bool bucket_has(struct bucket *bucket, uint64_t now_ns) {
    bucket_fill(bucket, now_ns);
    return bucket->level_ns >= bucket->step_ns;
}

bool bucket_take(struct bucket *bucket, uint64_t now_ns) {
    if (!bucket_has(bucket, now_ns)) {
        return false;
    }
    bucket->level_ns -= bucket->step_ns;
    return true;
}

bool bucket_is_low(struct bucket *bucket, uint64_t now_ns) {
    bucket_fill(bucket, now_ns);
    return bucket->level_ns < bucket->full_ns / 2;
}
