#include "sim-link/cli/chart.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct chart make(const char *link) {
    struct profile profile;
    struct chart chart;
    const struct record_options record = {.capture = {.path = NULL}};
    assert_int_equal(profile_parse(link, &profile, NULL), SATSYNC_OK);
    assert_int_equal(chart_make(&profile, &record, &chart, NULL), SATSYNC_OK);
    return chart;
}

static void test_a_steady_link_is_drawn_flat(void **state) {
    (void)state;
    struct chart chart = make("plain?rtt=30ms&down.rate=100M&outage=2s&outage-at=10s");
    for (int i = 0; i < CHART_COLUMNS; i++) {
        bool out = i == 10 || i == 11;
        /* What was sent up just before it comes down in it. */
        assert_true(out ? chart.lost[i] > 0.9 : chart.lost[i] < 0.1);
        assert_true(chart.rate_bps[i] == 100e6);
        if (!out) {
            assert_true(chart.rtt_least_ms[i] > 30 && chart.rtt_most_ms[i] < 30.1);
        }
    }
    chart_print(&chart);
}

static void test_the_picture_is_written_whole_or_not_at_all(void **state) {
    (void)state;
    char path[] = "/tmp/satsync-chart-XXXXXX.svg";
    char text[200] = "";
    struct chart chart = make("geo");
    struct satsync_error error;
    snprintf(path, sizeof path, "/tmp/satsync-chart-%06u.svg", (unsigned)getpid() % 1000000);
    assert_int_equal(chart_write(&chart, "a&b<c", path, NULL), SATSYNC_OK);
    FILE *file = fopen(path, "r");
    assert_true(fread(text, 1, sizeof text - 1, file) > 100);
    fclose(file);
    assert_non_null(strstr(text, "<title>a&amp;b&lt;c</title>"));
    unlink(path);
    assert_int_not_equal(chart_write(&chart, "x", "/nowhere/x.svg", &error), SATSYNC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_steady_link_is_drawn_flat),
        cmocka_unit_test(test_the_picture_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
