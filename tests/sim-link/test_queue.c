#include "sim-link/queue.h"

#include "sim-link/stage_rate.h"
#include "support/chain.h"
#include "support/cmocka.h"

/* 12 Mbit/s: a packet of 1500 bytes each millisecond. */
static const struct stage_rate_options TWELVE = {
    .rate_bps = 12000000, .queue = {.codel_target_ns = 5000000, .codel_interval_ns = 100000000}};

/* Twice what the line carries, for three seconds; packets that left. */
static struct chain overload(const struct stage_rate_options *options) {
    struct chain chain;
    chain_init(&chain, stage_rate_new(options, NULL), 5000);
    for (uint64_t i = 0; i < 6000; i++) {
        chain_push(&chain, i * 500000, 1500);
    }
    return chain;
}

static void test_codel_drops_at_the_head_and_droptail_at_the_tail(void **state) {
    (void)state;
    struct stage_rate_options options = TWELVE;
    options.queue.limit_packets = 1000;
    struct chain tail = overload(&options);
    assert_int_equal(tail.dropped[DROP_AQM], 0);
    assert_true(tail.dropped[DROP_QUEUE] > 1900);
    options.queue.discipline = QUEUE_CODEL;
    struct chain head = overload(&options);
    assert_true(head.dropped[DROP_AQM] > 20);
    assert_true(head.dropped[DROP_AQM] + head.dropped[DROP_QUEUE] < tail.dropped[DROP_QUEUE] + 100);
    chain_fini(&tail);
    chain_fini(&head);
}

static void test_droptail_is_exact_at_its_limit(void **state) {
    (void)state;
    struct stage_rate_options options = TWELVE;
    options.queue.limit_packets = 4; /* the one in transmission is one of them */
    struct chain chain;
    chain_init(&chain, stage_rate_new(&options, NULL), 20);
    for (int i = 0; i < 10; i++) {
        chain_push(&chain, 0, 1500);
    }
    assert_int_equal(chain.dropped[DROP_QUEUE], 6);
    chain_push(&chain, 1000000, 1500); /* one has left */
    chain_push(&chain, 1000000, 1500);
    assert_int_equal(chain.dropped[DROP_QUEUE], 7);
    chain_fini(&chain);
}

/* A source that halves whenever one of its packets is dropped keeps CoDel's queue near its target.
 */
static void test_codel_keeps_a_yielding_source_near_its_target(void **state) {
    (void)state;
    struct stage_rate_options options = TWELVE;
    options.queue.discipline = QUEUE_CODEL;
    struct chain chain;
    chain_init(&chain, stage_rate_new(&options, NULL), 0);
    uint64_t gap_ns = 1000000;
    uint64_t dropped = 0;
    uint64_t queued = 0;
    uint64_t now_ns = 0;
    for (int i = 0; i < 60000; i++) {
        now_ns += gap_ns;
        chain_push(&chain, now_ns, 1500);
        gap_ns = gap_ns > 400000 ? gap_ns - 400 : gap_ns;
        if (chain.dropped[DROP_AQM] > dropped) {
            dropped = chain.dropped[DROP_AQM];
            gap_ns = gap_ns < 1500000 ? gap_ns * 2 : gap_ns;
        }
        queued += chain.stage->held;
    }
    /* Packets are milliseconds here. */
    assert_in_range(queued / 60000, 1, 25);
    chain_fini(&chain);
}

static void test_ecn_marks_what_would_be_dropped(void **state) {
    (void)state;
    struct stage_rate_options options = TWELVE;
    options.queue.discipline = QUEUE_CODEL;
    options.queue.marks = true;
    struct chain chain;
    chain_init(&chain, stage_rate_new(&options, NULL), 0);
    for (uint64_t i = 0; i < 2000; i++) {
        struct packet *packet = packets_take(&chain.packets);
        chain_run(&chain, i * 500000);
        packet->wire_bytes = 1500;
        packet->ecn = i % 2 ? 2 : 0;
        chain.entered++;
        chain.stage->ops->push(chain.stage, i * 500000, packet);
    }
    uint64_t marked = stage_rate_queue(chain.stage)->marked_packets;
    assert_true(marked > 3);
    assert_true(chain.dropped[DROP_AQM] > 3);
    chain_fini(&chain);
}

static void test_red_drops_before_the_queue_is_full(void **state) {
    (void)state;
    struct stage_rate_options options = TWELVE;
    options.queue.discipline = QUEUE_RED;
    options.queue.limit_packets = 100;
    options.queue.red_least_ns = 5000000;
    options.queue.red_most_ns = 50000000;
    options.queue.red_ppb = 100000000;
    options.queue.random = random_of(1, 1);
    struct chain chain = overload(&options);
    assert_true(chain.dropped[DROP_AQM] > 2500);
    assert_true(chain.dropped[DROP_QUEUE] < 400);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codel_drops_at_the_head_and_droptail_at_the_tail),
        cmocka_unit_test(test_droptail_is_exact_at_its_limit),
        cmocka_unit_test(test_codel_keeps_a_yielding_source_near_its_target),
        cmocka_unit_test(test_ecn_marks_what_would_be_dropped),
        cmocka_unit_test(test_red_drops_before_the_queue_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
