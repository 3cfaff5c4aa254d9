#include "bench/flood.h"

#include "base/check.h"
#include "bench/floor.h"
#include "sim-link/net_sim.h"

enum { PUSH_EVERY_NS = 1000000, QUEUE_PACKETS = 8192, PAYLOAD_LIMIT = 1472 };

struct flood {
    struct net_sim *world;
    struct net *ends[2];
    uint64_t packets_a_push;
    uint64_t wanted; /* packets */
    uint64_t arrived;
};

static void push(struct flood *flood, uint8_t *packet) {
    struct net_batch batch = {
        .data = packet, .bytes = PAYLOAD_LIMIT, .segment_bytes = PAYLOAD_LIMIT};
    flood->ends[1]->ops->local(flood->ends[1], &batch.peer);
    for (uint64_t i = 0; i < flood->packets_a_push; i++) {
        (void)flood->ends[0]->ops->send(flood->ends[0], &batch);
    }
}

static void take(struct flood *flood) {
    struct net_batch batch;
    while (flood->arrived < flood->wanted && flood->ends[1]->ops->receive(flood->ends[1], &batch)) {
        flood->arrived += batch.bytes / batch.segment_bytes;
    }
}

static enum satsync_status open_world(struct flood *flood, const struct profile *profile,
                                      uint64_t seed, struct satsync_error *error) {
    const struct net_sim_options options = {.seed = seed, .start_ns = profile->start_ns};
    struct lane_plan there = profile->there;
    there.queue_ns = 0;
    there.queue_bytes = 0;
    there.queue_packets = QUEUE_PACKETS;
    TRY(net_sim_open(&options, &flood->world, error));
    for (size_t i = 0; i < 2; i++) {
        struct net *net;
        TRY(net_sim_add(flood->world, &net, error));
        flood->ends[i] = net_sim_take(flood->world, i);
    }
    const struct net_sim_join join = {.a = 0, .b = 1, .there = &there, .back = &profile->back};
    return net_sim_join(flood->world, &join, NULL, error);
}

enum satsync_status flood_ns(const struct profile *profile, uint64_t seed, uint64_t bytes,
                             uint64_t *time_ns, struct satsync_error *error) {
    uint8_t packet[PAYLOAD_LIMIT] = {0};
    const uint64_t bits = UINT64_C(8) * FLOOR_PACKET_BYTES;
    /* Twice the nominal rate: the queue never runs dry for long, whatever the slot's rate is. */
    struct flood flood = {.wanted = (bytes + FLOOR_PAYLOAD_BYTES - 1) / FLOOR_PAYLOAD_BYTES,
                          .packets_a_push = 2 * profile->there.rate_bps / (1000 * bits) + 2};
    enum satsync_status status = open_world(&flood, profile, seed, error);
    if (status == SATSYNC_OK) {
        uint64_t start_ns = net_sim_now_ns(flood.world);
        uint64_t push_ns = start_ns;
        while (flood.arrived < flood.wanted) {
            if (net_sim_now_ns(flood.world) >= push_ns) {
                push(&flood, packet);
                push_ns += PUSH_EVERY_NS;
            }
            flood.ends[1]->ops->wait(flood.ends[1], push_ns);
            net_sim_advance(flood.world);
            take(&flood);
        }
        *time_ns = net_sim_now_ns(flood.world) - start_ns;
    }
    if (flood.world) {
        net_sim_close(flood.world);
    }
    return status;
}
