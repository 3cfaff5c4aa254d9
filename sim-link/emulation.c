#include "sim-link/emulation.h"

#include "base/check.h"
#include "port/carrier.h"
#include "sim-link/emulation_address.h"
#include "sim-link/record.h"
#include "sim-link/topology.h"

#include <string.h>

struct end {
    struct satsync_carrier carrier; /* first: users see the end as this */
    struct net_sim *world;
    size_t index;
};

struct satsync_sim {
    struct topology topology; /* its lanes borrow from it; of two sites without names, or more */
    struct net_sim *world;
    size_t count; /* of ends */
    struct end ends[TOPOLOGY_SITES_LIMIT];
    struct record record;
    struct emulation_address address;
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

static size_t payload_bytes(const struct topology *topology) {
    size_t most = 0;
    for (size_t i = 0; i < topology->link_count; i++) {
        size_t bytes = profile_payload_bytes(&topology->links[i].profile);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static enum satsync_status build(struct satsync_sim *sim, struct satsync_error *error) {
    const struct topology *topology = &sim->topology;
    struct net_sim_options options = {.seed = topology->seed,
                                      .start_ns = topology->start_ns,
                                      .payload_bytes_limit = payload_bytes(topology)};
    TRY(net_sim_open(&options, &sim->world, error));
    for (sim->count = 0; sim->count < topology->site_count; sim->count++) {
        struct net *net;
        TRY(net_sim_add(sim->world, &net, error));
        net_sim_name(sim->world, sim->count, topology->sites[sim->count]);
        sim->ends[sim->count] = (struct end){{end_open}, sim->world, sim->count};
    }
    for (size_t i = 0; i < topology->link_count; i++) {
        const struct topology_link *link = &topology->links[i];
        struct net_sim_join join = {link->a, link->b, &link->profile.there, &link->profile.back};
        TRY(net_sim_join(sim->world, &join, NULL, error));
    }
    return SATSYNC_OK;
}

/* Takes the topology over. */
static enum satsync_status start(struct topology *topology, struct satsync_sim **out,
                                 struct satsync_error *error) {
    struct satsync_sim *sim = memory_new(NULL, 1, sizeof *sim);
    if (sim == NULL) {
        topology_fini(topology);
        return error_set(error, SATSYNC_NO_MEMORY, "sim", "no memory for an emulated link");
    }
    sim->topology = *topology;
    enum satsync_status status = build(sim, error);
    if (status != SATSYNC_OK) {
        satsync_sim_close(sim);
        return status;
    }
    *out = sim;
    return SATSYNC_OK;
}

enum satsync_status satsync_sim_open(const char *link, struct satsync_sim **out,
                                     struct satsync_error *error) {
    struct topology topology;
    *out = NULL;
    bool addressed = emulation_address_is(link);
    TRY(topology_of_link(link + (addressed ? EMULATION_SCHEME_BYTES : 0), &topology, error));
    TRY(start(&topology, out, error));
    if (!addressed) {
        return SATSYNC_OK;
    }
    enum satsync_status status = emulation_address_give(&(*out)->address, link, *out, error);
    if (status != SATSYNC_OK) {
        satsync_sim_close(*out);
        *out = NULL;
        return status;
    }
    net_sim_set_address((*out)->world, (*out)->address.text);
    return SATSYNC_OK;
}

enum satsync_status satsync_sim_open_topology(const char *path, struct satsync_sim **out,
                                              struct satsync_error *error) {
    struct topology topology;
    *out = NULL;
    TRY(topology_read(path, &topology, error));
    return start(&topology, out, error);
}

void satsync_sim_close(struct satsync_sim *sim) {
    if (sim != NULL) {
        emulation_address_drop(&sim->address);
        (void)!record_close(&sim->record, NULL);
        net_sim_close(sim->world);
        topology_fini(&sim->topology);
        memory_free(NULL, sim);
    }
}

struct satsync_carrier *satsync_sim_carrier(struct satsync_sim *sim, int end) {
    assert(end >= 0 && (size_t)end < sim->count);
    return &sim->ends[end].carrier;
}

int satsync_sim_sites(const struct satsync_sim *sim) {
    return (int)sim->count;
}

const char *satsync_sim_site_name(const struct satsync_sim *sim, int site) {
    assert(site >= 0 && (size_t)site < sim->count);
    return sim->topology.sites[site];
}

int satsync_sim_find_site(const struct satsync_sim *sim, const char *name) {
    size_t site = topology_find(&sim->topology, name, NULL);
    return site < sim->topology.site_count ? (int)site : -1;
}

enum satsync_status satsync_sim_record(struct satsync_sim *sim,
                                       const struct satsync_sim_record_options *given,
                                       struct satsync_error *error) {
    struct satsync_sim_record_options options;
    memset(&options, 0, sizeof options);
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    ENSURE(sim->record.sim == NULL, error, SATSYNC_WRONG_STATE, "sim",
           "this emulation is recorded already; end that first");
    struct record_options record = {
        .capture = {.path = options.capture_path},
        .timeline = {.path = options.series_path, .step_ns = options.step_ns}};
    enum satsync_status status = record_open(&record, net_sim_sim(sim->world), &sim->record, error);
    if (status != SATSYNC_OK) {
        (void)!record_close(&sim->record, NULL);
    }
    return status;
}

enum satsync_status satsync_sim_end_record(struct satsync_sim *sim, struct satsync_error *error) {
    return record_close(&sim->record, error);
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
    for (size_t link = 0; link < net_sim_links(sim->world); link++) {
        net_sim_shut(sim->world, link, until_ns);
    }
}

static void fill_counts(const struct lane_counts *lane, struct satsync_sim_counts *counts) {
    struct satsync_sim_counts all = {.size = counts->size,
                                     .entered_packets = lane->entered_packets,
                                     .entered_bytes = lane->entered_bytes,
                                     .delivered_packets = lane->delivered_packets,
                                     .delivered_bytes = lane->delivered_bytes,
                                     .duplicated_packets = lane->duplicated_packets,
                                     .dropped_bytes = lane->dropped_bytes,
                                     .under_way_packets =
                                         lane->queued_packets + lane->flying_packets};
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        all.dropped_packets += lane->dropped_packets[cause];
    }
    memcpy(counts, &all, counts->size < sizeof all ? counts->size : sizeof all);
}

void satsync_sim_get_counts(const struct satsync_sim *sim, int direction,
                            struct satsync_sim_counts *counts) {
    struct lane_counts lane;
    net_sim_counts(sim->world, 0, direction, &lane);
    fill_counts(&lane, counts);
}

/* The link from ends[0] to ends[1], and which of its directions that is. */
static enum satsync_status find_link(const struct satsync_sim *sim, const int ends[2], size_t *link,
                                     int *direction, struct satsync_error *error) {
    *link = net_sim_link(sim->world, (size_t)ends[0], (size_t)ends[1]);
    ENSURE(*link < net_sim_links(sim->world), error, SATSYNC_NOT_FOUND, "sim",
           "sites %d and %d of this emulation have no link", ends[0], ends[1]);
    *direction = sim->topology.links[*link].a != (size_t)ends[0];
    return SATSYNC_OK;
}

enum satsync_status satsync_sim_shut_link(struct satsync_sim *sim, int a, int b, uint64_t until_ns,
                                          struct satsync_error *error) {
    size_t link;
    int direction = 0;
    const int ends[2] = {a, b};
    TRY(find_link(sim, ends, &link, &direction, error));
    net_sim_shut(sim->world, link, until_ns);
    return SATSYNC_OK;
}

enum satsync_status satsync_sim_get_link_counts(const struct satsync_sim *sim, int from, int to,
                                                struct satsync_sim_counts *counts,
                                                struct satsync_error *error) {
    size_t link;
    int direction = 0;
    struct lane_counts lane;
    const int ends[2] = {from, to};
    TRY(find_link(sim, ends, &link, &direction, error));
    net_sim_counts(sim->world, link, direction, &lane);
    fill_counts(&lane, counts);
    return SATSYNC_OK;
}

void satsync_sim_trace(const struct satsync_sim *sim, char out[SATSYNC_SIM_TRACE_BYTES]) {
    trace_hash_text(net_sim_trace(sim->world), out);
}

struct net_sim *emulation_world(struct satsync_sim *sim) {
    return sim->world;
}

struct satsync_carrier *satsync_sim_find_carrier(const char *address, int end) {
    struct satsync_sim *sim = emulation_address_find(address);
    return sim == NULL || end < 0 || (size_t)end >= sim->count ? NULL : &sim->ends[end].carrier;
}
