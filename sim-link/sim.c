#include "sim-link/sim.h"

#include "base/check.h"

enum { PAYLOAD_BYTES_DEFAULT = 1472 };

struct sim {
    uint64_t now_ns;
    bool traced;
    struct trace_hash trace;
    struct packets packets;
    struct lane *lanes[SIM_LANES_LIMIT];
    size_t count;
    const struct allocator *allocator;
};

enum satsync_status sim_open(const struct sim_options *options, struct sim **out,
                             struct satsync_error *error) {
    *out = NULL;
    struct sim *sim = memory_new(options->allocator, 1, sizeof *sim);
    ENSURE(sim != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for an emulation");
    sim->now_ns = options->start_ns;
    sim->traced = !options->untraced;
    sim->trace = trace_hash_start();
    sim->allocator = options->allocator;
    size_t bytes = options->payload_bytes_limit;
    packets_init(&sim->packets, bytes == 0 ? PAYLOAD_BYTES_DEFAULT : bytes, options->allocator);
    *out = sim;
    return SATSYNC_OK;
}

void sim_close(struct sim *sim) {
    if (sim == NULL) {
        return;
    }
    for (size_t i = 0; i < sim->count; i++) {
        lane_close(sim->lanes[i]);
    }
    packets_fini(&sim->packets);
    memory_free(sim->allocator, sim);
}

enum satsync_status sim_add(struct sim *sim, const struct sim_lane *lane, struct lane **out,
                            struct satsync_error *error) {
    ENSURE(sim->count < SIM_LANES_LIMIT, error, SATSYNC_LIMIT, "sim",
           "an emulation has at most %d directions", (int)SIM_LANES_LIMIT);
    struct lane_options options = {.plan = lane->plan,
                                   .identity = lane->identity,
                                   .packets = &sim->packets,
                                   .trace = sim->traced ? &sim->trace : NULL,
                                   .sink = lane->sink,
                                   .context = lane->context,
                                   .allocator = sim->allocator};
    TRY(lane_open(&options, out, error));
    sim->lanes[sim->count++] = *out;
    return SATSYNC_OK;
}

uint64_t sim_now_ns(const struct sim *sim) {
    return sim->now_ns;
}

void sim_push(struct sim *sim, struct lane *lane, const struct packet *header, const void *data) {
    lane_push(lane, sim->now_ns, header, data);
}

void sim_release(struct sim *sim, struct packet *packet) {
    packets_give(&sim->packets, packet);
}

static struct lane *next_lane(const struct sim *sim) {
    struct lane *next = NULL;
    uint64_t next_ns = TIME_NEVER;
    for (size_t i = 0; i < sim->count; i++) {
        uint64_t at_ns = lane_next_ns(sim->lanes[i]);
        if (at_ns < next_ns) {
            next = sim->lanes[i];
            next_ns = at_ns;
        }
    }
    return next;
}

uint64_t sim_next_ns(const struct sim *sim) {
    const struct lane *lane = next_lane(sim);
    return lane == NULL ? TIME_NEVER : lane_next_ns(lane);
}

bool sim_step(struct sim *sim) {
    struct lane *lane = next_lane(sim);
    if (lane == NULL) {
        return false;
    }
    assert(lane_next_ns(lane) >= sim->now_ns);
    sim->now_ns = lane_next_ns(lane);
    lane_run(lane, sim->now_ns);
    return true;
}

void sim_run_until(struct sim *sim, uint64_t now_ns) {
    while (sim_next_ns(sim) <= now_ns) {
        sim_step(sim);
    }
    if (now_ns > sim->now_ns) {
        sim->now_ns = now_ns;
    }
}

const struct trace_hash *sim_trace(const struct sim *sim) {
    return &sim->trace;
}

uint64_t sim_packets(const struct sim *sim) {
    return sim->packets.taken;
}
