#include "sim-link/relay.h"

#include "support/cmocka.h"

#include <string.h>

static void test_the_report_is_an_object_with_its_counters(void **state) {
    (void)state;
    static struct relay_report report;
    report.up.entered_packets = 12;
    report.down.dropped_packets[DROP_GATE] = 7;
    histogram_add(&report.late, 5000);
    report.is_void = true;
    struct json json;
    json_init(&json, NULL);
    relay_report_json(&report, &json);
    const char *text = json_finish(&json);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"up\":{\"entered_packets\":12,"));
    assert_non_null(strstr(text, "\"gate\":7"));
    assert_non_null(strstr(text, "\"max\":5000"));
    assert_non_null(strstr(text, "\"void\":true}"));
    json_fini(&json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_report_is_an_object_with_its_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
