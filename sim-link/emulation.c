#include "sim-link/emulation.h"

#include "base/check.h"
#include "port/carrier.h"
#include "sim-link/profile.h"

#include <string.h>

struct end {
    struct satsync_carrier carrier; /* first: users see the end as this */
    struct net_sim *world;
    size_t index;
};

struct satsync_sim {
    struct profile profile; /* its lanes borrow from it */
    struct net_sim *world;
    struct end ends[2];
};

static enum satsync_status end_open(struct satsync_carrier *carrier, struct net **net,
                                    struct satsync_error *error) {
    struct end *end = (struct end *)carrier;
    *net = NULL;
    ENSURE(!net_sim_is_taken(end->world, end->index), error, SATSYNC_BUSY, "sim",
           "end %zu of this emulated link is in use; close what uses it first", end->index);
    *net = net_sim_take(end->world, end->index);
    return SATSYNC_OK;
}

static enum satsync_status build(struct satsync_sim *sim, const struct profile *profile,
                                 struct satsync_error *error) {
    struct net_sim_options options = {.seed = profile->seed,
                                      .start_ns = profile->start_ns,
                                      .payload_bytes_limit = profile_payload_bytes(profile)};
    TRY(net_sim_open(&options, &sim->world, error));
    for (size_t i = 0; i < 2; i++) {
        struct net *net;
        TRY(net_sim_add(sim->world, &net, error));
        sim->ends[i] = (struct end){{end_open}, sim->world, i};
    }
    struct net_sim_join join = {0, 1, &profile->there, &profile->back};
    return net_sim_join(sim->world, &join, NULL, error);
}

enum satsync_status satsync_sim_open(const char *link, struct satsync_sim **out,
                                     struct satsync_error *error) {
    struct profile profile;
    *out = NULL;
    TRY(profile_open(link, &profile, error));
    struct satsync_sim *sim = memory_new(NULL, 1, sizeof *sim);
    if (sim == NULL) {
        profile_fini(&profile);
        return error_set(error, SATSYNC_NO_MEMORY, "sim", "no memory for an emulated link");
    }
    sim->profile = profile;
    enum satsync_status status = build(sim, &sim->profile, error);
    if (status != SATSYNC_OK) {
        satsync_sim_close(sim);
        return status;
    }
    *out = sim;
    return SATSYNC_OK;
}

void satsync_sim_close(struct satsync_sim *sim) {
    if (sim != NULL) {
        net_sim_close(sim->world);
        profile_fini(&sim->profile);
        memory_free(NULL, sim);
    }
}

struct satsync_carrier *satsync_sim_carrier(struct satsync_sim *sim, int end) {
    assert(end == 0 || end == 1);
    return &sim->ends[end].carrier;
}

int satsync_sim_step(struct satsync_sim *sim) {
    return net_sim_advance(sim->world);
}

void satsync_sim_run_until(struct satsync_sim *sim, uint64_t now_ns) {
    net_sim_run_until(sim->world, now_ns);
}

uint64_t satsync_sim_now_ns(const struct satsync_sim *sim) {
    return net_sim_now_ns(sim->world);
}

void satsync_sim_shut(struct satsync_sim *sim, uint64_t until_ns) {
    net_sim_shut(sim->world, 0, until_ns);
}

void satsync_sim_get_counts(const struct satsync_sim *sim, int direction,
                            struct satsync_sim_counts *counts) {
    struct lane_counts lane;
    net_sim_counts(sim->world, 0, direction, &lane);
    struct satsync_sim_counts all = {.size = counts->size,
                                     .entered_packets = lane.entered_packets,
                                     .entered_bytes = lane.entered_bytes,
                                     .delivered_packets = lane.delivered_packets,
                                     .delivered_bytes = lane.delivered_bytes,
                                     .duplicated_packets = lane.duplicated_packets,
                                     .dropped_bytes = lane.dropped_bytes,
                                     .under_way_packets =
                                         lane.queued_packets + lane.flying_packets};
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        all.dropped_packets += lane.dropped_packets[cause];
    }
    memcpy(counts, &all, counts->size < sizeof all ? counts->size : sizeof all);
}

void satsync_sim_trace(const struct satsync_sim *sim, char out[SATSYNC_SIM_TRACE_BYTES]) {
    trace_hash_text(net_sim_trace(sim->world), out);
}

struct net_sim *emulation_world(struct satsync_sim *sim) {
    return sim->world;
}
