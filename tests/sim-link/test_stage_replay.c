#include "sim-link/stage_replay.h"

#include "support/chain.h"
#include "support/cmocka.h"

static const uint64_t at_ns[] = {1000000, 1000000, 3000000, 10000000};
static const struct stage_replay_options OPTIONS = {.trace = {at_ns, 4, 1500}};

static void test_each_opportunity_carries_one_packet_and_the_list_repeats(void **state) {
    (void)state;
    struct chain chain;
    chain_init(&chain, stage_replay_new(&OPTIONS, NULL), 20);
    for (int i = 0; i < 10; i++) {
        chain_push(&chain, 0, 1500);
    }
    chain_run(&chain, 100000000);
    const uint64_t due_ms[] = {1, 1, 3, 10, 11, 11, 13, 20, 21, 21};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(chain.out[i].time_ns, due_ms[i] * 1000000);
    }
    chain_fini(&chain);
}

static void test_1504_bytes_leave_one_packet_and_4_bytes_of_the_next(void **state) {
    (void)state;
    struct stage_replay_options options = OPTIONS;
    options.trace.opportunity_bytes = 1504;
    struct chain chain;
    chain_init(&chain, stage_replay_new(&options, NULL), 1000);
    for (int i = 0; i < 800; i++) {
        chain_push(&chain, 0, 1500);
    }
    chain_run(&chain, TIME_NEVER / 2);
    /* 375 opportunities save 1500 bytes, one whole packet: by the 750th two are saved. */
    assert_int_equal(chain.out[375].time_ns, chain.out[374].time_ns);
    assert_int_equal(chain.delivered, 800);
    chain_fini(&chain);
}

static void test_small_packets_share_and_unused_room_is_lost(void **state) {
    (void)state;
    struct chain chain;
    chain_init(&chain, stage_replay_new(&OPTIONS, NULL), 20);
    for (int i = 0; i < 4; i++) {
        chain_push(&chain, 500000, 500);
    }
    chain_push(&chain, 2000000, 1500);
    chain_run(&chain, 9000000);
    assert_int_equal(chain.out[2].time_ns, 1000000);
    assert_int_equal(chain.out[3].time_ns, 1000000);
    assert_int_equal(chain.out[4].time_ns, 3000000);
    /* Nobody was there at 10 and 11 ms. */
    chain_push(&chain, 12000000, 1500);
    chain_run(&chain, 100000000);
    assert_int_equal(chain.out[5].time_ns, 13000000);
    chain_fini(&chain);
}

static void test_long_idle_skips_whole_rounds(void **state) {
    (void)state;
    struct chain chain;
    chain_init(&chain, stage_replay_new(&OPTIONS, NULL), 3);
    chain_push(&chain, 86400000000000, 1500);
    chain_run(&chain, TIME_NEVER / 2);
    /* The round ends there: its last opportunity is at that very time. */
    assert_int_equal(chain.out[0].time_ns, 86400000000000);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_opportunity_carries_one_packet_and_the_list_repeats),
        cmocka_unit_test(test_1504_bytes_leave_one_packet_and_4_bytes_of_the_next),
        cmocka_unit_test(test_small_packets_share_and_unused_room_is_lost),
        cmocka_unit_test(test_long_idle_skips_whole_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
