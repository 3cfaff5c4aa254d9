#include "ckpt/cli/progress.h"

#include "support/cmocka.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };
static const uint64_t second_ns = 1000000000;

static struct satsync_progress at(enum satsync_activity activity, uint64_t done_mib) {
    struct satsync_progress progress = {.activity = activity};
    progress.done_bytes = done_mib * MIB;
    progress.total_bytes = 100 * (uint64_t)MIB;
    return progress;
}

static void sample(struct progress_pace *pace, enum satsync_activity activity, uint64_t done_mib,
                   uint64_t second) {
    struct satsync_progress progress = at(activity, done_mib);
    progress_sample(pace, &progress, second * second_ns);
}

static void test_each_state_has_its_own_word(void **state) {
    (void)state;
    for (int a = SATSYNC_ACTIVITY_STARTING; a <= SATSYNC_ACTIVITY_DONE; a++) {
        for (int b = a + 1; b <= SATSYNC_ACTIVITY_DONE; b++) {
            assert_string_not_equal(progress_word((enum satsync_activity)a),
                                    progress_word((enum satsync_activity)b));
        }
    }
    assert_string_equal(progress_word(SATSYNC_ACTIVITY_SENDING), "sending");
    assert_string_equal(progress_word(SATSYNC_ACTIVITY_REPAIRING), "repairing");
    assert_string_equal(progress_word(SATSYNC_ACTIVITY_WAITING), "waiting for the link");
}

static void test_a_steady_pace_has_no_spread(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    for (uint64_t i = 0; i <= 10; i++) {
        sample(&pace, SATSYNC_ACTIVITY_SENDING, 2 * i, i);
    }
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 20);
    uint64_t left_ns;
    uint64_t spread_ns;
    assert_true(progress_time_left(&pace, &progress, &left_ns, &spread_ns));
    assert_int_equal(left_ns / 1000000, 40000);
    assert_int_equal(spread_ns / 1000000, 0);
}

static void test_an_uneven_pace_has_a_spread(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    for (uint64_t i = 0; i <= 10; i++) {
        sample(&pace, SATSYNC_ACTIVITY_SENDING, 4 * (i / 2), i);
    }
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 20);
    uint64_t left_ns;
    uint64_t spread_ns;
    assert_true(progress_time_left(&pace, &progress, &left_ns, &spread_ns));
    assert_int_equal(left_ns / 1000000, 40000);
    assert_in_range(spread_ns / 1000000, 1000, 40000);
}

static void test_no_time_left_from_too_little(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    sample(&pace, SATSYNC_ACTIVITY_SENDING, 0, 0);
    sample(&pace, SATSYNC_ACTIVITY_SENDING, 1, 1);
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 1);
    uint64_t left_ns;
    uint64_t spread_ns;
    assert_false(progress_time_left(&pace, &progress, &left_ns, &spread_ns));
}

static void test_waiting_for_the_link_does_not_slow_the_pace(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    for (uint64_t i = 0; i <= 4; i++) {
        sample(&pace, SATSYNC_ACTIVITY_SENDING, 2 * i, i);
    }
    double before = progress_rate(&pace);
    for (uint64_t i = 5; i <= 60; i++) {
        sample(&pace, SATSYNC_ACTIVITY_WAITING, 8, i);
    }
    sample(&pace, SATSYNC_ACTIVITY_SENDING, 10, 61);
    assert_true(progress_rate(&pace) == before);
}

static void test_what_was_there_already_makes_no_pace(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    sample(&pace, SATSYNC_ACTIVITY_SENDING, 0, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 50 + i);
        progress.present_bytes = 50 * (uint64_t)MIB;
        progress_sample(&pace, &progress, i * second_ns);
    }
    assert_true(progress_rate(&pace) == MIB);
}

static void test_the_line_says_state_share_bytes_rate_and_time_left(void **state) {
    (void)state;
    struct progress_pace pace = {0};
    for (uint64_t i = 0; i <= 5; i++) {
        sample(&pace, SATSYNC_ACTIVITY_SENDING, 5 * i, i);
    }
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 25);
    char line[PROGRESS_LINE_BYTES];
    progress_line(line, "push step 7", &progress, &pace);
    assert_string_equal(line, "push step 7: sending   25.0 %  25.0 MiB of 100 MiB  41.9 Mbit/s"
                              "  ETA 15.0 s ± 0 us");
    progress.activity = SATSYNC_ACTIVITY_WAITING;
    progress_line(line, "push step 7", &progress, &pace);
    assert_string_equal(line, "push step 7: waiting for the link   25.0 %  25.0 MiB of 100 MiB");
    progress.activity = SATSYNC_ACTIVITY_CODING;
    progress_line(line, "save step 7", &progress, &pace);
    assert_non_null(strstr(line, "5.00 MiB/s"));
}

static void test_a_hundred_percent_only_when_it_is_true(void **state) {
    (void)state;
    struct satsync_progress progress = {
        .activity = SATSYNC_ACTIVITY_SENDING, .done_bytes = 9999999, .total_bytes = 10000000};
    struct progress_pace pace = {0};
    char line[PROGRESS_LINE_BYTES];
    progress_line(line, "x", &progress, &pace);
    assert_null(strstr(line, "100.0 %"));
    progress.done_bytes = progress.total_bytes;
    progress_line(line, "x", &progress, &pace);
    assert_non_null(strstr(line, "100.0 %"));
}

static void test_an_unknown_total_has_no_share(void **state) {
    (void)state;
    struct satsync_progress progress = {.done_bytes = 5};
    struct progress_pace pace = {0};
    char line[PROGRESS_LINE_BYTES];
    progress_line(line, "x", &progress, &pace);
    assert_string_equal(line, "x: starting  5 B");
}

static void test_nothing_is_drawn_where_no_terminal_is(void **state) {
    (void)state;
    FILE *file = tmpfile();
    struct progress shown;
    progress_init(&shown, file, true, "x");
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 1);
    progress_show(&shown, &progress, second_ns);
    progress_clear(&shown);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

static size_t lines_drawn(const char *text) {
    size_t lines = 0;
    for (; *text; text++) {
        lines += *text == '\r';
    }
    return lines;
}

static void test_a_terminal_is_redrawn_at_most_five_times_a_second(void **state) {
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        skip();
    }
    FILE *terminal = fopen(ptsname(master), "w");
    assert_non_null(terminal);
    struct progress shown;
    progress_init(&shown, terminal, true, "x");
    struct satsync_progress progress = at(SATSYNC_ACTIVITY_SENDING, 1);
    for (uint64_t now_ns = second_ns; now_ns < 2 * second_ns; now_ns += second_ns / 100) {
        progress_show(&shown, &progress, now_ns);
    }
    fclose(terminal);
    char text[4096] = "";
    size_t used = 0;
    ssize_t got;
    while ((got = read(master, text + used, sizeof text - 1 - used)) > 0) {
        used += (size_t)got;
    }
    assert_int_equal(lines_drawn(text), 5);
    close(master);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_state_has_its_own_word),
        cmocka_unit_test(test_a_steady_pace_has_no_spread),
        cmocka_unit_test(test_an_uneven_pace_has_a_spread),
        cmocka_unit_test(test_no_time_left_from_too_little),
        cmocka_unit_test(test_waiting_for_the_link_does_not_slow_the_pace),
        cmocka_unit_test(test_what_was_there_already_makes_no_pace),
        cmocka_unit_test(test_the_line_says_state_share_bytes_rate_and_time_left),
        cmocka_unit_test(test_a_hundred_percent_only_when_it_is_true),
        cmocka_unit_test(test_an_unknown_total_has_no_share),
        cmocka_unit_test(test_nothing_is_drawn_where_no_terminal_is),
        cmocka_unit_test(test_a_terminal_is_redrawn_at_most_five_times_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
