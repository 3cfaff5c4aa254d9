#include "sim-link/check/fit.h"

#include "sim-link/check/pings.h"
#include "sim-link/check/stats.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KERNELS = 3, ROUNDS = 6, SWEEPS = 2, SEARCH_DAYS = 2 };

/* Ranks of the table's points. */
static const double ranks[FIT_POINTS] = {0.00002, 0.001, 0.01, 0.03, 0.06, 0.1,   0.16,
                                         0.23,    0.31,  0.4,  0.5,  0.6,  0.69,  0.77,
                                         0.84,    0.9,   0.94, 0.97, 0.99, 0.999, 0.99998};

/* What is compared with what. */
struct target {
    const struct distribution *rtts;
    const struct distribution *jumps;
};

static enum satsync_status generate(const struct fit *fit, uint64_t days, struct samples *samples) {
    /* A step that is no whole second, so that all phases of a slot are met alike. */
    struct pings pings = {.seed = 4711, .step_ns = 1000300000, .count = days * 86400};
    *samples = (struct samples){.at = NULL};
    return pings_run(&fit->profile, &pings, samples, NULL);
}

static enum satsync_status compare(const struct target *target, struct fit *fit, uint64_t days,
                                   struct distribution *made) {
    struct samples samples;
    struct distribution jumps = {.values = NULL};
    struct samples_part all = {.all_but = -1};
    made->values = NULL;
    enum satsync_status status = generate(fit, days, &samples);
    status = status == SATSYNC_OK ? samples_rtts(&samples, all, made) : status;
    status = status == SATSYNC_OK ? samples_jumps(&samples, all, &jumps) : status;
    if (status == SATSYNC_OK) {
        fit->rtt_distance =
            stats_distance(made->values, made->count, target->rtts->values, target->rtts->count);
        fit->jump_distance =
            stats_distance(jumps.values, jumps.count, target->jumps->values, target->jumps->count);
    }
    samples_fini(&samples);
    memory_free(NULL, jumps.values);
    return status;
}

static void set_quantile(struct fit *fit, size_t i, double rtt_ms) {
    double low = i == 0 ? 1 : (double)fit->quantiles[i - 1].value / 1e6;
    rtt_ms = rtt_ms > low ? rtt_ms : low;
    fit->quantiles[i].z_q16 = (int32_t)lround(stats_normal_quantile(ranks[i]) * 65536);
    fit->quantiles[i].value = (uint64_t)llround(rtt_ms * 1e6);
}

/* Moves each point by what is missing there: what jitter and held packets add goes off again. */
static enum satsync_status settle_quantiles(const struct target *target, struct fit *fit,
                                            uint64_t days, int rounds) {
    for (int round = 0; round < rounds; round++) {
        struct distribution made;
        enum satsync_status status = compare(target, fit, days, &made);
        for (size_t i = 0; status == SATSYNC_OK && i < FIT_POINTS; i++) {
            double due = stats_quantile(target->rtts->values, target->rtts->count, ranks[i]);
            double is = stats_quantile(made.values, made.count, ranks[i]);
            double off = i < FIT_POINTS - 2 ? due - is : 0;
            set_quantile(fit, i, (double)fit->quantiles[i].value / 1e6 + 0.8 * off);
        }
        memory_free(NULL, made.values);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    return SATSYNC_OK;
}

static void set_kernels(struct fit *fit, const struct slots_kernel kernels[KERNELS]) {
    struct lane_plan *plans[2] = {&fit->profile.there, &fit->profile.back};
    for (int i = 0; i < 2; i++) {
        memcpy(plans[i]->rtt.slots.kernels, kernels, KERNELS * sizeof *kernels);
    }
}

/* Neighbours of a mixture: one figure moved; false when it would leave its bounds. */
static bool vary(struct slots_kernel kernels[KERNELS], int which, int by) {
    if (which < KERNELS) {
        int correlation = (int)kernels[which].correlation_permille + by;
        kernels[which].correlation_permille = (uint32_t)correlation;
        return correlation >= 0 && correlation < 1000;
    }
    struct slots_kernel *from = &kernels[KERNELS - 1];
    struct slots_kernel *to = &kernels[which - KERNELS];
    int gives = (int)from->chance_permille - by;
    int takes = (int)to->chance_permille + by;
    from->chance_permille = (uint32_t)gives;
    to->chance_permille = (uint32_t)takes;
    return gives > 0 && takes > 0;
}

/* One step of a descent in one figure; whether it came nearer. */
static enum satsync_status try_step(const struct target *target, struct fit *fit, int which, int by,
                                    bool *nearer) {
    struct slots_kernel before[KERNELS];
    struct slots_kernel tried[KERNELS];
    struct distribution made;
    double distance = fit->jump_distance;
    memcpy(before, fit->profile.there.rtt.slots.kernels, sizeof before);
    memcpy(tried, before, sizeof tried);
    *nearer = false;
    if (!vary(tried, which, by)) {
        return SATSYNC_OK;
    }
    set_kernels(fit, tried);
    enum satsync_status status = compare(target, fit, 2, &made);
    memory_free(NULL, made.values);
    *nearer = status == SATSYNC_OK && fit->jump_distance < distance;
    if (!*nearer) {
        set_kernels(fit, before);
        fit->jump_distance = distance;
    }
    return status;
}

static enum satsync_status settle_kernels(const struct target *target, struct fit *fit) {
    for (int by = 120; by >= 15; by /= 2) {
        for (int which = 0; which < 2 * KERNELS - 1; which++) {
            bool up = false;
            bool down = false;
            enum satsync_status status = try_step(target, fit, which, by, &up);
            if (status == SATSYNC_OK && !up) {
                status = try_step(target, fit, which, -by, &down);
            }
            if (status != SATSYNC_OK) {
                return status;
            }
        }
    }
    return SATSYNC_OK;
}

static void start(struct fit *fit, const struct distribution *rtts) {
    struct lane_plan *plans[2] = {&fit->profile.there, &fit->profile.back};
    for (size_t i = 0; i < FIT_POINTS; i++) {
        set_quantile(fit, i, stats_quantile(rtts->values, rtts->count, ranks[i]) - 2.5);
    }
    for (int i = 0; i < 2; i++) {
        plans[i]->rtt.quantiles = fit->quantiles;
        plans[i]->rtt.quantile_count = FIT_POINTS;
    }
}

enum satsync_status fit_leo(const struct distribution *rtts, const struct distribution *jumps,
                            unsigned effort, struct fit *fit) {
    struct target target = {rtts, jumps};
    struct distribution made;
    uint64_t days = (uint64_t)SEARCH_DAYS * effort;
    int sweeps = effort > 1 ? SWEEPS : 1;
    enum satsync_status status = profile_parse("leo-bent", &fit->profile, NULL);
    start(fit, rtts);
    for (int sweep = 0; sweep < sweeps && status == SATSYNC_OK; sweep++) {
        status = settle_quantiles(&target, fit, SEARCH_DAYS, 2);
        if (status == SATSYNC_OK) {
            status = compare(&target, fit, SEARCH_DAYS, &made);
            memory_free(NULL, made.values);
        }
        status = status == SATSYNC_OK ? settle_kernels(&target, fit) : status;
    }
    status = status == SATSYNC_OK ? settle_quantiles(&target, fit, days, ROUNDS) : status;
    if (status == SATSYNC_OK) {
        status = compare(&target, fit, days, &made);
        memory_free(NULL, made.values);
    }
    return status;
}

void fit_print(const struct fit *fit) {
    const struct slots_kernel *kernels = fit->profile.there.rtt.slots.kernels;
    printf("static const struct quantile bent_rtt[] = {\n");
    for (size_t i = 0; i < FIT_POINTS; i++) {
        printf("    {%d, %llu},\n", fit->quantiles[i].z_q16,
               (unsigned long long)fit->quantiles[i].value / 10000 * 10000);
    }
    printf("};\n.kernels = {{%u, %u}, {%u, %u}, {%u, %u}}\n", kernels[0].chance_permille,
           kernels[0].correlation_permille, kernels[1].chance_permille,
           kernels[1].correlation_permille, kernels[2].chance_permille,
           kernels[2].correlation_permille);
}
