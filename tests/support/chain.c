#include "support/chain.h"

#include <assert.h>
#include <string.h>

static void check(const struct chain *chain) {
    uint64_t dropped = 0;
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        dropped += chain->dropped[cause];
    }
    assert(chain->entered + chain->duplicated == chain->delivered + dropped + chain->stage->held);
}

static void deliver(struct stage_exit *exit, uint64_t now_ns, struct packet *packet) {
    struct chain *chain = (struct chain *)exit;
    if (chain->delivered < chain->limit) {
        chain->out[chain->delivered] = (struct chain_out){now_ns, packet->number, packet->data[0]};
    }
    assert(now_ns >= chain->last_ns);
    chain->delivered++;
    chain->last_ns = now_ns;
    chain->run_length = 0;
    packets_give(&chain->packets, packet);
}

static void drop(struct stage_exit *exit, uint64_t now_ns, struct packet *packet,
                 enum drop_cause cause) {
    struct chain *chain = (struct chain *)exit;
    (void)now_ns;
    chain->dropped[cause]++;
    chain->runs += chain->run_length == 0;
    chain->run_length++;
    packets_give(&chain->packets, packet);
}

static struct packet *duplicate(struct stage_exit *exit, const struct packet *packet) {
    struct chain *chain = (struct chain *)exit;
    struct packet *twin = packets_take(&chain->packets);
    memcpy(twin, packet, sizeof *packet + packet->bytes);
    chain->duplicated++;
    return twin;
}

void chain_init(struct chain *chain, struct stage *stage, size_t limit) {
    memset(chain, 0, sizeof *chain);
    assert(stage != NULL);
    chain->exit = (struct stage_exit){deliver, drop, duplicate};
    chain->stage = stage;
    packets_init(&chain->packets, 16, NULL);
    chain->limit = limit;
    chain->out = memory_new(NULL, limit + 1, sizeof *chain->out);
    assert(chain->out != NULL);
}

void chain_fini(struct chain *chain) {
    chain->stage->ops->free(chain->stage);
    packets_fini(&chain->packets);
    memory_free(NULL, chain->out);
}

void chain_run(struct chain *chain, uint64_t until_ns) {
    chain->stage->exit = &chain->exit; /* a chain may have been copied */
    while (chain->stage->next_ns != TIME_NEVER && chain->stage->next_ns <= until_ns) {
        uint64_t at_ns = chain->stage->next_ns;
        chain->stage->ops->run(chain->stage, at_ns);
        assert(chain->stage->next_ns > at_ns);
        check(chain);
    }
}

void chain_push(struct chain *chain, uint64_t now_ns, uint32_t wire_bytes) {
    chain_run(chain, now_ns);
    struct packet *packet = packets_take(&chain->packets);
    assert(packet != NULL);
    packet->number = chain->entered++;
    packet->wire_bytes = wire_bytes;
    packet->bytes = 16;
    memset(packet->data, 0, 16);
    chain->stage->ops->push(chain->stage, now_ns, packet);
    check(chain);
}
