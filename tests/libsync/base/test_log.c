#include "base/log.h"

#include "support/cmocka.h"

#include <string.h>

struct sink {
    int lines;
    enum log_level level;
    char last[1024];
};

static void keep(void *context, enum log_level level, const char *line) {
    struct sink *sink = context;
    sink->lines++;
    sink->level = level;
    strncpy(sink->last, line, sizeof sink->last - 1);
}

static void test_line_names_its_module(void **state) {
    (void)state;
    struct sink sink = {0};
    struct log log = {keep, &sink, LOG_INFO};
    log_line(&log, LOG_WARNING, "wan", "path %d is gone", 3);
    assert_int_equal(sink.lines, 1);
    assert_int_equal(sink.level, LOG_WARNING);
    assert_string_equal(sink.last, "wan: path 3 is gone");
}

static void test_lines_above_the_level_and_without_a_sink_are_dropped(void **state) {
    (void)state;
    struct sink sink = {0};
    struct log log = {keep, &sink, LOG_INFO};
    log_line(&log, LOG_DEBUG, "wan", "x");
    assert_int_equal(sink.lines, 0);
    log_line(&log, LOG_INFO, "wan", "x");
    assert_int_equal(sink.lines, 1);
    log.write = NULL;
    log_line(&log, LOG_ERROR, "wan", "x");
    log_line(NULL, LOG_ERROR, "wan", "x");
    assert_int_equal(sink.lines, 1);
}

static void test_one_call_is_one_line_whatever_is_in_it(void **state) {
    (void)state;
    struct sink sink = {0};
    struct log log = {keep, &sink, LOG_INFO};
    log_line(&log, LOG_ERROR, "store", "%s", "a\nstore: all is well\x1b[2J\x7f");
    assert_string_equal(sink.last, "store: a?store: all is well?[2J?");
}

static void test_long_lines_are_cut(void **state) {
    (void)state;
    struct sink sink = {0};
    struct log log = {keep, &sink, LOG_INFO};
    char text[900];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    log_line(&log, LOG_ERROR, text, "%s", text);
    assert_int_equal(strlen(sink.last), 511);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_names_its_module),
        cmocka_unit_test(test_lines_above_the_level_and_without_a_sink_are_dropped),
        cmocka_unit_test(test_one_call_is_one_line_whatever_is_in_it),
        cmocka_unit_test(test_long_lines_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
