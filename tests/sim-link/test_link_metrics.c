#include "sim-link/link_metrics.h"

#include "support/cmocka.h"

#include <ctype.h>
#include <string.h>

static void test_counters_are_by_direction_and_cause(void **state) {
    (void)state;
    static struct relay_report report;
    char text[LINK_METRICS_BYTES];
    report.up.entered_packets = 12;
    report.down.dropped_packets[DROP_GATE] = 34;
    report.down_state.rate_bps = 5000000;
    histogram_add(&report.late, 1500000);
    link_metrics_text(&report, text);
    assert_non_null(strstr(text, "\nsatsync_link_entered_packets_total{direction=\"up\"} 12\n"));
    assert_non_null(strstr(
        text, "\nsatsync_link_dropped_packets_total{direction=\"down\",cause=\"gate\"} 34\n"));
    assert_non_null(
        strstr(text, "\nsatsync_link_rate_bits_per_second{direction=\"down\"} 5000000\n"));
    assert_non_null(strstr(text, "\nsatsync_link_late_seconds{quantile=\"1\"} 0.001500000\n"));
}

/* Each line is a comment or NAME[{LABELS}] VALUE, each name has its type before it, all fits with
 * the largest values. */
static void test_the_text_is_as_the_format_says(void **state) {
    (void)state;
    static struct relay_report report;
    char text[LINK_METRICS_BYTES];
    memset(&report, 0xff, sizeof report);
    report.is_void = true;
    memset(&report.late, 0, sizeof report.late);
    link_metrics_text(&report, text);
    size_t bytes = strlen(text);
    assert_true(bytes < LINK_METRICS_BYTES - 1 && text[bytes - 1] == '\n');
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (line[0] == '#') {
            assert_true(strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0);
            continue;
        }
        assert_int_equal(strncmp(line, "satsync_link_", 13), 0);
        const char *value = strrchr(line, ' ') + 1;
        assert_true(value[0] != 0 && value[strspn(value, "0123456789.")] == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_are_by_direction_and_cause),
        cmocka_unit_test(test_the_text_is_as_the_format_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
