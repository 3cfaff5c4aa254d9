#include "sim-link/check/closed_form.h"

#include "sim-link/check/stats.h"
#include "sim-link/fixed.h"
#include "sim-link/profile.h"
#include "sim-link/sim.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_BYTES = 1000, ROOM_LIMIT = 64, BURST_BINS = 9, SEEDS = 1000 };

static const uint64_t SERVICE_NS = 1000000; /* of WIRE_BYTES at 8 Mbit/s */

/* One direction under load. */
struct bench {
    struct sim *sim;
    struct lane *lane;
    uint64_t delivered;
    uint64_t times_ns; /* sum of the times of delivery, modulo 2^64 */
    uint64_t last_ns;
    uint64_t last_number;
    uint64_t run_counts[BURST_BINS + 1]; /* lost runs by length; the last: of that and more */
};

static void take(void *context, uint64_t now_ns, struct packet *packet) {
    struct bench *bench = context;
    uint64_t lost = bench->delivered == 0 ? 0 : packet->number - bench->last_number - 1;
    bench->run_counts[lost > BURST_BINS ? BURST_BINS : lost]++;
    bench->delivered++;
    bench->times_ns += now_ns;
    bench->last_ns = now_ns;
    bench->last_number = packet->number;
    sim_release(bench->sim, packet);
}

static void open_bench(struct bench *bench, const char *link, uint64_t seed) {
    struct profile profile;
    struct sim_options options = {.untraced = true, .without_content = true};
    memset(bench, 0, sizeof *bench);
    enum satsync_status status = profile_parse(link, &profile, NULL);
    assert(status == SATSYNC_OK);
    status = sim_open(&options, &bench->sim, NULL);
    assert(status == SATSYNC_OK);
    struct sim_lane lane = {&profile.there, {.seed = seed}, take, bench};
    status = sim_add(bench->sim, &lane, &bench->lane, NULL);
    assert(status == SATSYNC_OK);
}

static void send_at(struct bench *bench, uint64_t now_ns) {
    struct packet header = {.bytes = WIRE_BYTES - LANE_HEADER_BYTES};
    sim_run_until(bench->sim, now_ns);
    sim_push(bench->sim, bench->lane, &header, NULL);
}

static void close_bench(struct bench *bench) {
    while (sim_step(bench->sim)) {
        continue;
    }
    sim_close(bench->sim);
}

/* Random arrivals at a load in permille: the sum of their times, that of the departures which
 * Lindley's recursion gives them, both modulo 2^64, and the load that they made. */
struct arrivals {
    uint64_t times_ns;
    uint64_t departures_ns;
    double load;
};

static struct arrivals send_at_random(struct bench *bench, uint64_t count, uint64_t permille,
                                      uint64_t seed) {
    struct random random = random_of(seed, 1u << 20 | permille);
    struct arrivals sent = {0, 0, 0};
    uint64_t now_ns = 0;
    uint64_t end_ns = 0;
    for (uint64_t i = 0; i < count; i++) {
        now_ns += draw_exponential(&random, SERVICE_NS * 1000 / permille);
        send_at(bench, now_ns);
        end_ns = (end_ns > now_ns ? end_ns : now_ns) + SERVICE_NS;
        sent.times_ns += now_ns;
        sent.departures_ns += end_ns;
    }
    sent.load = (double)SERVICE_NS * (double)count / (double)now_ns;
    return sent;
}

/* Mean wait rho * S / (2 * (1 - rho)) (Pollaczek 1930, Khinchine 1932), at the load as it came: how
 * far that strays is the arrivals' chance, not the transmitter's doing. What chance there is, is in
 * the mean alone: against Lindley's recursion (1952) on the same arrivals nothing may be off. */
static void check_waits(struct verdicts *verdicts, const struct closed_form *options) {
    const unsigned loads[] = {300, 500, 700, 800, 900, 950};
    uint64_t off_ns = 0;
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        struct bench bench;
        char name[VERDICT_NAME_BYTES];
        uint64_t count = (uint64_t)((loads[i] >= 800 ? 3e7 : 1e7) * options->scale);
        open_bench(&bench, "plain?rate=8M&queue-packets=0", options->seed);
        struct arrivals sent = send_at_random(&bench, count, loads[i], options->seed);
        close_bench(&bench);
        off_ns |= bench.times_ns - sent.departures_ns;
        double service_s = (double)SERVICE_NS / 1e9;
        double waits_s = (double)(bench.times_ns - sent.times_ns) / 1e9;
        double due_s = sent.load * service_s / (2 * (1 - sent.load));
        snprintf(name, sizeof name, "M/D/1: mean wait over theory at load %.2f", loads[i] / 1000.0);
        verdict_near(verdicts, name, (waits_s / (double)count - service_s) / due_s, 1,
                     loads[i] > 900 ? 0.02 : 0.005);
    }
    verdict_within(verdicts, "M/D/1: sum of departures off Lindley's recursion, ns", (double)off_ns,
                   0, 0);
}

double closed_form_blocking(double load, unsigned room) {
    double arrivals[ROOM_LIMIT];
    double states[ROOM_LIMIT] = {1};
    double sum = 1;
    assert(room >= 2 && room < ROOM_LIMIT);
    /* Of j arrivals during one service. */
    for (unsigned j = 0; j < room; j++) {
        arrivals[j] = j == 0 ? exp(-load) : arrivals[j - 1] * load / j;
    }
    /* What a departing packet leaves behind, from 0 to room - 1. */
    for (unsigned j = 0; j + 1 < room; j++) {
        double flow = states[j] - states[0] * arrivals[j];
        for (unsigned i = 1; i <= j; i++) {
            flow -= states[i] * arrivals[j - i + 1];
        }
        states[j + 1] = flow / arrivals[0];
        sum += states[j + 1];
    }
    return 1 - 1 / (states[0] / sum + load);
}

/* K counts the packet in transmission. The share is off by chance alone: over 10^7 arrivals by a
 * deviation of 0.03, 0.12 and 0.45 % of itself, as a simulation of nothing but the recursion is. */
static void check_blocking(struct verdicts *verdicts, const struct closed_form *options) {
    static const struct {
        unsigned room;
        double packets;
        double share;
    } cases[] = {{2, 1e7, 0.002}, {5, 1e7, 0.005}, {10, 3e7, 0.01}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        char text[VERDICT_NAME_BYTES];
        unsigned room = cases[i].room;
        uint64_t count = (uint64_t)(cases[i].packets * options->scale);
        snprintf(text, sizeof text, "plain?rate=8M&queue-packets=%u", room);
        open_bench(&bench, text, options->seed);
        struct arrivals sent = send_at_random(&bench, count, 900, options->seed + room);
        close_bench(&bench);
        double blocked = 1 - (double)bench.delivered / (double)count;
        snprintf(text, sizeof text, "M/D/1/K: blocked over theory, load 0.9, K = %u", room);
        verdict_near(verdicts, text, blocked / closed_form_blocking(sent.load, room), 1,
                     cases[i].share);
    }
}

/* Back to back at a rate that divides nothing: the last leaves at ceil(n * bits / rate). */
static void check_drift(struct verdicts *verdicts, const struct closed_form *options) {
    struct bench bench;
    char name[VERDICT_NAME_BYTES];
    const uint64_t rate_bps = 99999989;
    uint64_t count = options->drift_packets;
    open_bench(&bench, "plain?rate=99999989&queue-packets=0", options->seed);
    for (uint64_t i = 0; i < count; i++) {
        send_at(&bench, i < 8 ? 0 : bench.last_ns);
        while (bench.delivered + 8 < i && sim_step(bench.sim)) {
            continue;
        }
    }
    close_bench(&bench);
    unsigned __int128 work = (unsigned __int128)count * WIRE_BYTES * 8 * 1000000000u;
    uint64_t due_ns = (uint64_t)((work + rate_bps - 1) / rate_bps);
    snprintf(name, sizeof name, "drift in ns after %g packets back to back", (double)count);
    verdict_within(verdicts, name, (double)bench.last_ns - (double)due_ns, 0, 0);
}

static void check_policer(struct verdicts *verdicts, const struct closed_form *options) {
    struct bench bench;
    uint64_t count = (uint64_t)(2e6 * options->scale);
    open_bench(&bench, "plain?police=8M&police-burst=50000", options->seed);
    for (uint64_t i = 0; i < count; i++) {
        send_at(&bench, i * SERVICE_NS / 3);
    }
    close_bench(&bench);
    /* What the bucket held, and a packet each millisecond since: the staircase, exactly. */
    uint64_t due = 50 + (count - 1) / 3;
    verdict_within(verdicts, "token bucket: packets above the staircase",
                   (double)bench.delivered - (double)due, 0, 0);
}

void closed_form_queues(struct verdicts *verdicts, const struct closed_form *options) {
    check_waits(verdicts, options);
    check_blocking(verdicts, options);
    check_drift(verdicts, options);
    check_policer(verdicts, options);
}

/* p-value of the lengths of lost runs against the geometric law of this mean. */
static double burst_p_value(const struct bench *bench, double mean) {
    double runs = 0;
    double chi_square = 0;
    double rest = 1;
    for (int length = 1; length <= BURST_BINS; length++) {
        runs += (double)bench->run_counts[length];
    }
    for (int length = 1; length <= BURST_BINS; length++) {
        double share = length == BURST_BINS ? rest : rest / mean;
        double due = runs * share;
        double off = (double)bench->run_counts[length] - due;
        chi_square += off * off / due;
        rest -= share;
    }
    return stats_chi_square_tail(chi_square, BURST_BINS - 1);
}

static void check_bursts(struct verdicts *verdicts, const struct closed_form *options) {
    static double p_values[SEEDS];
    double lost = 0;
    double passed = 0;
    uint64_t count = (uint64_t)(50000 * options->scale);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct bench bench;
        open_bench(&bench, "plain?loss=4%&burst=4", options->seed * SEEDS + seed);
        for (uint64_t i = 0; i < count; i++) {
            send_at(&bench, i);
        }
        close_bench(&bench);
        p_values[seed] = burst_p_value(&bench, 4);
        passed += p_values[seed] > 0.05;
        lost += 1 - (double)bench.delivered / (double)count;
    }
    stats_sort(p_values, SEEDS);
    verdict_near(verdicts, "Gilbert-Elliott: loss over what was asked for", lost / SEEDS / 0.04, 1,
                 0.01);
    verdict_within(verdicts, "Gilbert-Elliott: share of 1000 seeds that pass at 5 %",
                   passed / SEEDS, 0.93, 0.97);
    /* 1 % of uniform samples are farther than 1.63 / sqrt(1000). */
    verdict_within(verdicts, "Gilbert-Elliott: p-values' distance from uniform",
                   stats_distance_uniform(p_values, SEEDS), 0, 1.63 / sqrt(SEEDS));
}

/* Fades in time: whatever is sent, the share of time is bad / (good + bad). */
static void check_fades(struct verdicts *verdicts, const struct closed_form *options) {
    const uint64_t steps_ns[] = {2000000, 20000000};
    for (int i = 0; i < 2; i++) {
        struct bench bench;
        char name[VERDICT_NAME_BYTES];
        uint64_t count = (uint64_t)(4e10 * options->scale) / 1000 * 1000 / steps_ns[i] * 400;
        open_bench(&bench, "plain?fade=20ms&fade-every=480ms", options->seed);
        for (uint64_t k = 0; k < count; k++) {
            send_at(&bench, k * steps_ns[i]);
        }
        close_bench(&bench);
        double lost = 1 - (double)bench.delivered / (double)count;
        snprintf(name, sizeof name, "fades in time: loss with a packet each %g ms",
                 (double)steps_ns[i] / 1e6);
        verdict_near(verdicts, name, lost, 0.04, 0.03);
    }
}

void closed_form_loss(struct verdicts *verdicts, const struct closed_form *options) {
    check_bursts(verdicts, options);
    check_fades(verdicts, options);
}

static void check_pair(struct verdicts *verdicts, const struct place *from, const struct place *to,
                       double least_ms, double most_ms) {
    size_t count;
    struct router_options options = {constellation_list(&count), from, to, ROUTE_LASERS, 1, NULL};
    struct router *router = router_new(&options);
    double least = INFINITY;
    double most = 0;
    for (uint64_t slot = 0; router != NULL && slot < 5760; slot++) {
        struct route route;
        bool found = router_find(router, slot * 15000000000u, &route);
        double ms = found ? 2 * (double)light_ns(route.length_m) / 1e6 : INFINITY;
        least = fmin(least, ms);
        most = fmax(most, ms);
    }
    router_free(router);
    char name[VERDICT_NAME_BYTES];
    snprintf(name, sizeof name, "%s to %s by lasers, shortest of a day, ms", from->name, to->name);
    verdict_within(verdicts, name, least, least_ms, most_ms);
    snprintf(name, sizeof name, "%s to %s by lasers, longest of a day, ms", from->name, to->name);
    verdict_within(verdicts, name, most, least_ms, most_ms);
}

void closed_form_orbits(struct verdicts *verdicts) {
    size_t count;
    const struct shell *shell = constellation_list(&count)->shells;
    const struct place *places = place_list(&count);
    verdict_within(verdicts, "period at 550 km, s", (double)shell_period_ns(shell) / 1e9, 5730.05,
                   5730.15);
    verdict_within(verdicts, "slant at 550 km and 25 degrees, km",
                   (double)shell_slant_m(shell, 25000000) / 1e3, 1122.5, 1123.5);
    check_pair(verdicts, &places[0], &places[2], 92, 97);     /* Memphis, Abu Dhabi */
    check_pair(verdicts, &places[5], &places[6], 42.1, 44.2); /* London, New York */
}
