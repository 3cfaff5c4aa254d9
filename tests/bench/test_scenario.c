#include "bench/scenario.h"

#include "support/cmocka.h"

#include <string.h>

static void test_keys_are_read_and_the_others_take_their_defaults(void **state) {
    (void)state;
    struct scenario scenario;
    struct satsync_error error;
    const char *text = "# a comment\n\nabout  Some words. # and why\r\n  link leo-bent?swap  \n"
                       "controller model\ntarget 85%";
    assert_int_equal(scenario_parse("one", text, &scenario, &error), SATSYNC_OK);
    assert_string_equal(scenario.name, "one");
    assert_string_equal(scenario.about, "Some words.");
    assert_string_equal(scenario.link, "leo-bent?swap");
    assert_int_equal(scenario.kind, SCENARIO_LINK);
    assert_int_equal(scenario.controller, CONTROLLER_MODEL);
    assert_int_equal(scenario.target_ppb, 850000000);
    assert_int_equal(scenario.bytes, 64 << 20);
    assert_int_equal(scenario.seeds, 10);
}

static void test_what_is_wrong_is_refused_and_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"kind link\n", "link"},
        {"colour red\nlink geo\n", "colour"},
        {"link geo\nkind satellite\n", "kind"},
        {"link geo\nseeds 0\n", "seeds"},
        {"link geo\nseeds 1001\n", "seeds"},
        {"link geo\ntarget 101%\n", "target"},
        {"link geo\nbytes\n", "bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario scenario;
        struct satsync_error error = {0};
        assert_int_equal(scenario_parse("x", cases[i].text, &scenario, &error), SATSYNC_INVALID);
        assert_true(strstr(error.message, cases[i].named) || strstr(error.subject, cases[i].named));
    }
}

static void test_line_beyond_the_limit_is_refused(void **state) {
    (void)state;
    char text[1024];
    struct scenario scenario;
    struct satsync_error error;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    assert_int_equal(scenario_parse("x", text, &scenario, &error), SATSYNC_INVALID);
}

static void test_built_in_scenarios_are_all_right(void **state) {
    (void)state;
    size_t count = 0;
    for (const struct scenario_text *text = scenario_texts; text->name; text++, count++) {
        struct scenario scenario;
        struct satsync_error error = {0};
        assert_int_equal(scenario_open(text->name, &scenario, &error), SATSYNC_OK);
        assert_true(scenario.about[0] != 0);
    }
    assert_true(count > 0);
}

static void test_unknown_names_and_files_are_not_found(void **state) {
    (void)state;
    struct scenario scenario;
    struct satsync_error error;
    assert_int_equal(scenario_open("no-such", &scenario, &error), SATSYNC_NOT_FOUND);
    assert_int_equal(scenario_open("no/such", &scenario, &error), SATSYNC_NOT_FOUND);
    assert_int_equal(scenario_open("no-such.scenario", &scenario, &error), SATSYNC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_read_and_the_others_take_their_defaults),
        cmocka_unit_test(test_what_is_wrong_is_refused_and_named),
        cmocka_unit_test(test_line_beyond_the_limit_is_refused),
        cmocka_unit_test(test_built_in_scenarios_are_all_right),
        cmocka_unit_test(test_unknown_names_and_files_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
