#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_tags_are_listed_and_keep_from_prune(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store(); /* step 7 */
    cli_expect(&result, 0, "satsync save store model.safetensors --step 8 --key site.key");
    cli_expect(&result, 0, "satsync tag store 7 best.eval release --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_array_size(json_object_get(object, "tags")), 2);
    json_decref(object);
    cli_expect(&result, 0, "satsync ls store");
    assert_non_null(strstr(result.out, "best.eval release"));
    cli_expect(&result, 0, "satsync show store 7");
    assert_non_null(strstr(result.out, "best.eval release"));
    cli_expect(&result, 0, "satsync prune store --keep-last 1");
    cli_expect(&result, 0, "satsync show store 7");
    cli_expect(&result, 0, "satsync tag store 7 best.eval --remove");
    assert_non_null(strstr(result.out, "step 7: release"));
    cli_expect(&result, 0, "satsync prune store --keep-last 1 --drop-tagged");
    cli_expect(&result, 2, "satsync show store 7");
}

static void test_what_is_no_tag_is_told(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 2, "satsync tag store 7 8");
    cli_expect(&result, 2, "satsync tag store 9 x");
    cli_expect(&result, 2, "satsync tag store 7 x --remove");
    cli_expect(&result, 0, "satsync tag store 7");
    assert_non_null(strstr(result.out, "no tags"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tags_are_listed_and_keep_from_prune, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_what_is_no_tag_is_told, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
