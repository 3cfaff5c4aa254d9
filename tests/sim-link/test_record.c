#include "sim-link/record.h"

#include "support/cmocka.h"
#include "support/recorded.h"

#include <string.h>
#include <unistd.h>

static void test_what_is_not_asked_for_is_not_written(void **state) {
    (void)state;
    struct recorded recorded;
    recorded_name(&recorded);
    struct record_options options = {.timeline = {.path = recorded.series}};
    recorded_run(&recorded, "lan", &options);
    assert_int_equal(access(recorded.series, F_OK), 0);
    assert_int_equal(access(recorded.capture, F_OK), -1);
    recorded_end(&recorded);
}

static void test_a_full_disk_is_told_at_the_end(void **state) {
    (void)state;
    struct sim *sim;
    struct record record;
    struct satsync_error error;
    struct sim_options sim_options = {.start_ns = 0};
    struct record_options options = {.capture = {.path = "/dev/full"}};
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(sim_open(&sim_options, &sim, NULL), SATSYNC_OK);
    assert_int_equal(record_open(&options, sim, &record, NULL), SATSYNC_OK);
    assert_int_equal(record_close(&record, &error), SATSYNC_NO_SPACE);
    assert_string_equal(error.subject, "/dev/full");
    options = (struct record_options){.timeline = {.path = "/dev/full"}};
    assert_int_equal(record_open(&options, sim, &record, NULL), SATSYNC_OK);
    assert_int_equal(record_close(&record, &error), SATSYNC_NO_SPACE);
    sim_close(sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_asked_for_is_not_written),
        cmocka_unit_test(test_a_full_disk_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
