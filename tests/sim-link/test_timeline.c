#include "sim-link/timeline.h"

#include "support/cmocka.h"
#include "support/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    double time_s;
    char direction[8];
    unsigned long long rate_bps;
    unsigned long long queued_packets;
    unsigned long long delay_most_ns;
    unsigned long long entered;
    unsigned long long delivered;
    unsigned long long dropped; /* by all causes */
};

/* False when nothing arrived: there is no delay to read. */
static bool read_line(const char *text, struct line *line) {
    unsigned long long queued_bytes;
    unsigned long long mean_ns;
    int read = 0;
    memset(line, 0, sizeof *line);
    if (sscanf(text, "%lf,%7[a-z],%llu,%llu,%llu,%llu,%llu,%llu,%llu%n", &line->time_s,
               line->direction, &line->rate_bps, &line->queued_packets, &queued_bytes, &mean_ns,
               &line->delay_most_ns, &line->entered, &line->delivered, &read) != 9) {
        return false;
    }
    assert_true(mean_ns <= line->delay_most_ns);
    for (const char *at = text + read; *at == ','; at += strcspn(at + 1, ",\n") + 1) {
        line->dropped += strtoull(at + 1, NULL, 10);
    }
    return true;
}

static void test_lines_add_up_to_the_counters(void **state) {
    (void)state;
    struct recorded recorded;
    recorded_name(&recorded);
    struct record_options options = {.timeline = {.path = recorded.series, .step_ns = 100000000}};
    /* 2 Mbit/s of 2.4 asked for: the queue fills to its 30 ms and stays so. */
    recorded_run(&recorded, "plain?rate=2M&rtt=20ms&queue=30ms&start=4s", &options);
    size_t bytes;
    char *text = recorded_read(recorded.series, &bytes);
    unsigned lines = 0;
    uint64_t entered = 0;
    for (char *at = strchr(text, '\n') + 1; *at != 0; at = strchr(at, '\n') + 1) {
        struct line line;
        assert_true(read_line(at, &line));
        bool last = lines / 2 == 20;
        assert_true(line.time_s < 4.11 + 0.1 * (lines / 2));
        assert_true(last || line.time_s > 4.09 + 0.1 * (lines / 2));
        assert_string_equal(line.direction, lines % 2 == 0 ? "up" : "down");
        assert_int_equal(line.rate_bps, 2000000);
        assert_in_range(line.delay_most_ns, 10000000, 46000000);
        entered += lines % 2 == 0 ? line.entered : 0;
        assert_true(lines < 20 || lines > 36 || (line.queued_packets > 5 && line.dropped > 0));
        lines++;
    }
    assert_in_range(lines, 38, 42);
    assert_int_equal(entered, recorded.counts[0].entered_packets);
    free(text);
    recorded_end(&recorded);
}

static void test_the_rate_of_the_moment_is_written(void **state) {
    (void)state;
    struct recorded recorded;
    recorded_name(&recorded);
    struct record_options options = {.timeline = {.path = recorded.series, .step_ns = 500000000}};
    recorded_run(&recorded, "leo-bent?start=11s", &options);
    size_t bytes;
    char *text = recorded_read(recorded.series, &bytes);
    unsigned long long rates[8];
    int count = 0;
    for (char *at = strchr(text, '\n') + 1; *at != 0 && count < 8; at = strchr(at, '\n') + 1) {
        assert_int_equal(sscanf(at, "%*f,%*[a-z],%llu", &rates[count++]), 1);
    }
    /* At 11.5 s one slot, from :12 on the next. */
    assert_true(count >= 6 && rates[1] != rates[3] && rates[3] == rates[5]);
    free(text);
    recorded_end(&recorded);
}

static void test_a_file_that_cannot_be_is_refused(void **state) {
    (void)state;
    struct sim *sim;
    struct timeline *timeline;
    struct sim_options sim_options = {.start_ns = 0};
    struct timeline_options options = {.path = "/nowhere/at/all.csv", .step_ns = 1};
    assert_int_equal(sim_open(&sim_options, &sim, NULL), SATSYNC_OK);
    assert_int_equal(timeline_open(&options, sim, &timeline, NULL), SATSYNC_NOT_FOUND);
    assert_null(timeline);
    sim_close(sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_add_up_to_the_counters),
        cmocka_unit_test(test_the_rate_of_the_moment_is_written),
        cmocka_unit_test(test_a_file_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
