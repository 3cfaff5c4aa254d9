#include "sim-link/check/samples.h"

#include "base/memory.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum satsync_status read_text(const char *text, struct samples *samples,
                                     struct satsync_error *error) {
    char path[] = "/tmp/satsync-samples-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    enum satsync_status status = samples_read(path, samples, error);
    unlink(path);
    return status;
}

static void test_days_end_where_nothing_was_measured(void **state) {
    (void)state;
    struct samples samples;
    assert_int_equal(
        read_text("unix_s,ms\n1000.5,20\n1001,21.5,0.1\n1002,\n9000,30\n", &samples, NULL),
        SATSYNC_OK);
    assert_int_equal(samples.count, 3);
    assert_int_equal(samples.days, 2);
    struct distribution rtts;
    struct samples_part rest = {0, 1};
    assert_int_equal(samples_rtts(&samples, rest, &rtts), SATSYNC_OK);
    assert_int_equal(rtts.count, 1);
    assert_true(rtts.values[0] == 30);
    memory_free(NULL, rtts.values);
    samples_fini(&samples);
}

static void test_lines_that_cannot_be_are_named(void **state) {
    (void)state;
    const char *texts[] = {"a,b\n", "t,ms\n5,3\nx,4\n", "5,3\n4,3\n", "5,-3\n", "5 3\n", "5,nan\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct samples samples;
        struct satsync_error error;
        assert_int_equal(read_text(texts[i], &samples, &error), SATSYNC_INVALID);
        assert_non_null(strstr(error.message, i == 0 ? "no measurement" : "line"));
    }
}

/* Slots begin at second 12: medians 10, 30, 25, and one with too few samples, which ends a run. */
static void test_jumps_are_between_medians_of_neighbouring_slots(void **state) {
    (void)state;
    struct samples samples = {.at = NULL};
    for (int second = 12; second < 72; second++) {
        double rtt_ms = second < 27 ? 10 : second < 42 ? 30 : second < 57 ? 25 : 99;
        if (second < 59) {
            assert_int_equal(samples_add(&samples, second, second % 7 ? rtt_ms : 50), SATSYNC_OK);
        }
    }
    struct distribution jumps;
    struct samples_part all = {.all_but = -1};
    assert_int_equal(samples_jumps(&samples, all, &jumps), SATSYNC_OK);
    assert_int_equal(jumps.count, 2);
    assert_true(jumps.values[0] == 5 && jumps.values[1] == 20);
    memory_free(NULL, jumps.values);
    samples_fini(&samples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_end_where_nothing_was_measured),
        cmocka_unit_test(test_lines_that_cannot_be_are_named),
        cmocka_unit_test(test_jumps_are_between_medians_of_neighbouring_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
