#include "group/group.h"

#include "base/check.h"
#include "base/timers.h"
#include "codec/parity.h"
#include "engine/key.h"

#include <string.h>

#define DEFAULT_DEADLINE_NS UINT64_C(15000000000)
#define DEFAULT_GIVE_UP_NS UINT64_C(60000000000)

static enum satsync_status read_options(const struct satsync_group_options *given,
                                        struct satsync_group_options *options,
                                        struct satsync_error *error) {
    satsync_group_options_init(options);
    TRY(options_size_check(given, given->size, sizeof *options, "group options", error));
    memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
    ENSURE(options->key, error, SATSYNC_INVALID, "key", "a site needs its key to be known by");
    ENSURE(options->sites && options->site_count >= 2 && options->site_count <= SATSYNC_GROUP_SITES,
           error, SATSYNC_INVALID, "sites", "give 2 to %d of them", SATSYNC_GROUP_SITES);
    ENSURE(options->site < options->site_count, error, SATSYNC_INVALID, "site",
           "number %zu of %zu sites; they count from 0", options->site, options->site_count);
    ENSURE(options->promises && *options->promises, error, SATSYNC_INVALID, "promises",
           "name a file where this site keeps what it promised to the majority");
    ENSURE(options->listen || options->site + 1 == options->site_count, error, SATSYNC_INVALID,
           "listen", "sites with higher numbers connect to this one: give HOST:PORT");
    ENSURE((unsigned)options->exchange <= SATSYNC_GROUP_OWNER_REDUCE, error, SATSYNC_INVALID,
           "exchange", "%d is none that is known", (int)options->exchange);
    options->fragments = options->fragments ? options->fragments : 1;
    options->deadline_ns = options->deadline_ns ? options->deadline_ns : DEFAULT_DEADLINE_NS;
    options->give_up_ns = options->give_up_ns ? options->give_up_ns : DEFAULT_GIVE_UP_NS;
    return SATSYNC_OK;
}

static enum satsync_status copy_sites(struct satsync_group *group,
                                      const struct satsync_group_options *options,
                                      struct satsync_error *error) {
    const struct allocator *allocator = group->engine->allocator;
    group->keys = memory_new(allocator, options->site_count, sizeof *group->keys);
    ENSURE(group->keys, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    for (size_t i = 0; i < options->site_count; i++) {
        const struct satsync_group_site *site = &options->sites[i];
        struct group_peer *peer = &group->peers[i];
        memcpy(group->keys[i], site->key.bytes, LINK_KEY_BYTES);
        for (size_t j = 0; j < i; j++) {
            ENSURE(memcmp(group->keys[i], group->keys[j], LINK_KEY_BYTES) != 0, error,
                   SATSYNC_INVALID, "sites", "numbers %zu and %zu have the same key", j, i);
        }
        bool connects = i < options->site;
        ENSURE(!connects || site->address, error, SATSYNC_INVALID, "sites",
               "this one connects to number %zu, which has no address", i);
        peer->rate_bps = site->rate_bps;
        peer->retry_ns = connects ? 0 : TIME_NEVER;
        peer->address = connects ? memory_string(allocator, site->address) : NULL;
        ENSURE(!connects || peer->address, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    }
    struct satsync_public_key own;
    satsync_key_public(options->key, &own);
    ENSURE(memcmp(own.bytes, group->keys[options->site], LINK_KEY_BYTES) == 0, error,
           SATSYNC_INVALID, "key", "it is not the key of site %zu in the list of sites",
           options->site);
    return SATSYNC_OK;
}

static enum satsync_status copy_options(struct satsync_group *group,
                                        const struct satsync_group_options *options,
                                        struct satsync_error *error) {
    const struct allocator *allocator = group->engine->allocator;
    group->site = options->site;
    group->site_count = options->site_count;
    group->witness = options->witness && options->site + 1 == options->site_count;
    group->ranks_ns = options->deadline_ns + options->give_up_ns;
    group->give_up_ns = options->give_up_ns;
    group->key = key_site(options->key);
    group->carrier = options->carrier;
    group->ranks = options->ranks;
    group->leader = !options->ranks || satsync_ranks_rank(options->ranks) == 0;
    TRY(copy_sites(group, options, error));
    const struct parameters_options parameters = {.tensors = options->tensors,
                                                  .tensor_count = options->tensor_count,
                                                  .fragments = options->fragments,
                                                  .witness = group->witness,
                                                  .allocator = allocator};
    TRY(parameters_init(&group->parameters, &parameters, error));
    if (options->listen) {
        group->listen = memory_string(allocator, options->listen);
        ENSURE(group->listen, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    }
    return SATSYNC_OK;
}

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    struct satsync_group *group = context;
    struct satsync_error error = {0};
    enum satsync_status status = promise_file_keep(&group->promises, data, bytes, &error);
    if (status != SATSYNC_OK) {
        group->failure = error;
    }
    return status;
}

static enum quantise_codec codec_of(enum satsync_group_codec codec) {
    switch (codec) {
    case SATSYNC_GROUP_BF16:
        return QUANTISE_BF16;
    case SATSYNC_GROUP_FP32:
        return QUANTISE_FP32;
    case SATSYNC_GROUP_INT8:
        break;
    }
    return QUANTISE_INT8;
}

static enum rounds_exchange exchange_of(enum satsync_group_exchange exchange) {
    switch (exchange) {
    case SATSYNC_GROUP_ALL_GATHER:
        return ROUNDS_ALL_GATHER;
    case SATSYNC_GROUP_OWNER_REDUCE:
        return ROUNDS_OWNER_REDUCE;
    case SATSYNC_GROUP_CHEAPEST:
        break;
    }
    return ROUNDS_CHEAPEST;
}

static enum satsync_status open_machine(struct satsync_group *group,
                                        const struct satsync_group_options *options,
                                        struct satsync_error *error) {
    struct parameters *parameters = &group->parameters;
    uint64_t elements[PARAMETERS_FRAGMENTS];
    for (size_t i = 0; i < parameters->fragments; i++) {
        elements[i] = parameters_elements(parameters, i);
    }
    float *initial = NULL;
    if (!group->witness) {
        initial = memory_new(group->engine->allocator, parameters->elements, sizeof *initial);
        ENSURE(initial, error, SATSYNC_NO_MEMORY, "group", "out of memory");
        for (size_t i = 0; i < parameters->fragments; i++) {
            parameters_gather(parameters, i, initial + parameters->first[i]);
        }
    }
    uint64_t unix_ns = group->engine->ports.unix_ns();
    const struct rounds_options rounds = {.allocator = group->engine->allocator,
                                          .sites = options->site_count - (options->witness ? 1 : 0),
                                          .witness = options->witness != 0,
                                          .site = options->site,
                                          .seed = unix_ns ^ (options->site + 1) *
                                                                UINT64_C(0x9e3779b97f4a7c15),
                                          .incarnation = unix_ns,
                                          .fragments = parameters->fragments,
                                          .fragment_elements = elements,
                                          .initial = initial,
                                          .codec = codec_of(options->codec),
                                          .exchange = exchange_of(options->exchange),
                                          .site_bps = options->site_bps,
                                          .delay_ns = options->delay_ns,
                                          .outer_rate = (float)options->outer_rate,
                                          .outer_momentum = (float)options->outer_momentum,
                                          .inner_steps = options->inner_steps,
                                          .overlap_steps = options->overlap_steps,
                                          .collect_ns = options->collect_ns,
                                          .deadline_ns = options->deadline_ns,
                                          .port = {.keep = keep, .context = group},
                                          .promises = group->promises.data,
                                          .promises_bytes = group->promises.bytes};
    enum satsync_status status = rounds_open(&rounds, &group->rounds, error);
    memory_free(group->engine->allocator, initial);
    return status;
}

static enum satsync_status open_leader(struct satsync_group *group,
                                       const struct satsync_group_options *options,
                                       struct satsync_error *error) {
    const struct allocator *allocator = group->engine->allocator;
    group->parity = parity_open(allocator);
    ENSURE(group->parity, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    TRY(ring_init(&group->actions, PARAMETERS_FRAGMENTS + 8, sizeof(struct group_action),
                  allocator));
    TRY(ring_init(&group->events, GROUP_EVENTS, sizeof(struct satsync_group_event), allocator));
    TRY(group->engine->ports.disk_open(allocator, &group->disk, error));
    TRY(promise_file_init(&group->promises, group->disk, options->promises, allocator, error));
    TRY(open_machine(group, options, error));
    return group_loop_open(group, error);
}

static void group_free(struct job *job) {
    struct satsync_group *group = (struct satsync_group *)job;
    const struct allocator *allocator = group->engine->allocator;
    if (group->endpoint) {
        group->endpoint->ops->close(group->endpoint);
    }
    assert(!group->links);
    rounds_close(group->rounds);
    promise_file_fini(&group->promises);
    if (group->disk) {
        group->disk->ops->free(group->disk);
    }
    ring_fini(&group->events);
    ring_fini(&group->actions);
    parity_close(group->parity);
    monitor_free(group->monitor, allocator);
    memory_free(allocator, group->fetch.letter);
    memory_free(allocator, group->given);
    parameters_fini(&group->parameters);
    for (size_t i = 0; i < SATSYNC_GROUP_SITES; i++) {
        memory_free(allocator, group->peers[i].address);
    }
    memory_free(allocator, group->listen);
    memory_free(allocator, group->keys);
    memory_free(allocator, group);
}

static enum satsync_status open_rank(struct satsync_group *group,
                                     const struct satsync_group_options *options,
                                     struct satsync_error *error) {
    group->monitor = monitor_new(group->engine->allocator);
    ENSURE(group->monitor, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    TRY(copy_options(group, options, error));
    if (group->leader) {
        return open_leader(group, options, error);
    }
    group->given =
        memory_new(group->engine->allocator, group->parameters.elements, sizeof *group->given);
    ENSURE(group->given, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    return SATSYNC_OK;
}

enum satsync_status satsync_group_open(struct satsync_engine *engine,
                                       const struct satsync_group_options *given,
                                       struct satsync_group **result, struct satsync_error *error) {
    *result = NULL;
    engine_check_process(engine);
    struct satsync_group_options options;
    TRY(read_options(given, &options, error));
    ENSURE(engine->manual == (options.carrier != NULL), error, SATSYNC_UNSUPPORTED, "engine",
           engine->manual ? "over UDP a group needs a thread; open an engine that is not manual"
                          : "an emulated link has its own time; open a manual engine and poll it");
    struct satsync_group *group = memory_new(engine->allocator, 1, sizeof *group);
    ENSURE(group, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    group->engine = engine;
    group->job = (struct job){.run = group_loop_run,
                              .poll = group_loop_poll,
                              .abandon = group_loop_abandon,
                              .free = group_free,
                              .wake = group_loop_wake};
    enum satsync_status status = open_rank(group, &options, error);
    if (status != SATSYNC_OK) {
        group_free(&group->job);
        return status;
    }
    if (group->leader) {
        TRY(job_start(engine, &group->job, "satsync-group", &group->operation, error));
    }
    *result = group;
    return SATSYNC_OK;
}

void satsync_group_address(const struct satsync_group *group, char *out, size_t bytes) {
    assert(bytes > 0);
    out[0] = '\0';
    if (group->leader) {
        monitor_lock(group->monitor);
        group->endpoint->ops->local(group->endpoint, out, bytes);
        monitor_unlock(group->monitor);
    }
}

void satsync_group_close(struct satsync_group *group) {
    if (!group) {
        return;
    }
    engine_check_process(group->engine);
    if (group->operation) {
        satsync_operation_free(group->operation);
    } else {
        group_free(&group->job);
    }
}

void satsync_group_state_hash(const struct satsync_group *group,
                              uint8_t hash[SATSYNC_STATE_HASH_BYTES]) {
    struct rounds_status status = {0};
    if (group->leader) {
        monitor_lock(group->monitor);
        rounds_status(group->rounds, &status);
        monitor_unlock(group->monitor);
    } else {
        memcpy(status.hash, group->shared_hash, sizeof status.hash);
    }
    memcpy(hash, status.hash, SATSYNC_STATE_HASH_BYTES);
}

void satsync_group_stats(const struct satsync_group *group, struct satsync_group_stats *stats) {
    struct satsync_group_stats full = {.size = stats->size,
                                       .applied_steps = group->shared_applied,
                                       .leader = UINT32_MAX,
                                       .waited_ns = group->waited_ns,
                                       .ticked_ns = group->ticked_ns};
    if (group->leader) {
        struct rounds_status status;
        monitor_lock(group->monitor);
        rounds_status(group->rounds, &status);
        full.applied_steps = status.applied;
        full.decided_steps = status.decided;
        full.late_steps = group->late_steps;
        full.fetched_states = group->fetched_states;
        full.sent_bytes = status.sent_bytes;
        full.received_bytes = status.received_bytes;
        full.wire_bytes = group->wire_bytes;
        full.present = status.present;
        full.missing = status.missing;
        full.behind = status.behind;
        full.leader = status.leader == SIZE_MAX ? UINT32_MAX : (uint32_t)status.leader;
        full.exchange = status.exchange;
        full.summed_steps = status.summed;
        for (const struct group_link *link = group->links; link; link = link->next) {
            full.wire_bytes += link->wire_bytes;
        }
        monitor_unlock(group->monitor);
    }
    memcpy(stats, &full, stats->size < sizeof full ? stats->size : sizeof full);
}

enum satsync_status satsync_group_next(struct satsync_group *group,
                                       struct satsync_group_event *event) {
    if (!group->leader) {
        return SATSYNC_AGAIN;
    }
    monitor_lock(group->monitor);
    bool got = ring_pop(&group->events, event);
    monitor_unlock(group->monitor);
    return got ? SATSYNC_OK : SATSYNC_AGAIN;
}
