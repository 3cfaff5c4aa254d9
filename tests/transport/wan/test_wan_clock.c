/* Silence: outages are sat out, a dead path ends the link, and time is accounted. */
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <stdio.h>

enum { MIB = 1 << 20 };

static void set_up(struct wan_pair *pair, uint64_t seed, uint64_t rate_bps, uint64_t rtt_ns) {
    pair_init(pair, seed);
    for (int i = 0; i < 2; i++) {
        pair->paths[i].rate_bps = rate_bps;
        pair->paths[i].delay_ns = rtt_ns / 2;
        pair->ends[i].options.rate_bps = rate_bps;
    }
}

static uint64_t time_of(uint64_t dark_ns, struct link_stats *stats) {
    struct wan_pair pair;
    set_up(&pair, 1, 50000000, 600 * PAIR_MS);
    for (int i = 0; i < 2; i++) {
        pair.paths[i].dark_from_ns = 4 * PAIR_SECOND;
        pair.paths[i].dark_until_ns = 4 * PAIR_SECOND + dark_ns;
    }
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 32 * MIB);
    assert_true(pair_run(&pair, 1000 * PAIR_SECOND));
    wan_stats(pair.ends[0].wan, pair.now_ns, stats);
    uint64_t took = pair.ends[1].incoming[0].received_ns - PAIR_SECOND;
    pair_fini(&pair);
    return took;
}

static void test_after_an_outage_the_former_rate_returns_within_round_trips(void **state) {
    (void)state;
    static const uint64_t DARK_S[] = {20, 60, 300};
    struct link_stats stats;
    uint64_t without = time_of(0, &stats);
    assert_int_equal(stats.waiting_ns, 0);
    for (size_t i = 0; i < sizeof DARK_S / sizeof DARK_S[0]; i++) {
        uint64_t dark = DARK_S[i] * PAIR_SECOND;
        uint64_t took = time_of(dark, &stats);
        printf("%d s dark: %.2f s more, %.1f %% again\n", (int)DARK_S[i],
               (double)(took - without - dark) / 1e9,
               100.0 * (double)stats.repeated_bytes / (32 * MIB));
        /* The round trip in flight, the probe's interval and a round trip to hear of it. */
        assert_true(took - without - dark < 3 * 600 * PAIR_MS + PAIR_SECOND);
        assert_true(stats.waiting_ns > dark - 3 * PAIR_SECOND);
        assert_true(stats.loss_ppm < 1000);
    }
}

static void test_a_dead_path_ends_the_link_after_keepalive(void **state) {
    (void)state;
    struct wan_pair pair;
    set_up(&pair, 2, 50000000, 100 * PAIR_MS);
    for (int i = 0; i < 2; i++) {
        pair.ends[i].options.keepalive_ns = 30 * PAIR_SECOND;
        pair.paths[i].dark_from_ns = 3 * PAIR_SECOND;
        pair.paths[i].dark_until_ns = TIME_NEVER;
    }
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 64 * MIB);
    pair_run_to(&pair, 32 * PAIR_SECOND);
    assert_false(pair.ends[0].down || pair.ends[1].down);
    pair_run_to(&pair, 36 * PAIR_SECOND);
    for (int i = 0; i < 2; i++) {
        assert_true(pair.ends[i].down);
        assert_int_equal(pair.ends[i].down_status, SATSYNC_NO_PATH);
    }
    assert_int_equal(pair.ends[0].outgoing[0].returned, pair.ends[0].outgoing[0].written);
    pair_fini(&pair);
}

static void test_a_blackout_as_long_as_keepalive_is_survived(void **state) {
    (void)state;
    for (uint64_t rtt_ms = 40; rtt_ms <= 2600; rtt_ms *= 8) {
        struct wan_pair pair;
        set_up(&pair, 6, 50000000, rtt_ms * PAIR_MS);
        for (int i = 0; i < 2; i++) {
            pair.ends[i].options.keepalive_ns = 30 * PAIR_SECOND;
            pair.paths[i].dark_from_ns = 8 * PAIR_SECOND;
            pair.paths[i].dark_until_ns = 38 * PAIR_SECOND;
        }
        pair_start(&pair);
        pair_submit(&pair, 0, LINK_CHECKPOINT, 64 * MIB);
        assert_true(pair_run(&pair, 100 * PAIR_SECOND));
        pair_fini(&pair);
    }
}

static void test_a_peer_that_never_answers_ends_the_link_too(void **state) {
    (void)state;
    struct wan_pair pair;
    set_up(&pair, 3, 50000000, 100 * PAIR_MS);
    pair.ends[0].options.keepalive_ns = 10 * PAIR_SECOND;
    pair.paths[0].dark_until_ns = TIME_NEVER;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CONTROL, 100);
    pair_run_to(&pair, 20 * PAIR_SECOND);
    assert_true(pair.ends[0].down);
    assert_int_equal(pair.ends[0].down_status, SATSYNC_NO_PATH);
    pair_fini(&pair);
}

static void test_an_idle_link_stays_up_and_nearly_silent(void **state) {
    (void)state;
    struct wan_pair pair;
    set_up(&pair, 4, 50000000, 600 * PAIR_MS);
    pair_start(&pair);
    pair_run_to(&pair, 10 * PAIR_SECOND);
    uint64_t before = pair.paths[0].datagrams + pair.paths[1].datagrams;
    pair_run_to(&pair, 3610 * PAIR_SECOND);
    uint64_t after = pair.paths[0].datagrams + pair.paths[1].datagrams;
    assert_false(pair.ends[0].down || pair.ends[1].down);
    assert_in_range(after - before, 100, 1500);
    pair_submit(&pair, 1, LINK_CONTROL, 100);
    assert_true(pair_run(&pair, pair.now_ns + 2 * PAIR_SECOND));
    pair_fini(&pair);
}

static void test_times_in_states_add_up(void **state) {
    (void)state;
    struct link_stats stats;
    struct wan_pair pair;
    set_up(&pair, 5, 50000000, 200 * PAIR_MS);
    pair.paths[0].loss_ppm = 30000;
    pair_start(&pair);
    pair_run_to(&pair, 2 * PAIR_SECOND);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 8 * MIB);
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    wan_stats(pair.ends[0].wan, pair.now_ns, &stats);
    assert_int_equal(stats.connecting_ns + stats.sending_ns + stats.repairing_ns +
                         stats.waiting_ns + stats.idle_ns,
                     pair.now_ns - PAIR_SECOND);
    assert_true(stats.sending_ns > PAIR_SECOND);
    assert_true(stats.connecting_ns > 0);
    pair_fini(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_an_outage_the_former_rate_returns_within_round_trips),
        cmocka_unit_test(test_a_dead_path_ends_the_link_after_keepalive),
        cmocka_unit_test(test_a_blackout_as_long_as_keepalive_is_survived),
        cmocka_unit_test(test_a_peer_that_never_answers_ends_the_link_too),
        cmocka_unit_test(test_an_idle_link_stays_up_and_nearly_silent),
        cmocka_unit_test(test_times_in_states_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
