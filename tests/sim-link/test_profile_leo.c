#include "sim-link/profile_leo.h"

#include "sim-link/net_sim.h"
#include "support/cmocka.h"

enum { MS = 1000000 };

/* Sends a small packet each `step_ns` of an hour and gives what became of them. */
static struct lane_counts ping(const char *link, uint64_t step_ns, uint64_t *longest_gap_ns) {
    struct profile profile;
    struct net_sim *world;
    struct net *a;
    struct net *b;
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    struct net_sim_options options = {.seed = profile.seed};
    assert_int_equal(net_sim_open(&options, &world, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world, &a, NULL), SATSYNC_OK);
    assert_int_equal(net_sim_add(world, &b, NULL), SATSYNC_OK);
    struct net_sim_join join = {0, 1, &profile.there, &profile.back};
    assert_int_equal(net_sim_join(world, &join, NULL, NULL), SATSYNC_OK);
    uint8_t data[32] = {0};
    struct net_batch batch = {.data = data, .bytes = 32, .segment_bytes = 32};
    assert_int_equal(a->ops->resolve(a, "sim:1", &batch.peer, NULL), SATSYNC_OK);
    struct net_batch got;
    uint64_t last_ns = 0;
    *longest_gap_ns = 0;
    for (uint64_t now_ns = 0; now_ns < 3600000ull * MS; now_ns += step_ns) {
        net_sim_run_until(world, now_ns);
        assert_int_equal(a->ops->send(a, &batch), SATSYNC_OK);
        while (b->ops->receive(b, &got)) {
            uint64_t gap_ns = got.time_ns - last_ns;
            *longest_gap_ns = gap_ns > *longest_gap_ns ? gap_ns : *longest_gap_ns;
            last_ns = got.time_ns;
        }
    }
    struct lane_counts counts;
    net_sim_counts(world, 0, 0, &counts);
    net_sim_close(world);
    return counts;
}

static void test_bent_pipe_loses_about_one_in_700(void **state) {
    (void)state;
    uint64_t gap_ns;
    struct lane_counts counts = ping("leo-bent", 5 * MS, &gap_ns);
    uint64_t lost = counts.dropped_packets[DROP_LOSS] + counts.dropped_packets[DROP_GATE];
    assert_in_range(lost * 1000000 / counts.entered_packets, 1000, 2600);
    assert_in_range(gap_ns, 60 * MS, 400 * MS);
}

static void test_laser_links_are_silent_for_700_ms_each_15_s(void **state) {
    (void)state;
    uint64_t gap_ns;
    struct lane_counts counts = ping("leo-isl", 5 * MS, &gap_ns);
    /* 510 of 15000 ms, and 0.1 %. */
    uint64_t lost = counts.dropped_packets[DROP_LOSS] + counts.dropped_packets[DROP_GATE];
    assert_in_range(lost * 1000000 / counts.entered_packets, 33500, 36500);
    assert_in_range(gap_ns, 700 * MS, 1000 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bent_pipe_loses_about_one_in_700),
        cmocka_unit_test(test_laser_links_are_silent_for_700_ms_each_15_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
