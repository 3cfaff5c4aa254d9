#include "sim-link/cli/args.h"

#include "support/cmocka.h"

#include <string.h>

static const struct satsync_option rows[] = {
    {"json", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1, ""},
    {"duration", SATSYNC_OPTION_DURATION, "TIME", "2s", 0, UINT64_MAX, ""},
    {"control", SATSYNC_OPTION_TEXT, "PATH", NULL, 1, 10, ""},
};
static const struct cli_args_rows all = {rows, 3};

static void test_words_options_and_defaults_are_read(void **state) {
    (void)state;
    const char *argv[] = {"geo", "--json", "--control=a=b", "x", "--", "--y"};
    struct cli_args args;
    assert_int_equal(cli_args_parse(&args, &all, 6, argv, NULL), SATSYNC_OK);
    assert_int_equal(args.word_count, 2);
    assert_string_equal(args.words[0], "geo");
    assert_int_equal(args.rest_count, 1);
    assert_string_equal(args.rest[0], "--y");
    assert_int_equal(args.values[0], 1);
    assert_int_equal(args.values[1], 2000000000);
    assert_false(args.given[1]);
    assert_string_equal(args.texts[2], "a=b");
}

static void test_a_value_may_follow_as_its_own_argument(void **state) {
    (void)state;
    const char *argv[] = {"--duration", "5ms", "--json=no"};
    struct cli_args args;
    assert_int_equal(cli_args_parse(&args, &all, 3, argv, NULL), SATSYNC_OK);
    assert_int_equal(args.values[1], 5000000);
    assert_true(args.given[1]);
    assert_int_equal(args.values[0], 0);
}

static void test_what_is_wrong_is_named(void **state) {
    (void)state;
    const char *cases[][1] = {
        {"--jsn"}, {"--duration"}, {"--duration=5"}, {"--json=maybe"}, {"--control=01234567890"},
        {"--=3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cli_args args;
        struct satsync_error error;
        assert_int_equal(cli_args_parse(&args, &all, 1, cases[i], &error), SATSYNC_INVALID);
        assert_true(error.message[0] != 0);
    }
    struct cli_args args;
    struct satsync_error error;
    assert_int_equal(cli_args_parse(&args, &all, 1, cases[0], &error), SATSYNC_INVALID);
    assert_non_null(strstr(error.message, "--json"));
}

static void test_too_many_words_are_refused(void **state) {
    (void)state;
    const char *argv[] = {"1", "2", "3", "4", "5"};
    struct cli_args args;
    assert_int_equal(cli_args_parse(&args, &all, 4, argv, NULL), SATSYNC_OK);
    assert_int_equal(cli_args_parse(&args, &all, 5, argv, NULL), SATSYNC_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_options_and_defaults_are_read),
        cmocka_unit_test(test_a_value_may_follow_as_its_own_argument),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_too_many_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
