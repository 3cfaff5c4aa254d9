#include "sim-link/check/pings.h"

#include "base/check.h"
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
                                     struct lane **up, struct satsync_error *error) {
    uint64_t seed = world->pings->seed;
    struct sim_lane there = {
        &profile->there, {.seed = seed, .direction = 0, .name = "up"}, answer, world};
    struct sim_lane back = {
        &profile->back, {.seed = seed, .direction = 1, .name = "down"}, take, world};
    TRY(sim_add(world->sim, &there, up, error));
    return sim_add(world->sim, &back, &world->down, error);
}

static void send_all(struct world *world, struct lane *up) {
    for (uint64_t i = 0; i < world->pings->count; i++) {
        struct packet header = {.bytes = PING_BYTES, .flow = (uint32_t)i};
        sim_run_until(world->sim, world->start_ns + i * world->pings->step_ns);
        sim_push(world->sim, up, &header, NULL);
    }
    while (sim_step(world->sim)) {
        continue;
    }
}

enum satsync_status pings_run(const struct profile *profile, struct pings *pings,
                              struct samples *samples, struct satsync_error *error) {
    struct world world = {.samples = samples, .pings = pings, .start_ns = profile->start_ns};
    struct record record = {.sim = NULL};
    struct sim_options options = {
        .start_ns = profile->start_ns, .untraced = true, .without_content = true};
    struct lane *up;
    TRY(sim_open(&options, &world.sim, error));
    enum satsync_status status = add_lanes(profile, &world, &up, error);
    if (status == SATSYNC_OK) {
        pings->record.capture.without_content = true;
        status = record_open(&pings->record, world.sim, &record, error);
    }
    if (status == SATSYNC_OK) {
        send_all(&world, up);
    }
    enum satsync_status written = record_close(&record, status == SATSYNC_OK ? error : NULL);
    sim_close(world.sim);
    pings->lost = pings->count - world.answered;
    TRY(status);
    TRY(written);
    ENSURE(world.status == SATSYNC_OK, error, world.status, "pings", "no memory for the samples");
    return SATSYNC_OK;
}
