#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>
#include <sys/stat.h>

static void test_keygen_makes_a_secret_and_a_public_file(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key");
    struct stat status;
    assert_int_equal(stat("site.key", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(cli_exists("site.key.pub"));
    assert_non_null(strstr(result.out, "site.key.pub"));
}

static void test_keygen_tells_the_public_key_in_json(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key --json");
    json_t *object = cli_json(&result);
    assert_true(json_is_true(json_object_get(object, "ok")));
    assert_true(json_string_length(json_object_get(object, "public_key")) >= 43);
    json_decref(object);
}

static void test_keygen_replaces_nothing(void **state) {
    (void)state;
    struct cli_result result;
    cli_write_file("site.key", "mine", 4);
    cli_write_file("mine", "mine", 4);
    cli_expect(&result, 2, "satsync keygen site.key");
    assert_true(cli_same_files("site.key", "mine"));
    cli_write_file("other.key.pub", "mine", 4);
    cli_expect(&result, 2, "satsync keygen other.key");
    assert_true(cli_same_files("other.key.pub", "mine"));
    assert_false(cli_exists("other.key"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keygen_makes_a_secret_and_a_public_file, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_keygen_tells_the_public_key_in_json, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_keygen_replaces_nothing, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
