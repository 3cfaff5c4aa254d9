#include "sim-link/check/pings.h"

#include "sim-link/sim.h"

enum { PING_BYTES = 56 };

struct world {
    struct sim *sim;
    struct lane *down;
    struct samples *samples;
    const struct pings *pings;
    uint64_t start_ns;
    uint64_t answered;
    enum satsync_status status;
};

/* The number of a packet on either lane is that of its ping only while nothing is lost: the flow
 * carries it. */
static void answer(void *context, uint64_t now_ns, struct packet *packet) {
    struct world *world = context;
    (void)now_ns;
    struct packet header = {.bytes = packet->bytes, .flow = packet->flow};
    sim_release(world->sim, packet);
    sim_push(world->sim, world->down, &header, NULL);
}

static void take(void *context, uint64_t now_ns, struct packet *packet) {
    struct world *world = context;
    uint64_t sent_ns = world->start_ns + packet->flow * world->pings->step_ns;
    double rtt_ms = (double)(now_ns - sent_ns) / 1e6;
    if (world->status == SATSYNC_OK) {
        world->status = samples_add(world->samples, (double)sent_ns / 1e9, rtt_ms);
    }
    world->answered++;
    sim_release(world->sim, packet);
}

static enum satsync_status add_lanes(const struct profile *profile, struct world *world,
                                     struct lane **up) {
    uint64_t seed = world->pings->seed;
    struct sim_lane there = {&profile->there, {.seed = seed, .direction = 0}, answer, world};
    struct sim_lane back = {&profile->back, {.seed = seed, .direction = 1}, take, world};
    enum satsync_status status = sim_add(world->sim, &there, up, NULL);
    return status == SATSYNC_OK ? sim_add(world->sim, &back, &world->down, NULL) : status;
}

enum satsync_status pings_run(const struct profile *profile, struct pings *pings,
                              struct samples *samples) {
    struct world world = {.samples = samples, .pings = pings, .start_ns = profile->start_ns};
    struct sim_options options = {
        .start_ns = profile->start_ns, .untraced = true, .without_content = true};
    struct lane *up;
    enum satsync_status status = sim_open(&options, &world.sim, NULL);
    if (status == SATSYNC_OK) {
        status = add_lanes(profile, &world, &up);
    }
    for (uint64_t i = 0; status == SATSYNC_OK && i < pings->count; i++) {
        struct packet header = {.bytes = PING_BYTES, .flow = (uint32_t)i};
        sim_run_until(world.sim, world.start_ns + i * pings->step_ns);
        sim_push(world.sim, up, &header, NULL);
    }
    while (status == SATSYNC_OK && sim_step(world.sim)) {
        continue;
    }
    sim_close(world.sim);
    pings->lost = pings->count - world.answered;
    return status == SATSYNC_OK ? world.status : status;
}
