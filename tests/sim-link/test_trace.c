#include "sim-link/trace.h"

#include "support/cmocka.h"

#include <string.h>

static enum satsync_status parse(const char *text, struct trace *trace,
                                 struct satsync_error *error) {
    struct trace_text named = {"link.trace", text, strlen(text)};
    return trace_parse(&named, NULL, trace, error);
}

static void test_mahimahi_lines_are_milliseconds(void **state) {
    (void)state;
    struct trace trace;
    assert_int_equal(parse("0\n0\n12\n\n40", &trace, NULL), SATSYNC_OK);
    assert_int_equal(trace.replay.count, 4);
    assert_int_equal(trace.replay.at_ns[2], 12000000);
    assert_int_equal(trace.replay.at_ns[3], 40000000);
    assert_int_equal(trace.replay.opportunity_bytes, 1500);
    trace_fini(&trace);
}

static void test_ours_gives_rate_delay_and_loss(void **state) {
    (void)state;
    struct trace trace;
    const char *text = "# satsync-link trace 1\n0 1000000 5000 -\n# so far\n"
                       "1500 0 7000 -\n9000 end\n";
    assert_int_equal(parse(text, &trace, NULL), SATSYNC_OK);
    assert_int_equal(trace.replay.count, 0);
    assert_int_equal(trace.rate.count, 2);
    assert_int_equal(trace.rate.period_ns, 9000);
    assert_int_equal(trace.rate.steps[1].value, 0);
    assert_int_equal(trace.delay_count, 3);
    assert_int_equal(trace.delay[1].delay_ns, 7000);
    assert_int_equal(trace.delay[2].at_ns, 9000);
    assert_null(trace.loss.steps);
    trace_fini(&trace);
}

static void test_what_is_wrong_is_named_with_its_line(void **state) {
    (void)state;
    const struct {
        const char *text;
        const char *where;
    } cases[] = {
        {"", "empty"},
        {"\n\n", "empty"},
        {"0\n0\n", "ends at 0"},
        {"-3\n", "line 1"},
        {"1\nx\n", "line 2"},
        {"1.5\n", "line 1"},
        {"5\n4\n", "line 2"},
        {"1 2\n", "line 1"},
        {"99999999999999999999\n", "line 1"},
        {"# satsync-link trace 1\n", "empty"},
        {"# satsync-link trace 1\n5 1 1 1\n9 end", "line 2"},
        {"# satsync-link trace 1\n0 1 1 1\n", "cut short"},
        {"# satsync-link trace 1\n0 1 1 1\n0 2 2 2\n9 end", "line 3"},
        {"# satsync-link trace 1\n0 1 1 1\n5 -2 2 2\n9 end", "line 3"},
        {"# satsync-link trace 1\n0 1 1 1\n5 1 1 1000000001\n9 end", "line 3"},
        {"# satsync-link trace 1\n0 1 1 1\n5 1 - 1\n9 end", "line 3"},
        {"# satsync-link trace 1\n0 1 1\n9 end", "line 2"},
        {"# satsync-link trace 1\n0 1 1 1 1\n9 end", "line 2"},
        {"# satsync-link trace 1\n0 0 1 1\n9 end", "rate 0"},
        {"# satsync-link trace 1\n0 1 1 1\n9 end\n10 1 1 1", "line 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace trace;
        struct satsync_error error;
        assert_int_equal(parse(cases[i].text, &trace, &error), SATSYNC_INVALID);
        if (strstr(error.message, cases[i].where) == NULL) {
            fail_msg("case %zu: %s", i, error.message);
        }
        assert_null(trace.memory);
    }
}

static void test_a_missing_file_is_named(void **state) {
    (void)state;
    struct trace trace;
    struct satsync_error error;
    assert_int_equal(trace_read("/nowhere/link.trace", NULL, &trace, &error), SATSYNC_NOT_FOUND);
    assert_non_null(strstr(error.subject, "/nowhere/link.trace"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mahimahi_lines_are_milliseconds),
        cmocka_unit_test(test_ours_gives_rate_delay_and_loss),
        cmocka_unit_test(test_what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(test_a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
