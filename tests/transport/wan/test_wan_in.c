/* Random faults by seed: every byte arrives exactly once and equal. wan_pair checks each byte. */
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t below(struct random *random, uint64_t bound) {
    return random_below(random, bound);
}

static void disturb(struct wan_pair *pair, struct random *random) {
    uint64_t rate = 2000000 + below(random, 200000000);
    uint64_t rtt = (1 + below(random, below(random, 4) ? 100 : 2600)) * PAIR_MS;
    for (int i = 0; i < 2; i++) {
        struct pair_path *path = &pair->paths[i];
        path->rate_bps = rate / (1 + below(random, 20));
        path->delay_ns = rtt / 2;
        path->queue_bytes = 30000 + below(random, 1000000);
        path->loss_ppm = below(random, 3) ? below(random, 100000) : below(random, 400000);
        path->reorder_ppm = below(random, 2) ? below(random, 200000) : 0;
        path->reorder_ns = below(random, rtt + 1);
        path->duplicate_ppm = below(random, 2) ? below(random, 100000) : 0;
        path->corrupt_ppm = below(random, 2) ? below(random, 50000) : 0;
        if (below(random, 3) == 0) {
            path->dark_from_ns = pair->now_ns + below(random, 3 * PAIR_SECOND);
            path->dark_until_ns = path->dark_from_ns + below(random, 20 * PAIR_SECOND);
        }
        struct wan_options *options = &pair->ends[i].options;
        options->controller = below(random, 2) ? LINK_CONTROLLER_RATED : LINK_CONTROLLER_MODEL;
        options->rate_bps = path->rate_bps;
        options->max_in_flight = UINT64_C(64) << below(random, 8);
        options->max_message_ranges = 16 + below(random, 500);
        options->max_slices = 4 + below(random, 64);
        options->repair_memory_bytes = below(random, 2) ? 1 << 20 : 1 << 24;
        options->max_datagram_bytes = 576 + below(random, 900);
        if (below(random, 5) == 0) {
            options->parity = NULL;
        }
    }
}

static uint64_t run_faults(uint64_t seed) {
    struct wan_pair pair;
    struct random random = random_of(seed, 7);
    pair_init(&pair, seed);
    disturb(&pair, &random);
    pair_start(&pair);
    for (uint64_t left = 1 + below(&random, 12); left > 0; left--) {
        uint64_t bytes = 1 + below(&random, UINT64_C(1) << below(&random, 22));
        enum link_class class = (enum link_class)below(&random, LINK_CLASSES);
        int end = pair.ends[1].wan ? (int)below(&random, 2) : 0;
        pair_submit(&pair, end, class, bytes);
        pair_run_to(&pair, pair.now_ns + below(&random, PAIR_SECOND));
    }
    bool done = pair_run(&pair, pair.now_ns + 580 * PAIR_SECOND);
    if (!done) {
        for (int i = 0; i < 2; i++) {
            struct link_stats stats;
            wan_stats(pair.ends[i].wan, pair.now_ns, &stats);
            fprintf(stderr, "end %d: %d of %d delivered, state %d, rate %d, wire %d, next %g\n", i,
                    (int)pair.ends[i].delivered, (int)pair.ends[i].outgoing_count, (int)stats.state,
                    (int)stats.rate_bps, (int)stats.wire_bytes,
                    ((double)wan_next_timeout(pair.ends[i].wan) - (double)pair.now_ns) / 1e9);
        }
        fail_msg("seed %d: down %d %d (%s)", (int)seed, pair.ends[0].down, pair.ends[1].down,
                 satsync_status_name(pair.ends[0].down_status));
    }
    uint64_t trace = pair.trace;
    pair_fini(&pair);
    return trace;
}

static void test_random_faults_end_with_every_byte_delivered_once(void **state) {
    (void)state;
    const char *wish = getenv("WAN_FAULT_SEEDS");
    uint64_t seeds = wish ? strtoull(wish, NULL, 10) : 220;
    const char *first = getenv("WAN_FAULT_FIRST");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
    for (uint64_t last = seed + seeds; seed < last; seed++) {
        if (wish) {
            fprintf(stderr, "seed %d\n", (int)seed);
        }
        run_faults(seed);
    }
}

static void test_a_seed_gives_the_same_packets_again(void **state) {
    (void)state;
    uint64_t all = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t trace = run_faults(seed);
        assert_true(run_faults(seed) == trace);
        all = all * 31 + trace;
    }
    /* Every compiler and level must print the same. */
    printf("packet trace of 20 seeds: %016" PRIx64 "\n", all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_faults_end_with_every_byte_delivered_once),
        cmocka_unit_test(test_a_seed_gives_the_same_packets_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
