#include "sim-link/sim.h"

#include "sim-link/profile.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

static void release(void *context, uint64_t now_ns, struct packet *packet) {
    (void)now_ns;
    sim_release(*(struct sim **)context, packet);
}

static void check_conservation(const struct lane *lane) {
    struct lane_counts counts;
    lane_counts(lane, &counts);
    uint64_t out = counts.delivered_packets + counts.queued_packets + counts.flying_packets;
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        out += counts.dropped_packets[cause];
    }
    assert_int_equal(counts.entered_packets + counts.duplicated_packets, out);
}

static const char HARD[] = "plain?rate=20M&rtt=30ms&loss=2%&burst=5&jitter=3ms&queue=20ms&"
                           "reorder=1%&duplicate=1%&corrupt=1%&outage=50ms&outage-every=400ms";

/* Two lanes under random load of random sizes for two seconds; its trace. */
static void run(const char *link, uint64_t seed, char out[TRACE_HASH_TEXT_BYTES]) {
    struct profile profile;
    struct sim *sim;
    struct lane *lanes[2];
    struct sim_options options = {.start_ns = 11000000000};
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    assert_int_equal(sim_open(&options, &sim, NULL), SATSYNC_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct sim_lane lane = {.plan = i == 0 ? &profile.there : &profile.back,
                                .identity = {.seed = seed, .direction = i},
                                .sink = release,
                                .context = &sim};
        assert_int_equal(sim_add(sim, &lane, &lanes[i], NULL), SATSYNC_OK);
    }
    struct random random = random_of(seed, 1000);
    uint8_t data[1472];
    random_bytes(&random, data, sizeof data);
    for (int i = 0; i < 4000; i++) {
        uint64_t at_ns = sim_now_ns(sim) + random_below(&random, 1000000);
        while (sim_next_ns(sim) <= at_ns) {
            assert_true(sim_step(sim));
            check_conservation(lanes[0]);
            check_conservation(lanes[1]);
        }
        sim_run_until(sim, at_ns);
        struct packet header = {.bytes = (uint32_t)random_below(&random, sizeof data) + 1};
        sim_push(sim, lanes[random_below(&random, 2)], &header, data);
    }
    while (sim_step(sim)) {
        check_conservation(lanes[0]);
        check_conservation(lanes[1]);
    }
    assert_int_equal(sim_packets(sim), 0);
    trace_hash_text(sim_trace(sim), out);
    sim_close(sim);
}

/* Every compiler and optimisation level must give these. When the emulation is changed on purpose,
 * the test prints the new list. */
static const char *const golden[20] = {
    "2bd8583522b918f392247cb61589e93d", "bc52610281cc767613aab4ae3db9ec34",
    "5f2822a481c916829223c25bbd77318e", "d356724f56c06c28b6f40a8910355cb4",
    "acb2684b7e87f0e302ed69f99d236e31", "2ff107eb719e82b87b679e82f15f836e",
    "e2e78fc883b6a20160ca7e3691d99cee", "9bece928921a9a4045468782d304931a",
    "58edeb42ebcbfc5195bf486dbf96b567", "0b79f39bc1b26afb804b4ed6ead01ce8",
    "11d6d70226620f0604be6aa215521f1b", "c691585fffa84309aa0951019eb62100",
    "9648f08de512cc61e2c3608d55c11fe5", "26903f32c58f0cae6c440658a1405303",
    "8b85dd9d01abfde0b2e8aeb347da7182", "1db4983a7d2097d1da49dc186c7b6997",
    "0e8abad712cce87e073abae08447c26c", "04dd3589f6c8bfc2c6787624fb0e10e6",
    "f87964db5ac519802ca181f9cbb69b67", "033f5a7b1cf0ed159f836685f6bfffe7",
};

static void test_twenty_seeds_give_their_golden_traces(void **state) {
    (void)state;
    bool same = true;
    for (uint64_t seed = 0; seed < 20; seed++) {
        char text[TRACE_HASH_TEXT_BYTES];
        run(seed % 2 == 0 ? HARD : seed % 4 == 1 ? "leo-bent" : "leo-isl", seed, text);
        print_message("    \"%s\",\n", text);
        same = same && strcmp(text, golden[seed]) == 0;
    }
    assert_true(same);
}

static void test_another_seed_gives_another_trace(void **state) {
    (void)state;
    char a[TRACE_HASH_TEXT_BYTES];
    char b[TRACE_HASH_TEXT_BYTES];
    run(HARD, 1, a);
    run(HARD, 2, b);
    assert_string_not_equal(a, b);
    run(HARD, 1, b);
    assert_string_equal(a, b);
}

static void test_the_past_is_not_run_again(void **state) {
    (void)state;
    struct sim *sim;
    struct sim_options options = {.start_ns = 100};
    assert_int_equal(sim_open(&options, &sim, NULL), SATSYNC_OK);
    sim_run_until(sim, 50);
    assert_int_equal(sim_now_ns(sim), 100);
    assert_false(sim_step(sim));
    assert_true(sim_next_ns(sim) == TIME_NEVER);
    sim_close(sim);
}

struct order {
    struct sim *sim;
    uint32_t flows[200];
    size_t count;
};

static void note_order(void *context, uint64_t now_ns, struct packet *packet) {
    struct order *order = context;
    (void)now_ns;
    order->flows[order->count++] = packet->flow;
    sim_release(order->sim, packet);
}

static void test_lanes_due_at_once_run_in_the_order_they_were_added(void **state) {
    (void)state;
    struct order order = {.count = 0};
    struct lane *lanes[100];
    struct sim_options options = {.untraced = true, .without_content = true};
    assert_int_equal(sim_open(&options, &order.sim, NULL), SATSYNC_OK);
    for (uint32_t i = 0; i < 100; i++) {
        /* Two groups: the odd ones are due at 1 ms, the even ones at 2 ms. */
        struct lane_plan plan = {.delay_ns = i % 2 ? 1000000 : 2000000};
        struct sim_lane lane = {&plan, {.seed = 1, .link = i}, note_order, &order};
        assert_int_equal(sim_add(order.sim, &lane, &lanes[i], NULL), SATSYNC_OK);
    }
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t which = i * 37 % 100;
        struct packet header = {.bytes = 1000, .flow = which};
        sim_push(order.sim, lanes[which], &header, NULL);
    }
    while (sim_step(order.sim)) {
        continue;
    }
    assert_int_equal(order.count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(order.flows[i], i < 50 ? 2 * i + 1 : 2 * (i - 50));
    }
    sim_close(order.sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lanes_due_at_once_run_in_the_order_they_were_added),
        cmocka_unit_test(test_twenty_seeds_give_their_golden_traces),
        cmocka_unit_test(test_another_seed_gives_another_trace),
        cmocka_unit_test(test_the_past_is_not_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
