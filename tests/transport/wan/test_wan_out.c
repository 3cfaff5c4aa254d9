/* How well a path is used: goodput as a share of the achievable, and who goes first. */
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <stdio.h>
#include <stdlib.h>

enum { MIB = 1 << 20, SEEDS_MOST = 10 };

struct scene {
    const char *name;
    uint64_t rate_bps;
    uint64_t back_bps;
    uint64_t rtt_ns;
    uint64_t loss_ppm;
    uint64_t dark_period_ns;
    uint64_t bytes;
    enum link_controller controller;
    unsigned goal_percent; /* of the achievable, in the median */
};

static const struct scene SCENES[] = {
    {"geo 0 %", 100000000, 100000000, 600 * PAIR_MS, 0, 0, 64 * MIB, LINK_CONTROLLER_RATED, 92},
    {"geo 1 %", 100000000, 100000000, 600 * PAIR_MS, 10000, 0, 64 * MIB, LINK_CONTROLLER_RATED, 90},
    {"geo 5 %", 100000000, 100000000, 600 * PAIR_MS, 50000, 0, 64 * MIB, LINK_CONTROLLER_RATED, 85},
    {"leo 1 % dark slots", 200000000, 20000000, 40 * PAIR_MS, 10000, 15 * PAIR_SECOND, 64 * MIB,
     LINK_CONTROLLER_RATED, 85},
    {"fibre 0.01 %", 1000000000, 1000000000, 186 * PAIR_MS, 100, 0, 64 * MIB, LINK_CONTROLLER_RATED,
     90},
    {"geo 100:1", 100000000, 1000000, 600 * PAIR_MS, 10000, 0, 64 * MIB, LINK_CONTROLLER_RATED, 90},
    {"geo 1 % model", 100000000, 100000000, 600 * PAIR_MS, 10000, 0, 64 * MIB,
     LINK_CONTROLLER_MODEL, 65},
    {"leo 1 % model", 200000000, 20000000, 40 * PAIR_MS, 10000, 15 * PAIR_SECOND, 64 * MIB,
     LINK_CONTROLLER_MODEL, 80},
};

struct outcome {
    double share;
    double seconds;
    double wire_ratio; /* IP bytes sent over message bytes */
    double repeated_percent;
    double repair_percent;
    double feedback_percent;
    struct wan_counters counters;
};

static struct outcome run(const struct scene *scene, uint64_t seed) {
    struct wan_pair pair;
    pair_init(&pair, seed);
    for (int i = 0; i < 2; i++) {
        struct pair_path *path = &pair.paths[i];
        path->rate_bps = i == 0 ? scene->rate_bps : scene->back_bps;
        path->delay_ns = scene->rtt_ns / 2;
        path->loss_ppm = scene->loss_ppm;
        path->queue_bytes = scene->rate_bps / 8 * (scene->rtt_ns / PAIR_MS) / 1000;
        path->dark_period_ns = scene->dark_period_ns;
        path->dark_least_ns = 100 * PAIR_MS;
        path->dark_most_ns = 200 * PAIR_MS;
        pair.ends[i].options.controller = scene->controller;
        pair.ends[i].options.rate_bps = path->rate_bps;
        pair.ends[i].options.max_in_flight = 65536;
    }
    /* The outage, in the middle of each period, falls into the transfer. */
    if (scene->dark_period_ns > 0) {
        pair.now_ns = scene->dark_period_ns / 2 - PAIR_SECOND;
    }
    uint64_t start = pair.now_ns;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, scene->bytes);
    if (!pair_run(&pair, start + 600 * PAIR_SECOND)) {
        fail_msg("%s, seed %d: not delivered", scene->name, (int)seed);
    }
    struct outcome outcome;
    struct link_stats stats;
    wan_stats(pair.ends[0].wan, pair.now_ns, &stats);
    wan_counters(pair.ends[0].wan, &outcome.counters);
    outcome.seconds = (double)(pair.ends[1].incoming[0].received_ns - start) / 1e9;
    /* No handshake is charged, and a slot outage counts as 150 ms in 15 s. */
    double away = scene->dark_period_ns ? 0.15 / 15 : 0;
    double best =
        (double)scene->rate_bps * 1420 / 1500 * (1 - (double)scene->loss_ppm / 1e6) * (1 - away);
    double least = (double)scene->rtt_ns / 2e9 + 8.0 * (double)scene->bytes / best;
    outcome.share = least / outcome.seconds;
    outcome.wire_ratio = (double)pair.paths[0].ip_bytes / (double)scene->bytes;
    outcome.repeated_percent = 100.0 * (double)stats.repeated_bytes / (double)scene->bytes;
    outcome.repair_percent = 100.0 * (double)stats.repair_bytes / (double)scene->bytes;
    outcome.feedback_percent =
        100.0 * (double)pair.paths[1].ip_bytes / (double)pair.paths[0].ip_bytes;
    pair_fini(&pair);
    return outcome;
}

static int by_share(const void *a, const void *b) {
    double x = ((const struct outcome *)a)->share;
    double y = ((const struct outcome *)b)->share;
    return (x > y) - (x < y);
}

static void test_goodput_reaches_its_share_of_the_achievable(void **state) {
    (void)state;
    const char *wish = getenv("WAN_SEEDS");
    int seeds = wish ? atoi(wish) : 3;
    seeds = seeds < 1 ? 1 : seeds > SEEDS_MOST ? SEEDS_MOST : seeds;
    printf("%-20s %6s %6s %6s %7s %6s %7s %7s %8s\n", "64 MiB, one way", "share%", "worst%",
           "goal%", "s", "wire", "again%", "repair%", "return%");
    int missed = 0;
    for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
        struct outcome outcomes[SEEDS_MOST];
        for (int seed = 0; seed < seeds; seed++) {
            outcomes[seed] = run(&SCENES[i], (uint64_t)seed + 1);
        }
        qsort(outcomes, (size_t)seeds, sizeof outcomes[0], by_share);
        const struct outcome *median = &outcomes[(seeds - 1) / 2];
        printf(
            "%-20s %6.1f %6.1f %6u %7.2f %6.3f %7.2f %7.2f %8.2f lost %d wrongly %d outages %d\n",
            SCENES[i].name, 100 * median->share, 100 * outcomes[0].share, SCENES[i].goal_percent,
            median->seconds, median->wire_ratio, median->repeated_percent, median->repair_percent,
            median->feedback_percent, (int)median->counters.lost,
            (int)median->counters.lost_wrongly, (int)median->counters.outages);
        missed += 100 * median->share < SCENES[i].goal_percent;
    }
    assert_int_equal(missed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goodput_reaches_its_share_of_the_achievable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
