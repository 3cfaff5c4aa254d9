#include "sim-link/red.h"

#include "sim-link/fixed.h"
#include "support/cmocka.h"

static struct red fresh(void) {
    return (struct red){.most_ppb = 100000000, .random = random_of(5, 5), .since_drop = -1};
}

static int drops_of(struct red *red, uint64_t queued_bytes, int arrivals) {
    struct red_arrival arrival = {
        .queued_bytes = queued_bytes, .least_bytes = 10000, .most_bytes = 30000};
    int drops = 0;
    for (int i = 0; i < arrivals; i++) {
        drops += red_drops(red, &arrival);
    }
    return drops;
}

static void test_nothing_below_and_everything_above(void **state) {
    (void)state;
    struct red red = fresh();
    assert_int_equal(drops_of(&red, 9000, 10000), 0);
    drops_of(&red, 40000, 10000);
    assert_int_equal(drops_of(&red, 40000, 1000), 1000);
}

/* Gaps between drops are uniform on 1 .. 1/p, so one in (1/p + 1) / 2 is dropped. Half-way p is 5
 * %. */
static void test_between_the_share_rises_with_the_mean(void **state) {
    (void)state;
    struct red red = fresh();
    drops_of(&red, 20000, 10000);
    assert_in_range(red.mean_q16 / Q16_ONE, 19000, 20000);
    int drops = drops_of(&red, 20000, 100000);
    assert_in_range(drops, 8800, 10200);
}

static void test_an_idle_line_lets_the_mean_decay(void **state) {
    (void)state;
    struct red red = fresh();
    drops_of(&red, 20000, 10000);
    struct red_arrival after = {.idle_packets = 355, .least_bytes = 1, .most_bytes = 1000000};
    uint64_t before = red.mean_q16;
    red_drops(&red, &after);
    /* (1 - 1/512)^355 is 0.5. */
    assert_in_range(red.mean_q16 * 1000 / before, 490, 505);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_below_and_everything_above),
        cmocka_unit_test(test_between_the_share_rises_with_the_mean),
        cmocka_unit_test(test_an_idle_line_lets_the_mean_decay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
