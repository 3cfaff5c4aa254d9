#include "bench/outer_step.h"

#include "support/cmocka.h"

#include <satsync/status.h>
#include <stdio.h>

static void run(const char *values, const char *link, struct row *row) {
    char text[256];
    struct scenario scenario;
    struct satsync_error error = {0};
    snprintf(text, sizeof text, "kind outer\nvalues %s\nlink %s\nbytes 100000\nseeds 1\n", values,
             link);
    *row = (struct row){0};
    if (scenario_parse("small", text, &scenario, &error) != SATSYNC_OK ||
        outer_step_run(&scenario, row, &error) != SATSYNC_OK) {
        fail_msg("%s over %s: %s", values, link, error.message);
    }
}

/* The run itself compares the hashes of all sites' states. */
static void test_sites_agree_over_the_real_long_haul(void **state) {
    (void)state;
    const char *const values[] = {"fp32", "bf16", "int8"};
    const char *const links[] = {"plain?rate=20M&rtt=200ms&loss=2%", "leo-isl"};
    for (size_t v = 0; v < 3; v++) {
        for (size_t l = 0; l < 2; l++) {
            struct row row;
            run(values[v], links[l], &row);
            assert_true(row.median.time_ns > row.median.floor_ns);
            assert_true(row.bytes <= 100000 && row.bytes > 95000);
        }
    }
}

static void test_the_time_is_a_function_of_the_seed(void **state) {
    (void)state;
    struct row rows[2];
    run("int8", "plain?rate=50M&rtt=40ms&loss=1%", &rows[0]);
    run("int8", "plain?rate=50M&rtt=40ms&loss=1%", &rows[1]);
    assert_int_equal(rows[0].median.time_ns, rows[1].median.time_ns);
    assert_int_equal(rows[0].worst.time_ns, rows[1].worst.time_ns);
}

/* What the exchange takes is seen without overlap, and gone with it. */
static void test_overlap_hides_the_exchange(void **state) {
    (void)state;
    struct row rows[2];
    const char *const training = "inner-steps 20\ninner-time 40ms\n";
    for (int overlapped = 0; overlapped < 2; overlapped++) {
        char text[256];
        struct scenario scenario;
        struct satsync_error error = {0};
        snprintf(text, sizeof text,
                 "kind outer\nlink plain?rate=50M&rtt=60ms\nbytes 100000\nseeds 1\n%s%s", training,
                 overlapped ? "overlap 10\n" : "");
        rows[overlapped] = (struct row){0};
        assert_int_equal(scenario_parse("small", text, &scenario, &error), SATSYNC_OK);
        assert_int_equal(outer_step_run(&scenario, &rows[overlapped], &error), SATSYNC_OK);
    }
    assert_true(rows[0].median.time_ns > 860 * UINT64_C(1000000));
    assert_true(rows[1].median.time_ns < 820 * UINT64_C(1000000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sites_agree_over_the_real_long_haul),
        cmocka_unit_test(test_the_time_is_a_function_of_the_seed),
        cmocka_unit_test(test_overlap_hides_the_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
