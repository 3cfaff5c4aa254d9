#include "sim-link/cli/report.h"

#include "support/cmocka.h"

#include <string.h>

static void test_the_exit_code_is_the_errors_class(void **state) {
    (void)state;
    struct satsync_error error = {.status = SATSYNC_NOT_FOUND};
    strcpy(error.subject, "geoo");
    strcpy(error.message, "there is no link profile");
    assert_int_equal(report_failure(&error, "show", false), SATSYNC_CLASS_USAGE);
}

static void test_a_report_begins_with_command_and_status(void **state) {
    (void)state;
    struct json json;
    report_start(&json, "show", SATSYNC_OK);
    json_end_object(&json);
    assert_string_equal(json_finish(&json), "{\"command\":\"show\",\"status\":\"ok\"}");
    json_fini(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exit_code_is_the_errors_class),
        cmocka_unit_test(test_a_report_begins_with_command_and_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
