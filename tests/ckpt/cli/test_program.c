#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_mistakes_in_the_command_line_are_told_in_json_too(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 2, "satsync save store file --stpe 1 --json");
    json_t *object = cli_json(&result);
    assert_true(json_is_false(json_object_get(object, "ok")));
    assert_string_equal(json_string_value(json_object_get(object, "command")), "save");
    assert_string_equal(json_string_value(json_object_get(object, "class")), "usage");
    assert_non_null(strstr(json_string_value(json_object_get(object, "message")), "--step"));
    json_decref(object);
    cli_expect(&result, 2, "satsync --json");
    object = cli_json(&result);
    assert_true(json_is_null(json_object_get(object, "command")));
    json_decref(object);
}

static void test_version_and_help(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync --version");
    assert_memory_equal(result.out, "satsync 0.", 10);
    cli_expect(&result, 0, "satsync push -h");
    assert_non_null(strstr(result.out, "usage: satsync push"));
    cli_expect(&result, 0, "satsync help");
    assert_non_null(strstr(result.out, "usage: satsync COMMAND"));
    cli_expect(&result, 2, "satsync help psuh");
    assert_non_null(strstr(result.err, "did you mean push?"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mistakes_in_the_command_line_are_told_in_json_too,
                                        cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_version_and_help, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
