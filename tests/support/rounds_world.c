#include "support/rounds_world.h"

#include "base/timers.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static void breach(struct rounds_world *world, size_t site, const char *what, uint64_t step) {
    if (world->breach[0] == 0) {
        snprintf(world->breach, sizeof world->breach, "%.3f s: site %zu, step %llu: %s",
                 (double)world->now_ns / 1e9, site, (unsigned long long)step, what);
    }
}

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    struct world_memory *memory = context;
    memcpy(memory->data, data, bytes);
    memory->bytes = bytes;
    return SATSYNC_OK;
}

void rounds_world_train(const struct rounds_world_plan *plan, size_t site, uint64_t inner,
                        uint64_t elements, float *local) {
    struct random random = random_of(plan->seed, 1000 * (site + 1) + inner);
    for (uint64_t i = 0; i < elements; i++) {
        float move = (float)(int32_t)random_u32(&random) / 2147483648.0f;
        local[i] = local[i] * 0.999f + 0.01f * move;
    }
}

static bool is_site(const struct rounds_world *world, size_t node) {
    return node < world->plan.sites;
}

static void open_rounds(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node];
    const struct rounds_world_plan *plan = &world->plan;
    struct rounds_options options = {.sites = plan->sites,
                                     .witness = plan->witness,
                                     .site = node,
                                     .now_ns = world->now_ns,
                                     .seed = plan->seed + world->now_ns,
                                     .incarnation = world->now_ns,
                                     .fragments = plan->fragments,
                                     .fragment_elements = plan->fragment_elements,
                                     .initial = world->initial,
                                     .codec = plan->codec,
                                     .exchange = plan->exchange,
                                     .site_bps = 1000000,
                                     .delay_ns = plan->delay_to_ns,
                                     .outer_rate = plan->rate,
                                     .outer_momentum = plan->momentum,
                                     .inner_steps = plan->inner_steps,
                                     .overlap_steps = plan->overlap_steps,
                                     .collect_ns = plan->collect_ns,
                                     .deadline_ns = plan->deadline_ns,
                                     .port = {keep, &site->promises}};
    if (site->promises.bytes > 0) {
        options.promises = site->promises.data;
        options.promises_bytes = site->promises.bytes;
    }
    struct satsync_error error;
    if (rounds_open(&options, &site->rounds, &error) != SATSYNC_OK) {
        fail_msg("%s", error.message);
    }
    site->next_inner_ns = world->now_ns;
}

void rounds_world_open(struct rounds_world *world, const struct rounds_world_plan *plan) {
    memset(world, 0, sizeof *world);
    world->plan = *plan;
    world->nodes = plan->sites + plan->witness;
    world->random = random_of(plan->seed, 7);
    world->now_ns = 1000 * MS;
    world->stop_at = UINT64_MAX;
    for (size_t f = 0; f < plan->fragments; f++) {
        world->elements += plan->fragment_elements[f];
    }
    world->initial = calloc((size_t)world->elements, sizeof(float));
    assert_non_null(world->initial);
    struct random random = random_of(plan->seed, 8);
    for (uint64_t i = 0; i < world->elements; i++) {
        world->initial[i] = (float)(int32_t)random_u32(&random) / 2147483648.0f;
    }
    for (size_t i = 0; i < world->nodes; i++) {
        size_t bytes = (size_t)world->elements * sizeof(float);
        world->site[i].fetch_at_ns = TIME_NEVER;
        world->site[i].local = malloc(bytes);
        world->site[i].saved_local = malloc(bytes);
        assert_true(world->site[i].local && world->site[i].saved_local);
        memcpy(world->site[i].local, world->initial, bytes);
        open_rounds(world, i);
    }
    for (size_t a = 0; a < world->nodes; a++) {
        for (size_t b = 0; b < a; b++) {
            rounds_world_mend(world, a, b);
        }
    }
}

void rounds_world_close(struct rounds_world *world) {
    for (size_t i = 0; i < world->nodes; i++) {
        rounds_close(world->site[i].rounds);
        free(world->site[i].local);
        free(world->site[i].saved_local);
        for (size_t k = 0; k < ROUNDS_BLOBS; k++) {
            free(world->site[i].saved[k]);
        }
    }
    while (world->flights > 0) {
        free(world->flight[--world->flights].data);
    }
    free(world->initial);
}

/* The network. */

static uint64_t draw_delay(struct rounds_world *world) {
    uint64_t span = world->plan.delay_to_ns - world->plan.delay_from_ns + 1;
    return world->plan.delay_from_ns + random_below(&world->random, span);
}

static void collect(struct rounds_world *world, size_t from) {
    struct rounds_message message;
    for (size_t to = 0; to < world->nodes; to++) {
        while (to != from && rounds_send(world->site[from].rounds, to, &message)) {
            assert_true(world->flights < WORLD_FLIGHTS);
            struct world_flight flight = {.from = from,
                                          .to = to,
                                          .session = world->session[from][to],
                                          .bytes = message.bytes,
                                          .data = malloc(message.bytes)};
            assert_non_null(flight.data);
            memcpy(flight.data, message.data, message.bytes);
            uint64_t leaves = world->cut_until_ns[from][to] > world->now_ns
                                  ? world->cut_until_ns[from][to]
                                  : world->now_ns;
            flight.at_ns = leaves + draw_delay(world);
            world->flight[world->flights++] = flight;
            rounds_returned(world->site[from].rounds, message.cookie);
        }
    }
}

static bool can_act(const struct rounds_world *world, size_t node) {
    return world->site[node].rounds && world->site[node].frozen_until_ns <= world->now_ns;
}

static void deliver(struct rounds_world *world) {
    for (size_t k = 0; k < world->flights;) {
        struct world_flight flight = world->flight[k];
        bool is_gone = flight.session != world->session[flight.from][flight.to];
        if (!is_gone && (flight.at_ns > world->now_ns || !can_act(world, flight.to))) {
            k++;
            continue;
        }
        world->flight[k] = world->flight[--world->flights];
        if (!is_gone && rounds_recv(world->site[flight.to].rounds, world->now_ns, flight.from,
                                    flight.data, flight.bytes) != SATSYNC_OK) {
            breach(world, flight.to, "a message was refused", 0);
        }
        free(flight.data);
    }
}

void rounds_world_break(struct rounds_world *world, size_t a, size_t b) {
    if (world->session[a][b] % 2 == 0) {
        return;
    }
    world->session[a][b]++;
    world->session[b][a]++;
    for (int turn = 0; turn < 2; turn++) {
        if (world->site[a].rounds) {
            rounds_peer_down(world->site[a].rounds, world->now_ns, b);
        }
        size_t other = a;
        a = b;
        b = other;
    }
}

void rounds_world_mend(struct rounds_world *world, size_t a, size_t b) {
    if (world->session[a][b] % 2 == 1 || !world->site[a].rounds || !world->site[b].rounds) {
        return;
    }
    world->session[a][b]++;
    world->session[b][a]++;
    rounds_peer_up(world->site[a].rounds, world->now_ns, b);
    rounds_peer_up(world->site[b].rounds, world->now_ns, a);
}

/* A site. */

static void save(struct rounds_world *world, struct world_site *site) {
    struct rounds_blob blobs[ROUNDS_BLOBS];
    rounds_blobs(site->rounds, blobs);
    for (size_t i = 0; i < ROUNDS_BLOBS; i++) {
        free(site->saved[i]);
        site->saved[i] = malloc(blobs[i].bytes);
        assert_non_null(site->saved[i]);
        memcpy(site->saved[i], blobs[i].data, blobs[i].bytes);
        site->saved_bytes[i] = blobs[i].bytes;
    }
    memcpy(site->saved_local, site->local, (size_t)world->elements * sizeof(float));
    site->has_saved = true;
}

static void take_hash(struct rounds_world *world, size_t node, const struct rounds_event *event) {
    if (event->step >= WORLD_STEPS) {
        return;
    }
    if (world->has_hash[event->step] &&
        memcmp(world->hash[event->step], event->hash, ROUNDS_HASH_BYTES) != 0) {
        breach(world, node, "other bits than another site", event->step);
    }
    world->has_hash[event->step] = true;
    memcpy(world->hash[event->step], event->hash, ROUNDS_HASH_BYTES);
    world->newest = event->step > world->newest ? event->step : world->newest;
}

static void take_decision(struct rounds_world *world, size_t node,
                          const struct rounds_event *event) {
    if (event->step >= WORLD_STEPS) {
        return;
    }
    bool is_known = world->members[event->step] != 0;
    if (event->sites == 0) { /* nobody may have taken it with members: its hash would differ */
        world->voids += !world->is_void[event->step];
        world->is_void[event->step] = true;
    } else if (is_known && world->members[event->step] != event->sites) {
        breach(world, node, "another membership than elsewhere", event->step);
    } else {
        world->members[event->step] = event->sites;
    }
    world->decided = event->step > world->decided ? event->step : world->decided;
    for (size_t i = 0; i < world->plan.sites; i++) {
        struct world_site *site = &world->site[i];
        if ((event->sites >> i & 1) && event->step > site->last_member) {
            site->last_member = event->step;
        }
    }
}

static uint64_t start_of(const struct rounds_world *world, size_t fragment) {
    uint64_t start = 0;
    for (size_t f = 0; f < fragment; f++) {
        start += world->plan.fragment_elements[f];
    }
    return start;
}

static void give(struct rounds_world *world, size_t node, const struct rounds_event *event) {
    struct world_site *site = &world->site[node];
    struct satsync_error error;
    enum satsync_status status =
        rounds_give(site->rounds, world->now_ns, event->fragment,
                    site->local + start_of(world, event->fragment), &error);
    site->given_ns = world->now_ns;
    site->is_late = false;
    if (status != SATSYNC_OK && status != SATSYNC_AGAIN) {
        breach(world, node, error.message, event->step);
    }
}

static void apply(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node];
    site->is_late = false;
    for (size_t f = 0; f < world->plan.fragments; f++) {
        if (rounds_apply(site->rounds, world->now_ns, f, site->local + start_of(world, f)) !=
            SATSYNC_OK) {
            breach(world, node, "READY, and nothing to apply", 0);
        }
    }
}

static void take_event(struct rounds_world *world, size_t node, const struct rounds_event *event) {
    struct world_site *site = &world->site[node];
    switch (event->kind) {
    case ROUNDS_EVENT_GIVE:
        give(world, node, event);
        return;
    case ROUNDS_EVENT_READY:
        site->is_ready = site->holds_ready;
        if (!site->holds_ready) {
            apply(world, node);
        }
        return;
    case ROUNDS_EVENT_APPLIED:
        take_hash(world, node, event);
        save(world, site);
        return;
    case ROUNDS_EVENT_DECIDED:
        take_decision(world, node, event);
        return;
    case ROUNDS_EVENT_LATE:
        site->is_late = true;
        return;
    case ROUNDS_EVENT_FETCH:
        site->fetches++;
        site->fetch_from = event->peer;
        site->fetch_at_ns = world->now_ns + 500 * MS + random_below(&world->random, 2000 * MS);
        return;
    case ROUNDS_EVENT_REFUSED:
        site->refused++;
        return;
    case ROUNDS_EVENT_DIVERGED:
        breach(world, node, "a site has diverged", event->step);
        return;
    case ROUNDS_EVENT_FAILED:
        breach(world, node, "promises not kept", event->step);
        return;
    }
}

static void adopt(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node], *from = &world->site[site->fetch_from];
    site->fetch_at_ns = TIME_NEVER;
    if (!can_act(world, site->fetch_from)) {
        return;
    }
    struct rounds_blob blobs[ROUNDS_BLOBS], sent[ROUNDS_BLOBS - 1];
    rounds_blobs(from->rounds, blobs);
    for (size_t i = 0, k = 0; i < ROUNDS_BLOBS; i++) {
        if (strcmp(blobs[i].name, "rounds.error") != 0) {
            sent[k++] = blobs[i];
        }
    }
    struct satsync_error error;
    enum satsync_status status =
        rounds_adopt(site->rounds, world->now_ns, sent, ROUNDS_BLOBS - 1, &error);
    if (status != SATSYNC_OK && status != SATSYNC_CONFLICT) {
        breach(world, node, error.message, 0);
    }
}

static void train(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node];
    site->inner++;
    rounds_world_train(&world->plan, node, site->inner, world->elements, site->local);
    rounds_tick(site->rounds, world->now_ns, site->inner);
    uint64_t each = world->plan.inner_ns + world->plan.inner_ns * node / 100;
    site->next_inner_ns = world->now_ns + each;
}

static bool may_train(const struct rounds_world *world, size_t node) {
    struct rounds_status status;
    rounds_status(world->site[node].rounds, &status);
    return is_site(world, node) && !world->site[node].is_waiting && status.applied < world->stop_at;
}

static void act(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node];
    struct rounds_event event;
    rounds_run(site->rounds, world->now_ns);
    if (site->fetch_at_ns <= world->now_ns) {
        adopt(world, node);
    }
    if (site->is_ready && !site->holds_ready) {
        site->is_ready = false;
        apply(world, node);
    }
    if (may_train(world, node) && site->next_inner_ns <= world->now_ns) {
        train(world, node);
    }
    while (rounds_event(site->rounds, &event)) {
        take_event(world, node, &event);
    }
    site->is_waiting = rounds_is_due(site->rounds) && !site->is_late;
    if (site->is_waiting && world->now_ns > site->given_ns + world->plan.deadline_ns + 200 * MS &&
        site->frozen_until_ns + 200 * MS < world->now_ns) {
        breach(world, node, "waits beyond its deadline", 0);
    }
    collect(world, node);
}

static uint64_t next_ns(const struct rounds_world *world) {
    uint64_t next = TIME_NEVER;
    for (size_t i = 0; i < world->nodes; i++) {
        const struct world_site *site = &world->site[i];
        if (!site->rounds) {
            continue;
        }
        uint64_t at = rounds_next_timeout(site->rounds);
        at = site->fetch_at_ns < at ? site->fetch_at_ns : at;
        at = may_train(world, i) && site->next_inner_ns < at ? site->next_inner_ns : at;
        at = site->frozen_until_ns > at ? site->frozen_until_ns : at;
        next = at < next ? at : next;
    }
    for (size_t k = 0; k < world->flights; k++) {
        const struct world_flight *flight = &world->flight[k];
        uint64_t wake = world->site[flight->to].frozen_until_ns;
        uint64_t at = flight->at_ns > wake ? flight->at_ns : wake;
        next = world->site[flight->to].rounds && at < next ? at : next;
    }
    return next;
}

static void step(struct rounds_world *world, uint64_t limit_ns) {
    uint64_t next = next_ns(world);
    next = next < limit_ns ? next : limit_ns;
    world->now_ns = next > world->now_ns ? next : world->now_ns;
    deliver(world);
    for (size_t i = 0; i < world->nodes; i++) {
        if (can_act(world, i)) {
            act(world, i);
        }
    }
}

void rounds_world_run_until(struct rounds_world *world, uint64_t now_ns) {
    while (world->now_ns < now_ns && world->breach[0] == 0) {
        step(world, now_ns);
    }
}

static bool all_have(const struct rounds_world *world, uint64_t wanted) {
    for (size_t i = 0; i < world->plan.sites; i++) {
        struct rounds_status status = {.applied = wanted};
        if (world->site[i].rounds) {
            rounds_status(world->site[i].rounds, &status);
        }
        if (status.applied < wanted) {
            return false;
        }
    }
    return true;
}

bool rounds_world_run_to_step(struct rounds_world *world, uint64_t wanted, uint64_t limit_ns) {
    while (world->breach[0] == 0 && world->now_ns < limit_ns && !all_have(world, wanted)) {
        step(world, limit_ns);
    }
    return world->breach[0] == 0 && all_have(world, wanted);
}

/* Faults. */

void rounds_world_kill(struct rounds_world *world, size_t node) {
    if (!world->site[node].rounds) {
        return;
    }
    for (size_t i = 0; i < world->nodes; i++) {
        if (i != node) {
            rounds_world_break(world, node, i);
        }
    }
    rounds_close(world->site[node].rounds);
    world->site[node].rounds = NULL;
    world->site[node].is_waiting = world->site[node].is_late = false;
    world->site[node].fetch_at_ns = TIME_NEVER;
}

static void restore(struct rounds_world *world, struct world_site *site) {
    struct rounds_blob blobs[ROUNDS_BLOBS];
    rounds_blobs(site->rounds, blobs); /* for the names */
    for (size_t i = 0; i < ROUNDS_BLOBS; i++) {
        blobs[i].data = site->saved[i];
        blobs[i].bytes = site->saved_bytes[i];
    }
    struct satsync_error error;
    if (rounds_adopt(site->rounds, world->now_ns, blobs, ROUNDS_BLOBS, &error) != SATSYNC_OK) {
        fail_msg("%s", error.message);
    }
}

void rounds_world_start(struct rounds_world *world, size_t node) {
    struct world_site *site = &world->site[node];
    if (site->rounds) {
        return;
    }
    open_rounds(world, node);
    if (site->has_saved) {
        memcpy(site->local, site->saved_local, (size_t)world->elements * sizeof(float));
        restore(world, site);
    }
    for (size_t i = 0; i < world->nodes; i++) {
        if (i != node) {
            rounds_world_mend(world, node, i);
        }
    }
}

void rounds_world_freeze(struct rounds_world *world, size_t node, uint64_t until_ns) {
    world->site[node].frozen_until_ns = until_ns;
}

void rounds_world_cut(struct rounds_world *world, size_t a, size_t b, uint64_t until_ns) {
    world->cut_until_ns[a][b] = world->cut_until_ns[b][a] = until_ns;
    for (size_t k = 0; k < world->flights; k++) { /* what was under way waits too */
        struct world_flight *flight = &world->flight[k];
        bool hit = (flight->from == a && flight->to == b) || (flight->from == b && flight->to == a);
        if (hit && flight->at_ns < until_ns) {
            flight->at_ns = until_ns + draw_delay(world);
        }
    }
}
