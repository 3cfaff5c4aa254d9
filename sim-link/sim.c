#include "sim-link/sim.h"

#include "base/check.h"

enum { PAYLOAD_BYTES_DEFAULT = 1472 };

struct sim {
    uint64_t now_ns;
    bool traced;
    struct trace_hash trace;
    struct packets packets;
    bool whole_packets;
    bool live;
    struct lane_watch *watch; /* the first */
    struct sim_sampler *sampler;
    uint64_t sample_ns; /* the sampler's next, or never */
    size_t count;
    struct lane *lanes[SIM_LANES_LIMIT];
    uint64_t next_ns[SIM_LANES_LIMIT]; /* each lane's next event */
    /* A binary heap of the lanes' indices by (next event, index); `place` inverts it. */
    uint16_t heap[SIM_LANES_LIMIT];
    uint16_t place[SIM_LANES_LIMIT];
    const struct allocator *allocator;
};

enum satsync_status sim_open(const struct sim_options *options, struct sim **out,
                             struct satsync_error *error) {
    *out = NULL;
    struct sim *sim = memory_new(options->allocator, 1, sizeof *sim);
    ENSURE(sim != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for an emulation");
    sim->now_ns = options->start_ns;
    sim->traced = !options->untraced;
    sim->sample_ns = TIME_NEVER;
    sim->trace = trace_hash_start();
    sim->allocator = options->allocator;
    size_t bytes = options->payload_bytes_limit;
    packets_init(&sim->packets, bytes == 0 ? PAYLOAD_BYTES_DEFAULT : bytes, options->allocator);
    sim->packets.without_content = options->without_content;
    sim->whole_packets = options->whole_packets;
    sim->live = options->live;
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

static bool comes_before(const struct sim *sim, uint16_t a, uint16_t b) {
    uint64_t a_ns = sim->next_ns[a];
    uint64_t b_ns = sim->next_ns[b];
    return a_ns < b_ns || (a_ns == b_ns && a < b);
}

static void put(struct sim *sim, size_t at, uint16_t index) {
    sim->heap[at] = index;
    sim->place[index] = (uint16_t)at;
}

/* Finds the place of a lane whose next event may have changed. */
static void settle(struct sim *sim, uint16_t index) {
    uint64_t next_ns = lane_next_ns(sim->lanes[index]);
    if (next_ns == sim->next_ns[index]) {
        return;
    }
    sim->next_ns[index] = next_ns;
    size_t at = sim->place[index];
    while (at > 0 && comes_before(sim, index, sim->heap[(at - 1) / 2])) {
        put(sim, at, sim->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (size_t child = 2 * at + 1; child < sim->count; child = 2 * at + 1) {
        if (child + 1 < sim->count && comes_before(sim, sim->heap[child + 1], sim->heap[child])) {
            child++;
        }
        if (!comes_before(sim, sim->heap[child], index)) {
            break;
        }
        put(sim, at, sim->heap[child]);
        at = child;
    }
    put(sim, at, index);
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
    options.index = (uint16_t)sim->count;
    options.whole_packets = sim->whole_packets;
    options.live = sim->live;
    TRY(lane_open(&options, out, error));
    lane_watch(*out, sim->watch);
    /* A lane is born without an event: last in the heap is its place. */
    sim->lanes[sim->count] = *out;
    sim->next_ns[sim->count] = TIME_NEVER;
    put(sim, sim->count, options.index);
    sim->count++;
    settle(sim, options.index);
    return SATSYNC_OK;
}

size_t sim_lanes(const struct sim *sim) {
    return sim->count;
}

struct lane *sim_lane_at(const struct sim *sim, size_t index) {
    assert(index < sim->count);
    return sim->lanes[index];
}

static void watch_lanes(struct sim *sim) {
    for (size_t i = 0; i < sim->count; i++) {
        lane_watch(sim->lanes[i], sim->watch);
    }
}

void sim_watch(struct sim *sim, struct lane_watch *watch) {
    watch->next = sim->watch;
    sim->watch = watch;
    watch_lanes(sim);
}

void sim_unwatch(struct sim *sim, const struct lane_watch *watch) {
    struct lane_watch **at = &sim->watch;
    while (*at != NULL && *at != watch) {
        at = &(*at)->next;
    }
    *at = *at == NULL ? NULL : watch->next;
    watch_lanes(sim);
}

void sim_sample(struct sim *sim, struct sim_sampler *sampler) {
    sim->sampler = sampler;
    sim->sample_ns = TIME_NEVER;
    if (sampler != NULL) {
        assert(sampler->step_ns > 0);
        sampler->next_ns = sim->now_ns + sampler->step_ns;
        sim->sample_ns = sampler->next_ns;
    }
}

static void take_samples(struct sim *sim, uint64_t until_ns) {
    struct sim_sampler *sampler = sim->sampler;
    while (sampler->next_ns <= until_ns) {
        sampler->sample(sampler, sim, sampler->next_ns);
        sampler->next_ns += sampler->step_ns;
    }
    sim->sample_ns = sampler->next_ns;
}

uint64_t sim_now_ns(const struct sim *sim) {
    return sim->now_ns;
}

void sim_push(struct sim *sim, struct lane *lane, const struct packet *header, const void *data) {
    lane_push(lane, sim->now_ns, header, data);
    settle(sim, lane_index(lane));
}

void sim_release(struct sim *sim, struct packet *packet) {
    packets_give(&sim->packets, packet);
}

uint64_t sim_next_ns(const struct sim *sim) {
    return sim->count == 0 ? TIME_NEVER : sim->next_ns[sim->heap[0]];
}

bool sim_step(struct sim *sim) {
    uint64_t next_ns = sim_next_ns(sim);
    if (next_ns == TIME_NEVER) {
        return false;
    }
    assert(next_ns >= sim->now_ns);
    if (next_ns >= sim->sample_ns) {
        take_samples(sim, next_ns);
    }
    sim->now_ns = next_ns;
    uint16_t index = sim->heap[0];
    lane_run(sim->lanes[index], next_ns);
    settle(sim, index);
    return true;
}

void sim_run_until(struct sim *sim, uint64_t now_ns) {
    while (sim_next_ns(sim) <= now_ns && sim_step(sim)) {
        continue;
    }
    if (now_ns > sim->now_ns) {
        if (now_ns >= sim->sample_ns) {
            take_samples(sim, now_ns);
        }
        sim->now_ns = now_ns;
    }
}

const struct trace_hash *sim_trace(const struct sim *sim) {
    return &sim->trace;
}

uint64_t sim_packets(const struct sim *sim) {
    return sim->packets.taken;
}
