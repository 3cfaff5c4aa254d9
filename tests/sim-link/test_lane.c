#include "sim-link/lane.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void keep(void *context, uint64_t now_ns, struct packet *packet) {
    uint64_t *last_ns = context;
    *last_ns = now_ns;
    (void)packet; /* freed with the store */
}

static void test_serialisation_and_delay_add_up(void **state) {
    (void)state;
    struct packets packets;
    packets_init(&packets, 1472, NULL);
    struct lane_plan plan = {.rate_bps = 8000000, .delay_ns = 5000};
    uint64_t last_ns = 0;
    struct lane_options options = {
        .plan = &plan, .packets = &packets, .sink = keep, .context = &last_ns};
    struct lane *lane;
    assert_int_equal(lane_open(&options, &lane, NULL), SATSYNC_OK);
    uint8_t data[972] = {0};
    struct packet header = {.bytes = sizeof data};
    lane_push(lane, 1000, &header, data);
    struct lane_counts counts;
    lane_counts(lane, &counts);
    assert_int_equal(counts.queued_packets, 1);
    while (lane_next_ns(lane) != TIME_NEVER) {
        lane_run(lane, lane_next_ns(lane));
    }
    assert_int_equal(last_ns, 1000 + 1000000 + 5000);
    lane_counts(lane, &counts);
    assert_int_equal(counts.delivered_bytes, 972);
    assert_int_equal(counts.queued_packets + counts.flying_packets, 0);
    lane_close(lane);
    packets_fini(&packets);
}

struct countdown {
    int left;
};

static void *countdown_allocate(void *context, size_t bytes) {
    struct countdown *countdown = context;
    return countdown->left-- > 0 ? malloc(bytes) : NULL;
}

static void countdown_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

static void test_each_failed_allocation_is_told(void **state) {
    (void)state;
    struct lane_plan plan = {.rate_bps = 1, .loss_ppb = 1, .jitter_ns = 1, .reorder_ppb = 1};
    uint64_t last_ns;
    for (int n = 0; n <= 7; n++) {
        struct countdown countdown = {n};
        struct allocator allocator = {countdown_allocate, countdown_release, &countdown};
        struct packets packets;
        packets_init(&packets, 100, &allocator);
        struct lane_options options = {.plan = &plan,
                                       .packets = &packets,
                                       .sink = keep,
                                       .context = &last_ns,
                                       .allocator = &allocator};
        struct lane *lane;
        enum satsync_status status = lane_open(&options, &lane, NULL);
        assert_int_equal(status, n == 7 ? SATSYNC_OK : SATSYNC_NO_MEMORY);
        lane_close(lane);
    }
}

static void test_a_packet_without_memory_is_dropped_and_counted(void **state) {
    (void)state;
    struct countdown countdown = {100};
    struct allocator allocator = {countdown_allocate, countdown_release, &countdown};
    struct packets packets;
    packets_init(&packets, 100, &allocator);
    struct lane_plan plan = {.delay_ns = 1};
    uint64_t last_ns;
    struct lane_options options = {
        .plan = &plan, .packets = &packets, .sink = keep, .context = &last_ns};
    struct lane *lane;
    assert_int_equal(lane_open(&options, &lane, NULL), SATSYNC_OK);
    countdown.left = 0;
    struct packet header = {.bytes = 10};
    uint8_t data[10] = {0};
    lane_push(lane, 0, &header, data);
    struct lane_counts counts;
    lane_counts(lane, &counts);
    assert_int_equal(counts.dropped_packets[DROP_MEMORY], 1);
    assert_int_equal(counts.dropped_bytes, 10);
    lane_close(lane);
    packets_fini(&packets);
}

static void test_a_live_lane_takes_new_figures(void **state) {
    (void)state;
    struct packets packets;
    packets_init(&packets, 1472, NULL);
    struct lane_plan plan = {.delay_ns = 5000};
    uint64_t last_ns = 0;
    struct lane_options options = {
        .plan = &plan, .live = true, .packets = &packets, .sink = keep, .context = &last_ns};
    struct lane *lane;
    assert_int_equal(lane_open(&options, &lane, NULL), SATSYNC_OK);
    uint8_t data[972] = {0};
    struct packet header = {.bytes = sizeof data};
    const struct lane_plan changed = {.rate_bps = 8000000, .delay_ns = 7000};
    lane_set(lane, &changed);
    lane_push(lane, 1000, &header, data);
    while (lane_next_ns(lane) != TIME_NEVER) {
        lane_run(lane, lane_next_ns(lane));
    }
    assert_int_equal(last_ns, 1000 + 1000000 + 7000);
    struct lane_state now;
    lane_state(lane, last_ns, &now);
    assert_int_equal(now.rate_bps, 8000000);
    const struct lane_plan lossy = {.loss_ppb = 1000000000};
    lane_set(lane, &lossy);
    lane_push(lane, last_ns, &header, data);
    while (lane_next_ns(lane) != TIME_NEVER) {
        lane_run(lane, lane_next_ns(lane));
    }
    struct lane_counts counts;
    lane_counts(lane, &counts);
    assert_int_equal(counts.dropped_packets[DROP_LOSS], 1);
    lane_close(lane);
    packets_fini(&packets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_live_lane_takes_new_figures),
        cmocka_unit_test(test_serialisation_and_delay_add_up),
        cmocka_unit_test(test_each_failed_allocation_is_told),
        cmocka_unit_test(test_a_packet_without_memory_is_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
