#include "bench/emulator_speed.h"

#include "support/cmocka.h"

#include <string.h>

static double figure_of(const struct row *row, const char *name) {
    for (size_t i = 0; i < row->figure_count; i++) {
        if (strcmp(row->figures[i].name, name) == 0) {
            return row->figures[i].value;
        }
    }
    fail_msg("no figure %s", name);
    return 0;
}

static void test_a_run_says_what_it_carried(void **state) {
    (void)state;
    struct row row = {.load = 0};
    struct scenario scenario = {
        .link = "plain?rate=100M&down.loss=25%", .bytes = 30000000, .seeds = 3};
    assert_int_equal(emulator_speed_run(&scenario, &row, NULL), SATSYNC_OK);
    assert_int_equal(row.bytes, 30000000);
    assert_int_equal(row.runs, 3);
    assert_int_equal(row.median.floor_ns, 2000000); /* 20,000 packets */
    assert_true(row.median.time_ns > 0 && row.worst.share_ppm <= row.median.share_ppm);
    double delivered = figure_of(&row, "delivered_percent");
    assert_true(delivered > 73 && delivered < 77);
    assert_true(figure_of(&row, "million_packets_per_s") > 0);
}

static void test_what_cannot_be_measured_is_refused(void **state) {
    (void)state;
    struct row row = {.load = 0};
    struct satsync_error error;
    struct scenario scenario = {.link = "plain", .bytes = 1499, .seeds = 1};
    assert_int_equal(emulator_speed_run(&scenario, &row, &error), SATSYNC_INVALID);
    scenario.bytes = 1500;
    strcpy(scenario.link, "plian");
    assert_int_equal(emulator_speed_run(&scenario, &row, &error), SATSYNC_NOT_FOUND);
    assert_non_null(strstr(error.message, "plain"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_says_what_it_carried),
        cmocka_unit_test(test_what_cannot_be_measured_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
