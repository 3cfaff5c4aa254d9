#include "ckpt/cli/public_keys.h"

#include "support/cli.h"
#include "support/cmocka.h"

#include <stdlib.h>

static void test_keys_are_loaded_in_order_or_not_at_all(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen a.key");
    cli_expect(&result, 0, "satsync keygen b.key");
    struct argument items[] = {{.id = OPTION_ALLOW, .text = "a.key.pub"},
                               {.id = OPTION_ALLOW, .text = "b.key.pub"}};
    struct arguments arguments = {.items = items, .count = 2};
    struct satsync_public_key *keys = NULL;
    struct satsync_public_key second;
    struct satsync_error error;
    assert_int_equal(public_keys_load(&arguments, OPTION_ALLOW, &keys, &error), SATSYNC_OK);
    assert_int_equal(public_keys_load_at(&arguments, OPTION_ALLOW, 1, &second, &error), SATSYNC_OK);
    assert_memory_equal(&keys[1], &second, sizeof second);
    assert_memory_not_equal(&keys[0], &second, sizeof second);
    free(keys);
    items[1].text = "absent.pub";
    assert_int_equal(public_keys_load(&arguments, OPTION_ALLOW, &keys, &error), SATSYNC_NOT_FOUND);
    assert_null(keys);
}

static void test_no_option_is_no_key(void **state) {
    (void)state;
    struct arguments arguments = {0};
    struct satsync_public_key *keys = NULL;
    struct satsync_error error;
    assert_int_equal(public_keys_load(&arguments, OPTION_ALLOW, &keys, &error), SATSYNC_OK);
    assert_null(keys);
}

static void test_a_secret_or_a_text_is_no_public_key(void **state) {
    (void)state;
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen a.key");
    cli_write_file("text.pub", "hello", 5);
    static const char *const files[] = {"a.key", "text.pub", "."};
    for (size_t i = 0; i < 3; i++) {
        struct argument item = {.id = OPTION_PEER, .text = files[i]};
        struct arguments arguments = {.items = &item, .count = 1};
        struct satsync_public_key key;
        struct satsync_error error;
        assert_int_not_equal(public_keys_load_at(&arguments, OPTION_PEER, 0, &key, &error),
                             SATSYNC_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_are_loaded_in_order_or_not_at_all, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_no_option_is_no_key, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_a_secret_or_a_text_is_no_public_key, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
