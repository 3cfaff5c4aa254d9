#include "sim-link/cli/link_report.h"

#include "sim-link/cli/command.h"
#include "support/cmocka.h"

static void test_a_late_run_is_void_in_words_and_in_json(void **state) {
    (void)state;
    static struct relay_report report;
    struct cli_args args = {.words = {"geo"}, .word_count = 1};
    for (int i = 0; i < 1000; i++) {
        histogram_add(&report.late, i < 980 ? 1000 : 9000000);
    }
    relay_report_judge(&report, 100000000);
    assert_int_equal(report.late_limit_ns, 1000000);
    assert_true(report.is_void);
    relay_report_judge(&report, 1000000000);
    assert_int_equal(report.late_limit_ns, 10000000);
    assert_false(report.is_void);
    link_report_print(&report, &args);
    args.values[OPTION_JSON] = 1;
    link_report_print(&report, &args);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_late_run_is_void_in_words_and_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
