#include "sim-link/check/realism.h"

#include "base/check.h"
#include "base/memory.h"
#include "sim-link/check/fit.h"
#include "sim-link/check/pings.h"
#include "sim-link/check/stats.h"
#include "sim-link/sim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STALLS = 8, HOUR_S = 3600, PROBE_STEP_NS = 1000000, SLOTS_AN_HOUR = HOUR_S / 15 };

static const uint64_t SLOT_NS = 15000000000u;
static const uint64_t PHASE_NS = 12000000000u;

/* Packets of one direction, one each millisecond, and when they came: 0 for never. */
struct probes {
    struct sim *sim;
    struct lane *lane;
    uint64_t *came_ns;
    size_t count;
    double rate_bps[SLOTS_AN_HOUR]; /* of the transmitter in each slot */
};

static void take(void *context, uint64_t now_ns, struct packet *packet) {
    struct probes *probes = context;
    probes->came_ns[packet->flow] = now_ns;
    sim_release(probes->sim, packet);
}

static enum satsync_status run_probes(const char *link, uint64_t seed, struct probes *probes) {
    struct profile profile;
    struct sim_options options = {.untraced = true, .without_content = true};
    TRY(profile_parse(link, &profile, NULL));
    TRY(sim_open(&options, &probes->sim, NULL));
    probes->count = (size_t)HOUR_S * 1000;
    probes->came_ns = memory_new(NULL, probes->count, sizeof *probes->came_ns);
    struct sim_lane lane = {&profile.back, {.seed = seed, .direction = 1}, take, probes};
    enum satsync_status status = probes->came_ns == NULL
                                     ? SATSYNC_NO_MEMORY
                                     : sim_add(probes->sim, &lane, &probes->lane, NULL);
    for (size_t i = 0; status == SATSYNC_OK && i < probes->count; i++) {
        struct packet header = {.bytes = 100, .flow = (uint32_t)i};
        sim_run_until(probes->sim, i * PROBE_STEP_NS);
        sim_push(probes->sim, probes->lane, &header, NULL);
        if (i % 15000 == 0) {
            struct lane_state state;
            lane_state(probes->lane, i * PROBE_STEP_NS, &state);
            probes->rate_bps[i / 15000] = (double)state.rate_bps;
        }
    }
    while (status == SATSYNC_OK && sim_step(probes->sim)) {
        continue;
    }
    sim_close(probes->sim);
    return status;
}

/* Of one reconfiguration, in ms: how long what was sent was lost, how long the first survivor was
 * held more than the one that was sent 700 ms later, and how long nothing came. */
struct stall {
    double dropped_ms;
    double held_ms;
    double silent_ms;
};

static struct stall stall_at(const struct probes *probes, size_t first) {
    struct stall stall = {0, 0, 0};
    size_t at = first;
    while (at < first + 1000 && probes->came_ns[at] == 0) {
        at++;
    }
    stall.dropped_ms = (double)(at - first);
    size_t later = at + 700;
    if (probes->came_ns[at] > 0 && probes->came_ns[later] > 0) {
        double delay_ns = (double)probes->came_ns[at] - (double)(at * PROBE_STEP_NS);
        double usual_ns = (double)probes->came_ns[later] - (double)(later * PROBE_STEP_NS);
        stall.held_ms = (delay_ns - usual_ns) / 1e6;
    }
    uint64_t last_ns = 0;
    for (size_t i = first - 20; i < first + 1000; i++) {
        if (probes->came_ns[i] == 0) {
            continue;
        }
        double gap_ms = last_ns == 0 ? 0 : ((double)probes->came_ns[i] - (double)last_ns) / 1e6;
        stall.silent_ms = fmax(stall.silent_ms, gap_ms);
        last_ns = probes->came_ns[i];
    }
    return stall;
}

/* All reconfigurations of an hour but the first and last; each column sorted. */
struct stalls {
    double dropped_ms[SLOTS_AN_HOUR];
    double held_ms[SLOTS_AN_HOUR];
    double silent_ms[SLOTS_AN_HOUR];
    size_t count;
};

static void find_stalls(const struct probes *probes, struct stalls *stalls) {
    stalls->count = 0;
    for (size_t slot = 1; slot + 2 < SLOTS_AN_HOUR; slot++) {
        size_t first = (size_t)((PHASE_NS + slot * SLOT_NS) / PROBE_STEP_NS);
        struct stall stall = stall_at(probes, first);
        stalls->dropped_ms[stalls->count] = stall.dropped_ms;
        stalls->held_ms[stalls->count] = stall.held_ms;
        stalls->silent_ms[stalls->count++] = stall.silent_ms;
    }
    stats_sort(stalls->dropped_ms, stalls->count);
    stats_sort(stalls->held_ms, stalls->count);
    stats_sort(stalls->silent_ms, stalls->count);
}

static double variation(const double *values, size_t count) {
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    double mean = sum / (double)count;
    return sqrt(squares / (double)count - mean * mean) / mean;
}

/* The mean of several hours, for one has 240 slots that hang together. */
static enum satsync_status rate_variation(uint64_t seed, double *out) {
    static double rates[200000];
    struct profile profile;
    struct slots_options slots;
    TRY(profile_parse("leo-bent", &profile, NULL));
    slots = profile.back.slots;
    struct slots walk = slots_of(&slots, seed, 4);
    for (size_t i = 0; i < 200000; i++) {
        double power = (double)slots_at(&walk, PHASE_NS + i * SLOT_NS) / 65536;
        rates[i] = exp2(power * profile.back.rate_spread_q16 / 65536);
    }
    *out = variation(rates, 200000);
    return SATSYNC_OK;
}

static void compare_stalls(struct verdicts *verdicts, const struct stalls *made,
                           const double measured[STALLS], const char *whose) {
    for (size_t i = 0; i < STALLS; i++) {
        char name[VERDICT_NAME_BYTES];
        double rank = ((double)i + 0.5) / STALLS;
        snprintf(name, sizeof name, "leo-bent: silence, rank %.2f, ms, as %s", rank, whose);
        verdict_within(verdicts, name, stats_quantile(made->silent_ms, made->count, rank),
                       measured[i] - 10, measured[i] + 10);
    }
}

static enum satsync_status check_bent(struct verdicts *verdicts, uint64_t seed) {
    struct probes probes;
    struct stalls stalls;
    double changes;
    TRY(run_probes("leo-bent", seed, &probes));
    find_stalls(&probes, &stalls);
    memory_free(NULL, probes.came_ns);
    verdict_within(verdicts, "leo-bent: silence at reconfigurations, p10, ms",
                   stats_quantile(stalls.silent_ms, stalls.count, 0.1), 49, 69);
    verdict_within(verdicts, "leo-bent: the same, median",
                   stats_quantile(stalls.silent_ms, stalls.count, 0.5), 68, 88);
    verdict_within(verdicts, "leo-bent: the same, p90",
                   stats_quantile(stalls.silent_ms, stalls.count, 0.9), 100, 120);
    TRY(rate_variation(seed, &changes));
    verdict_within(verdicts, "leo-bent: variation of the rate from slot to slot", changes, 0.16,
                   0.22);
    return SATSYNC_OK;
}

static enum satsync_status check_isl(struct verdicts *verdicts, uint64_t seed) {
    struct probes probes;
    struct stalls stalls;
    TRY(run_probes("leo-isl?jitter=0", seed, &probes));
    find_stalls(&probes, &stalls);
    memory_free(NULL, probes.came_ns);
    verdict_within(verdicts, "leo-isl: dropped at reconfigurations, median, s",
                   stats_quantile(stalls.dropped_ms, stalls.count, 0.5) / 1e3, 0.48, 0.54);
    verdict_within(verdicts, "leo-isl: then held, median, s",
                   stats_quantile(stalls.held_ms, stalls.count, 0.5) / 1e3, 0.17, 0.23);
    return SATSYNC_OK;
}

/* Published quantiles of FjordLink's 218,979 round trips (six days, of which the profile was fitted
 * to five), and of the jumps between slots. */
static enum satsync_status check_round_trips(struct verdicts *verdicts, uint64_t seed) {
    static const struct {
        double rank;
        double rtt_ms;
        double jump_ms;
    } due[] = {{0.25, 24.36, 1.1}, {0.5, 27.61, 2.5}, {0.75, 32.37, 4.9}, {0.9, 38.46, 8.4}};
    struct profile profile;
    struct samples samples = {.at = NULL};
    struct samples_part all = {.all_but = -1};
    struct distribution rtts;
    struct distribution jumps;
    struct pings pings = {.seed = seed, .step_ns = 1000300000, .count = 5 * 86400};
    TRY(profile_parse("leo-bent", &profile, NULL));
    TRY(pings_run(&profile, &pings, &samples, NULL));
    TRY(samples_rtts(&samples, all, &rtts));
    TRY(samples_jumps(&samples, all, &jumps));
    for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
        char name[VERDICT_NAME_BYTES];
        snprintf(name, sizeof name, "leo-bent: round trip, p%.0f, ms", due[i].rank * 100);
        verdict_near(verdicts, name, stats_quantile(rtts.values, rtts.count, due[i].rank),
                     due[i].rtt_ms, 0.05);
        snprintf(name, sizeof name, "leo-bent: jump between slots, p%.0f, ms", due[i].rank * 100);
        verdict_near(verdicts, name, stats_quantile(jumps.values, jumps.count, due[i].rank),
                     due[i].jump_ms, 0.2);
    }
    memory_free(NULL, rtts.values);
    memory_free(NULL, jumps.values);
    samples_fini(&samples);
    return SATSYNC_OK;
}

enum satsync_status realism_published(struct verdicts *verdicts, uint64_t seed) {
    TRY(check_bent(verdicts, seed));
    TRY(check_isl(verdicts, seed));
    return check_round_trips(verdicts, seed);
}

/* What two parts of the measurements are, side by side. */
struct halves {
    struct distribution fitted_rtts;
    struct distribution fitted_jumps;
    struct distribution day_rtts;
    struct distribution day_jumps;
};

static void free_halves(struct halves *halves) {
    memory_free(NULL, halves->fitted_rtts.values);
    memory_free(NULL, halves->fitted_jumps.values);
    memory_free(NULL, halves->day_rtts.values);
    memory_free(NULL, halves->day_jumps.values);
}

static enum satsync_status split(const struct samples *measured, size_t day,
                                 struct halves *halves) {
    struct samples_part rest = {day, 1};
    struct samples_part alone = {day, 0};
    memset(halves, 0, sizeof *halves);
    TRY(samples_rtts(measured, rest, &halves->fitted_rtts));
    TRY(samples_jumps(measured, rest, &halves->fitted_jumps));
    TRY(samples_rtts(measured, alone, &halves->day_rtts));
    return samples_jumps(measured, alone, &halves->day_jumps);
}

static double distance(const struct distribution *a, const struct distribution *b) {
    return stats_distance(a->values, a->count, b->values, b->count);
}

static enum satsync_status compare_day(struct verdicts *verdicts, const struct profile *profile,
                                       const struct halves *halves, size_t day) {
    char name[VERDICT_NAME_BYTES];
    struct halves made = {.day_rtts = {.values = NULL}};
    struct samples samples = {.at = NULL};
    struct samples_part all = {.all_but = -1};
    struct pings pings = {.seed = 99 + day, .step_ns = 1000300000, .count = 10 * 86400};
    TRY(pings_run(profile, &pings, &samples, NULL));
    TRY(samples_rtts(&samples, all, &made.day_rtts));
    TRY(samples_jumps(&samples, all, &made.day_jumps));
    double own_rtts = distance(&halves->fitted_rtts, &halves->day_rtts);
    double own_jumps = distance(&halves->fitted_jumps, &halves->day_jumps);
    snprintf(name, sizeof name, "day %zu: distance of round trips (other days' own: %.3f)", day + 1,
             own_rtts);
    verdict_within(verdicts, name, distance(&made.day_rtts, &halves->day_rtts), 0, own_rtts + 0.02);
    snprintf(name, sizeof name, "day %zu: distance of jumps (other days' own: %.3f)", day + 1,
             own_jumps);
    verdict_within(verdicts, name, distance(&made.day_jumps, &halves->day_jumps), 0,
                   own_jumps + 0.03);
    samples_fini(&samples);
    free_halves(&made);
    return SATSYNC_OK;
}

enum satsync_status realism_days(struct verdicts *verdicts, const struct samples *measured) {
    static struct fit fit;
    for (size_t day = 0; measured->days > 1 && day < measured->days; day++) {
        struct halves halves;
        enum satsync_status status = split(measured, day, &halves);
        if (status == SATSYNC_OK) {
            status = fit_leo(&halves.fitted_rtts, &halves.fitted_jumps, 5, &fit);
        }
        if (status == SATSYNC_OK) {
            status = compare_day(verdicts, &fit.profile, &halves, day);
        }
        free_halves(&halves);
        TRY(status);
    }
    return SATSYNC_OK;
}

/* The longest silence within 0.6 s of each of the trace's reconfigurations, sorted. */
static size_t trace_stalls(const struct replay_trace *trace, double out[STALLS]) {
    const uint64_t first_ns = 8687000000u;
    size_t count = 0;
    size_t at = 1;
    for (uint64_t slot = 0; count < STALLS; slot++) {
        uint64_t begin_ns = first_ns + slot * SLOT_NS - 100000000;
        double longest_ms = 0;
        while (at < trace->count && trace->at_ns[at] < begin_ns) {
            at++;
        }
        for (; at < trace->count && trace->at_ns[at] < begin_ns + 700000000; at++) {
            double gap_ms = (double)(trace->at_ns[at] - trace->at_ns[at - 1]) / 1e6;
            longest_ms = fmax(longest_ms, gap_ms);
        }
        if (at == trace->count) {
            break;
        }
        out[count++] = longest_ms;
    }
    stats_sort(out, count);
    return count;
}

struct replay {
    struct sim *sim;
    const struct replay_trace *trace;
    uint64_t delivered;
    uint64_t wrong;
};

static void check_opportunity(void *context, uint64_t now_ns, struct packet *packet) {
    struct replay *replay = context;
    uint64_t round = replay->delivered / replay->trace->count;
    uint64_t due_ns = round * replay->trace->at_ns[replay->trace->count - 1] +
                      replay->trace->at_ns[replay->delivered % replay->trace->count];
    replay->wrong += due_ns != now_ns;
    replay->delivered++;
    sim_release(replay->sim, packet);
}

/* Two rounds with the queue never empty: each opportunity carries one packet, at its time. */
static enum satsync_status replay_rounds(const struct profile *profile, struct replay *replay) {
    struct sim_options options = {.untraced = true, .without_content = true};
    struct lane *lane;
    TRY(sim_open(&options, &replay->sim, NULL));
    struct sim_lane there = {&profile->there, {.seed = 1}, check_opportunity, replay};
    enum satsync_status status = sim_add(replay->sim, &there, &lane, NULL);
    struct packet header = {.bytes = 1500 - LANE_HEADER_BYTES};
    for (uint64_t sent = 0; status == SATSYNC_OK && replay->delivered < 2 * replay->trace->count;) {
        while (sent < replay->delivered + 5000) {
            sim_push(replay->sim, lane, &header, NULL);
            sent++;
        }
        sim_step(replay->sim);
    }
    sim_close(replay->sim);
    return status;
}

enum satsync_status realism_trace(struct verdicts *verdicts, const char *path,
                                  struct satsync_error *error) {
    char link[600];
    struct profile profile;
    double measured[STALLS];
    struct probes probes;
    struct stalls stalls;
    snprintf(link, sizeof link, "plain?up.queue-packets=0&up.trace=%s", path);
    TRY(profile_open(link, &profile, error));
    struct replay replay = {.trace = &profile.there.replay};
    enum satsync_status status = SATSYNC_INVALID;
    size_t found = 0;
    if (replay.trace->count > 0) {
        status = replay_rounds(&profile, &replay);
        found = trace_stalls(replay.trace, measured);
    }
    profile_fini(&profile);
    ENSURE(status == SATSYNC_OK, error, status, path, "%s is no mahimahi trace", path);
    verdict_within(verdicts, "trace: opportunities that came at another time", (double)replay.wrong,
                   0, 0);
    verdict_within(verdicts, "trace: reconfigurations found", (double)found, STALLS, STALLS);
    TRY(run_probes("leo-bent", 1, &probes));
    find_stalls(&probes, &stalls);
    memory_free(NULL, probes.came_ns);
    if (found == STALLS) {
        compare_stalls(verdicts, &stalls, measured, "the trace");
    }
    return SATSYNC_OK;
}
