#include "sim-link/stage_policer.h"

#include "base/wide.h"

#include <assert.h>

enum { NS_PER_S = 1000000000 };

/* Tokens are bits times nanoseconds a second: a nanosecond brings rate_bps of them. */
struct stage_policer {
    struct stage stage;
    uint64_t rate_bps;
    uint64_t full;
    uint64_t tokens;
    uint64_t last_ns;
};

static void policer_push(struct stage *stage, uint64_t now_ns, struct packet *packet) {
    struct stage_policer *policer = (struct stage_policer *)stage;
    uint128 tokens = (uint128)(now_ns - policer->last_ns) * policer->rate_bps + policer->tokens;
    policer->tokens = tokens > policer->full ? policer->full : (uint64_t)tokens;
    policer->last_ns = now_ns;
    uint64_t price = (uint64_t)packet->wire_bytes * 8 * NS_PER_S;
    if (price > policer->tokens) {
        stage->exit->drop(stage->exit, now_ns, packet, DROP_POLICER);
        return;
    }
    policer->tokens -= price;
    stage_pass(stage, now_ns, packet);
}

static void policer_free(struct stage *stage) {
    memory_free(stage->allocator, stage);
}

static const struct stage_ops OPS = {.name = "policer", .push = policer_push, .free = policer_free};

struct stage *stage_policer_new(const struct stage_policer_options *options,
                                const struct allocator *allocator) {
    assert(options->burst_bytes <= 1u << 30);
    struct stage_policer *policer = memory_new(allocator, 1, sizeof *policer);
    if (policer == NULL) {
        return NULL;
    }
    policer->stage = (struct stage){.ops = &OPS, .allocator = allocator, .next_ns = TIME_NEVER};
    policer->rate_bps = options->rate_bps;
    policer->full = options->burst_bytes * 8 * NS_PER_S;
    policer->tokens = policer->full;
    return &policer->stage;
}
