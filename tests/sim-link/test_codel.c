#include "sim-link/codel.h"

#include "support/cmocka.h"

#include <math.h>

static const uint64_t MS = 1000000;

static struct codel fresh(void) {
    return (struct codel){.target_ns = 5000000, .interval_ns = 100000000};
}

/* One dequeue a millisecond whose head has waited too long throughout; when drops came. */
static int drop_times(struct codel *codel, uint64_t until_ms, uint64_t *out, int limit) {
    struct codel_head late = {.waited_ns = 20000000};
    int count = 0;
    for (uint64_t ms = 0; ms < until_ms; ms++) {
        while (codel_drops(codel, ms * MS, &late)) {
            if (count < limit) {
                out[count] = ms;
            }
            count++;
        }
    }
    return count;
}

/* The first after one interval above target; the k-th gap is interval / sqrt(k), in steps of 1 ms.
 */
static void test_drops_follow_the_control_law(void **state) {
    (void)state;
    struct codel codel = fresh();
    uint64_t at_ms[20];
    int count = drop_times(&codel, 700, at_ms, 20);
    double due = 100;
    assert_true(count > 10);
    for (int k = 0; k < 10; k++) {
        assert_in_range(at_ms[k], (uint64_t)due, (uint64_t)ceil(due) + 1);
        due += 100 / sqrt(k + 1);
    }
}

static void test_a_wait_below_target_ends_dropping(void **state) {
    (void)state;
    struct codel codel = fresh();
    uint64_t at_ms[4];
    assert_true(drop_times(&codel, 250, at_ms, 4) >= 2);
    assert_true(codel.dropping);
    struct codel_head fine = {.waited_ns = 4999999};
    assert_false(codel_drops(&codel, 260 * MS, &fine));
    assert_false(codel.dropping);
    /* A whole interval must pass again. */
    struct codel_head late = {.waited_ns = 20000000};
    for (uint64_t ms = 261; ms < 361; ms++) {
        assert_false(codel_drops(&codel, ms * MS, &late));
    }
    assert_true(codel_drops(&codel, 361 * MS, &late));
}

static void test_soon_after_it_starts_at_the_rate_it_had(void **state) {
    (void)state;
    struct codel codel = fresh();
    uint64_t at_ms[64];
    drop_times(&codel, 900, at_ms, 64);
    uint32_t count = codel.count;
    uint32_t last_count = codel.last_count;
    struct codel_head fine = {.waited_ns = 0};
    struct codel_head late = {.waited_ns = 20000000};
    assert_true(count > 4);
    assert_false(codel_drops(&codel, 900 * MS, &fine));
    for (uint64_t ms = 901; !codel_drops(&codel, ms * MS, &late); ms++) {
        assert_true(ms < 1010);
    }
    assert_false(codel_drops(&codel, 1002 * MS, &late));
    assert_int_equal(codel.count, count - last_count);
}

static void test_a_queue_of_one_packet_is_never_dropped_from(void **state) {
    (void)state;
    struct codel codel = fresh();
    struct codel_head alone = {.waited_ns = 500000000, .alone = true};
    struct codel_head empty = {.empty = true};
    for (uint64_t ms = 0; ms < 1000; ms++) {
        assert_false(codel_drops(&codel, ms * MS, ms < 500 ? &alone : &empty));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drops_follow_the_control_law),
        cmocka_unit_test(test_a_wait_below_target_ends_dropping),
        cmocka_unit_test(test_soon_after_it_starts_at_the_rate_it_had),
        cmocka_unit_test(test_a_queue_of_one_packet_is_never_dropped_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
