#include "bench/outer_step.h"

#include "base/check.h"
#include "base/random.h"
#include "bench/outer_site.h"
#include "codec/parity.h"
#include "sim-link/net_sim.h"
#include "sim-link/profile.h"

#include <string.h>

enum { FRAGMENTS = 4, WARM_STEPS = 1, TRAINED_STEPS = 4 };
#define GIVE_UP_NS (600 * UINT64_C(1000000000))

struct outer {
    const struct scenario *scenario;
    struct profile profile;
    struct net_sim *world;
    struct outer_site site[OUTER_SITES];
    uint64_t fragment_elements[FRAGMENTS];
    uint64_t elements;
    uint64_t coded_bytes;
    float *local[OUTER_SITES];
    struct parity *parity;
};

/* As many values as make a contribution of the scenario's bytes. */
static void size_model(struct outer *outer) {
    enum quantise_codec codec = outer->scenario->values;
    uint64_t unit = quantise_bytes(codec, QUANTISE_BLOCK);
    uint64_t blocks = outer->scenario->bytes / unit;
    for (size_t f = 0; f < FRAGMENTS; f++) {
        uint64_t share = blocks / FRAGMENTS + (f < blocks % FRAGMENTS);
        outer->fragment_elements[f] = (share ? share : 1) * QUANTISE_BLOCK;
        outer->elements += outer->fragment_elements[f];
        outer->coded_bytes += quantise_bytes(codec, outer->fragment_elements[f]);
    }
}

static enum satsync_status open_links(struct outer *outer, uint64_t seed,
                                      struct satsync_error *error) {
    TRY(profile_parse(outer->scenario->link, &outer->profile, error));
    const struct net_sim_options options = {.seed = seed,
                                            .start_ns = outer->profile.start_ns + 1000000,
                                            .payload_bytes_limit =
                                                profile_payload_bytes(&outer->profile)};
    TRY(net_sim_open(&options, &outer->world, error));
    for (size_t i = 0; i < OUTER_SITES; i++) {
        struct net *net;
        TRY(net_sim_add(outer->world, &net, error));
    }
    for (size_t a = 0; a < OUTER_SITES; a++) {
        for (size_t b = a + 1; b < OUTER_SITES; b++) {
            const struct net_sim_join join = {
                .a = a, .b = b, .there = &outer->profile.there, .back = &outer->profile.back};
            TRY(net_sim_join(outer->world, &join, NULL, error));
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status open_sites(struct outer *outer, uint64_t seed,
                                      struct satsync_error *error) {
    for (size_t i = 0; i < OUTER_SITES; i++) {
        outer->local[i] = memory_new(NULL, (size_t)outer->elements, sizeof(float));
        ENSURE(outer->local[i], error, SATSYNC_NO_MEMORY, NULL, "no memory for the model");
        bool told = outer->scenario->controller == CONTROLLER_RATED;
        const struct outer_site_options options = {
            .number = i,
            .net = net_sim_take(outer->world, i),
            .parity = outer->parity,
            .seed = seed,
            .rate_bps = told ? outer->profile.there.rate_bps : 0,
            .site_bps = (OUTER_SITES - 1) * outer->profile.there.rate_bps,
            .delay_ns = outer->profile.rtt_ns / 2,
            .codec = outer->scenario->values,
            .fragments = FRAGMENTS,
            .fragment_elements = outer->fragment_elements,
            .local = outer->local[i],
            .inner_steps = outer->scenario->inner_steps,
            .overlap_steps = outer->scenario->overlap_steps,
            .inner_ns = outer->scenario->inner_ns,
            .now_ns = net_sim_now_ns(outer->world)};
        TRY(outer_site_open(&outer->site[i], &options, error));
    }
    return SATSYNC_OK;
}

static void close_all(struct outer *outer) {
    for (size_t i = 0; i < OUTER_SITES; i++) {
        outer_site_close(&outer->site[i]);
        memory_free(NULL, outer->local[i]);
    }
    if (outer->world) {
        net_sim_close(outer->world);
    }
    parity_close(outer->parity);
}

static bool turn(struct outer *outer) {
    bool good = true;
    for (size_t i = 0; i < OUTER_SITES; i++) {
        outer_site_pump(&outer->site[i]);
        good = good && !outer->site[i].is_wrong;
    }
    return good && net_sim_advance(outer->world);
}

static bool connect_all(struct outer *outer) {
    uint64_t limit = net_sim_now_ns(outer->world) + GIVE_UP_NS;
    while (turn(outer) && net_sim_now_ns(outer->world) < limit) {
        bool all = true;
        for (size_t i = 0; i < OUTER_SITES; i++) {
            all = all && outer_site_is_connected(&outer->site[i]);
        }
        if (all) {
            return true;
        }
    }
    return false;
}

/* Something that takes as many bits as real differences do. */
static void train(struct outer *outer, uint64_t seed, uint64_t step) {
    for (size_t i = 0; i < OUTER_SITES; i++) {
        struct random random = random_of(seed, 100 * step + i);
        for (uint64_t k = 0; k < outer->elements; k++) {
            outer->local[i][k] += (float)(int32_t)random_u32(&random) / 1e12f;
        }
        outer_site_train(&outer->site[i]);
    }
}

/* Until the last site has applied `step`, which is *end_ns. */
static bool run_to(struct outer *outer, uint64_t step, uint64_t *end_ns) {
    uint64_t start_ns = net_sim_now_ns(outer->world);
    bool done = false;
    *end_ns = start_ns;
    while (!done && turn(outer) && net_sim_now_ns(outer->world) < start_ns + GIVE_UP_NS) {
        done = true;
        for (size_t i = 0; i < OUTER_SITES; i++) {
            done = done && outer->site[i].applied == step;
            uint64_t applied_ns = outer->site[i].applied_ns;
            *end_ns = applied_ns > *end_ns ? applied_ns : *end_ns;
        }
    }
    return done;
}

/* From all sites' giving until the last has applied. */
static bool run_step(struct outer *outer, uint64_t seed, uint64_t step, uint64_t *time_ns) {
    uint64_t start_ns = net_sim_now_ns(outer->world), end_ns;
    train(outer, seed, step);
    bool done = run_to(outer, step, &end_ns);
    *time_ns = end_ns - start_ns;
    return done;
}

/* From outer step to outer step of sites that train by themselves; the exchange's bound is beside.
 */
static bool run_training(struct outer *outer, uint64_t *time_ns) {
    uint64_t start_ns, end_ns;
    for (size_t i = 0; i < OUTER_SITES; i++) {
        outer_site_begin(&outer->site[i]);
    }
    bool done =
        run_to(outer, WARM_STEPS, &start_ns) && run_to(outer, WARM_STEPS + TRAINED_STEPS, &end_ns);
    *time_ns = done ? (end_ns - start_ns) / TRAINED_STEPS : 0;
    return done;
}

static bool is_same_state(const struct outer *outer) {
    struct rounds_status status[OUTER_SITES];
    bool same = true;
    for (size_t i = 0; i < OUTER_SITES; i++) {
        rounds_status(outer->site[i].rounds, &status[i]);
        same = same && memcmp(status[i].hash, status[0].hash, ROUNDS_HASH_BYTES) == 0;
    }
    return same;
}

static bool is_reduced(const struct outer *outer) {
    struct rounds_status status;
    rounds_status(outer->site[0].rounds, &status);
    return strcmp(status.exchange, "owner-reduce") == 0;
}

/* Of the exchange that was chosen, for V bits of a contribution and u bits a second of a site, n -
 * 1 times a link's. All-gather: (n - 1) V / u + D. Owner-reduce: with equal shares each link
 * carries one of V / n and one of the sum's, (n - 1) / n (V + S) / u + 2 D, which for fp32 is the
 * bound of any dense all-reduce, 2 (n - 1) V / (n u) + 2 D. */
static uint64_t bound_ns(const struct outer *outer) {
    double rate = (double)outer->profile.there.rate_bps,
           delay_ns = (double)outer->profile.rtt_ns / 2;
    double coded_ns = 8e9 * (double)outer->coded_bytes / rate;
    double sum_ns = 8e9 * (double)quantise_bytes(QUANTISE_FP32, outer->elements) / rate;
    return (uint64_t)(is_reduced(outer) ? (coded_ns + sum_ns) / OUTER_SITES + 2 * delay_ns
                                        : coded_ns + delay_ns);
}

static const char *limit_of(const struct outer *outer) {
    if (outer->scenario->inner_ns) {
        return "the inner steps alone, with no other site to wait for";
    }
    return is_reduced(outer) ? "owner-reduce's bound, (n-1)/n (V + S) / u + 2 D"
                             : "all-gather's bound, (n-1) V / u + D";
}

static enum satsync_status run_seed(struct outer *outer, struct row *row, struct row_run *run,
                                    struct satsync_error *error) {
    outer->parity = parity_open(NULL);
    ENSURE(outer->parity, error, SATSYNC_NO_MEMORY, NULL, "no memory for parity");
    TRY(open_links(outer, run->seed, error));
    TRY(open_sites(outer, run->seed, error));
    bool good = connect_all(outer);
    bool trains = outer->scenario->inner_ns != 0;
    if (trains) {
        good = good && run_training(outer, &run->time_ns);
    }
    for (uint64_t step = 1; good && !trains && step <= WARM_STEPS + 1; step++) {
        good = run_step(outer, run->seed, step, &run->time_ns);
    }
    ENSURE(good && is_same_state(outer), error, SATSYNC_BUG, outer->scenario->name,
           "seed %llu of \"%s\" did not end with the same state on all sites",
           (unsigned long long)run->seed, outer->scenario->name);
    run->floor_ns =
        trains ? outer->scenario->inner_steps * outer->scenario->inner_ns : bound_ns(outer);
    run->share_ppm = row_share(run->floor_ns, run->time_ns);
    row->limit = limit_of(outer);
    return SATSYNC_OK;
}

enum satsync_status outer_step_run(const struct scenario *scenario, struct row *row,
                                   struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    row->clock = ROW_VIRTUAL;
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        struct outer outer = {.scenario = scenario};
        runs[i] = (struct row_run){.seed = i + 1};
        size_model(&outer);
        row->bytes = outer.coded_bytes;
        enum satsync_status status = run_seed(&outer, row, &runs[i], error);
        close_all(&outer);
        TRY(status);
    }
    row_settle(row, runs, (size_t)scenario->seeds);
    double times = (double)row->median.time_ns / (double)row->median.floor_ns;
    row_figure(row, scenario->inner_ns ? "times_training" : "times_bound", times);
    return SATSYNC_OK;
}
