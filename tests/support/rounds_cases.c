#include "support/rounds_cases.h"

#include "base/timers.h"
#include "rounds/exchange.h"

#include "support/cmocka.h"
#include "support/rounds_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

static bool tell(char *text, const char *what, const struct rounds_world *world) {
    snprintf(text, ROUNDS_CASE_TEXT, "%s (now %.3f s, newest step %llu, decided %llu)",
             world->breach[0] ? world->breach : what, (double)world->now_ns / 1e9,
             (unsigned long long)world->newest, (unsigned long long)world->decided);
    return false;
}

struct rounds_world_plan rounds_case_plan(size_t sites) {
    return (struct rounds_world_plan){.seed = 1,
                                      .sites = sites,
                                      .codec = QUANTISE_INT8,
                                      .exchange = ROUNDS_ALL_GATHER,
                                      .fragments = 2,
                                      .fragment_elements = {300, 70},
                                      .inner_steps = 5,
                                      .inner_ns = 100 * MS,
                                      .delay_from_ns = 20 * MS,
                                      .delay_to_ns = 60 * MS,
                                      .collect_ns = 3000 * MS,
                                      .deadline_ns = 5000 * MS,
                                      .rate = 0.7f,
                                      .momentum = 0.9f};
}

/* Bits. */

static struct rounds_world_plan draw_plan(struct random *random, uint64_t seed) {
    struct rounds_world_plan plan = {.seed = seed,
                                     .sites = 2 + (size_t)random_below(random, 4),
                                     .witness = random_below(random, 4) == 0,
                                     .codec = QUANTISE_FP32 + (int)random_below(random, 3),
                                     .fragments = 1 + (size_t)random_below(random, 5),
                                     .inner_steps = 2 + random_below(random, 12),
                                     .inner_ns = (1 + random_below(random, 100)) * MS,
                                     .collect_ns = 60000 * MS,
                                     .deadline_ns = 90000 * MS,
                                     .rate = 0.1f * (float)(1 + random_below(random, 10)),
                                     .momentum = 0.1f * (float)(1 + random_below(random, 9))};
    for (size_t f = 0; f < plan.fragments; f++) {
        plan.fragment_elements[f] = 1 + random_below(random, 700);
    }
    plan.overlap_steps = random_below(random, 2) ? random_below(random, plan.inner_steps) : 0;
    plan.delay_from_ns = random_below(random, 50) * MS;
    plan.delay_to_ns = plan.delay_from_ns + random_below(random, 400) * MS;
    return plan;
}

static bool compare(struct rounds_world *world, uint64_t steps, char *text) {
    size_t bytes = (size_t)world->elements * sizeof(float);
    float *agreed = malloc(bytes), *local[ROUNDS_SITES_MAX];
    for (size_t i = 0; i < world->plan.sites; i++) {
        local[i] = malloc(bytes);
    }
    rounds_oracle(&world->plan, world->initial, steps, agreed, local);
    bool same = true;
    for (size_t i = 0; i < world->plan.sites; i++) {
        same = same && memcmp(rounds_agreed(world->site[i].rounds, 0), agreed, bytes) == 0 &&
               memcmp(world->site[i].local, local[i], bytes) == 0;
        free(local[i]);
    }
    free(agreed);
    return same || tell(text, "other bits than the oracle", world);
}

bool rounds_case_bits(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]) {
    static struct rounds_world world;
    struct random random = random_of(seed, 0xb175);
    struct rounds_world_plan plan = draw_plan(&random, seed);
    plan.exchange = exchange;
    uint64_t steps = 2 + random_below(&random, 4);
    rounds_world_open(&world, &plan);
    world.stop_at = steps;
    bool good = rounds_world_run_to_step(&world, steps, 600000 * MS);
    if (!good) {
        tell(text, "did not finish", &world);
    } else {
        snprintf(text, ROUNDS_CASE_TEXT, "%zu-sites-%s-%s", plan.sites, quantise_name(plan.codec),
                 exchange_name(plan.exchange));
        good = compare(&world, steps, text);
    }
    rounds_world_close(&world);
    return good;
}

/* Faults. */

enum fault { FAULT_KILL, FAULT_FREEZE, FAULT_BLACKHOLE, FAULT_PARTITION, FAULTS };

static const char *const fault_names[] = {"kill", "freeze", "blackhole", "partition"};

struct fault_case {
    enum fault fault;
    size_t victim;
    uint64_t from_ns;
    uint64_t to_ns;
};

static void strike(struct rounds_world *world, const struct fault_case *fault) {
    size_t victim = fault->victim;
    switch (fault->fault) {
    case FAULT_KILL:
        rounds_world_kill(world, victim);
        return;
    case FAULT_FREEZE:
        rounds_world_freeze(world, victim, fault->to_ns);
        return;
    case FAULT_BLACKHOLE:
        for (size_t i = 0; i < world->nodes; i++) {
            if (i != victim) {
                rounds_world_cut(world, victim, i, fault->to_ns);
            }
        }
        return;
    default:
        for (size_t i = 0; i < world->nodes; i++) {
            if (i != victim) {
                rounds_world_break(world, victim, i);
            }
        }
        return;
    }
}

static void heal(struct rounds_world *world, const struct fault_case *fault) {
    if (fault->fault == FAULT_KILL) {
        rounds_world_start(world, fault->victim);
    }
    for (size_t i = 0; i < world->nodes; i++) {
        if (i != fault->victim) {
            rounds_world_mend(world, fault->victim, i);
        }
    }
}

/* Of the timing, too, so that faults fall into every part of a step. */
static void quicken(struct rounds_world_plan *plan, struct random *random) {
    plan->inner_steps = 4 + random_below(random, 4);
    plan->overlap_steps %= plan->inner_steps;
    plan->inner_ns = (50 + random_below(random, 200)) * MS;
    plan->collect_ns = 2000 * MS;
    plan->deadline_ns = 4000 * MS;
    plan->delay_from_ns = (1 + random_below(random, 20)) * MS;
    plan->delay_to_ns = plan->delay_from_ns + random_below(random, 200) * MS;
}

static struct fault_case draw_fault(struct rounds_world *world, struct random *random) {
    struct fault_case fault = {.fault = (enum fault)random_below(random, FAULTS)};
    struct rounds_status status;
    rounds_status(world->site[0].rounds, &status);
    bool takes_leader = random_below(random, 3) == 0 && status.leader < world->nodes;
    fault.victim = takes_leader ? status.leader : (size_t)random_below(random, world->nodes);
    uint64_t lasts_ms = fault.fault == FAULT_FREEZE ? 20000 : 60000;
    lasts_ms = fault.fault == FAULT_KILL ? 500 + random_below(random, 30000) : lasts_ms;
    fault.from_ns = world->now_ns;
    fault.to_ns = world->now_ns + lasts_ms * MS;
    return fault;
}

/* The step under way when the healed site has caught up may be decided without it, for it has to
 * train before it can give; the next one holds its contribution. */
static bool comes_back(struct rounds_world *world, const struct fault_case *fault, char *text) {
    struct world_site *site = &world->site[fault->victim];
    uint64_t limit = world->now_ns + 120000 * MS, ready_step = world->decided;
    while (world->now_ns < limit && world->breach[0] == 0) {
        struct rounds_status status;
        rounds_status(site->rounds, &status);
        bool behind = site->fetch_at_ns != TIME_NEVER || status.applied + 1 < world->newest;
        ready_step = behind ? world->decided : ready_step;
        if (site->last_member > ready_step) {
            return site->last_member <= ready_step + 2 ||
                   tell(text, "the healed site came back late", world);
        }
        if (!behind && world->decided > ready_step + 1) {
            return tell(text, "the healed site is not counted", world);
        }
        rounds_world_run_until(world, world->now_ns + 50 * MS);
    }
    return tell(text, "the healed site does not come back", world);
}

static bool run_fault(struct rounds_world *world, struct random *random, char *text) {
    rounds_world_run_until(world, (5000 + random_below(random, 10000)) * MS);
    struct fault_case fault = draw_fault(world, random);
    bool has_leader_fault = false;
    struct rounds_status status;
    rounds_status(world->site[fault.victim].rounds, &status);
    has_leader_fault = status.leader == fault.victim;
    uint64_t before = world->decided;
    snprintf(text, ROUNDS_CASE_TEXT, "%s-%s%s%s", exchange_name(world->plan.exchange),
             fault_names[fault.fault], has_leader_fault ? "-leader" : "",
             fault.victim == world->plan.sites ? "-witness" : "");
    strike(world, &fault);
    rounds_world_run_until(world, fault.to_ns);
    uint64_t during = world->decided;
    heal(world, &fault);
    if (fault.to_ns - fault.from_ns >= 20000 * MS && during < before + 2) {
        return tell(text, "the others stood still during the fault", world);
    }
    if (fault.victim < world->plan.sites && !comes_back(world, &fault, text)) {
        return false;
    }
    return rounds_world_run_to_step(world, world->decided + 2, world->now_ns + 120000 * MS) ||
           tell(text, "no more steps after the fault", world);
}

bool rounds_case_fault(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]) {
    static struct rounds_world world;
    struct random random = random_of(seed, 0xfa17);
    struct rounds_world_plan plan = draw_plan(&random, seed);
    plan.exchange = exchange;
    plan.witness = random_below(&random, 3) == 0;
    plan.sites = plan.witness ? 2 : 3;
    quicken(&plan, &random);
    rounds_world_open(&world, &plan);
    bool good = run_fault(&world, &random, text);
    rounds_world_close(&world);
    return good;
}

/* Many faults. */

static void disturb(struct rounds_world *world, struct random *random) {
    size_t a = (size_t)random_below(random, world->nodes);
    size_t b = (a + 1 + (size_t)random_below(random, world->nodes - 1)) % world->nodes;
    uint64_t until_ns = world->now_ns + random_below(random, 15000) * MS;
    switch (random_below(random, 7)) {
    case 0:
        rounds_world_kill(world, a);
        return;
    case 1:
    case 2:
        rounds_world_start(world, a);
        return;
    case 3:
        rounds_world_freeze(world, a, until_ns);
        return;
    case 4:
        rounds_world_cut(world, a, b, until_ns);
        return;
    case 5:
        rounds_world_break(world, a, b);
        return;
    default:
        rounds_world_mend(world, a, b);
        return;
    }
}

static void heal_all(struct rounds_world *world) {
    for (size_t i = 0; i < world->nodes; i++) {
        rounds_world_start(world, i);
        rounds_world_freeze(world, i, 0);
        for (size_t k = 0; k < i; k++) {
            rounds_world_cut(world, i, k, 0);
            rounds_world_mend(world, i, k);
        }
    }
}

static bool ends_together(struct rounds_world *world, char *text) {
    uint32_t everybody = (1u << world->plan.sites) - 1;
    uint64_t limit = world->now_ns + 200000 * MS;
    while (world->now_ns < limit && world->breach[0] == 0) {
        rounds_world_run_until(world, world->now_ns + 500 * MS);
        uint64_t last = world->decided;
        if (last > 2 && world->members[last] == everybody &&
            world->members[last - 1] == everybody) {
            return rounds_world_run_to_step(world, last + 2, limit) ||
                   tell(text, "no more steps", world);
        }
    }
    return tell(text, "sites do not come together again", world);
}

bool rounds_case_chaos(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]) {
    static struct rounds_world world;
    struct random random = random_of(seed, 0xc405);
    struct rounds_world_plan plan = draw_plan(&random, seed);
    plan.exchange = exchange;
    plan.sites = 2 + (size_t)random_below(&random, 3);
    plan.witness = plan.sites == 2 || random_below(&random, 3) == 0;
    quicken(&plan, &random);
    rounds_world_open(&world, &plan);
    for (size_t turn = 0; turn < 25 && world.breach[0] == 0; turn++) {
        rounds_world_run_until(&world, world.now_ns + random_below(&random, 4000) * MS);
        disturb(&world, &random);
    }
    heal_all(&world);
    bool good = ends_together(&world, text);
    if (good) {
        snprintf(text, ROUNDS_CASE_TEXT, "%s-%zu-sites%s%s", exchange_name(exchange), plan.sites,
                 plan.witness ? "-witness" : "", world.voids ? "-void" : "");
    }
    rounds_world_close(&world);
    return good;
}
