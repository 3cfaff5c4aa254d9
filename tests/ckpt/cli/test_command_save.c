#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

static void test_save_tells_what_it_saved(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0, "satsync save store model.safetensors --step 8 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *checkpoint = json_object_get(object, "checkpoint");
    assert_int_equal(json_integer_value(json_object_get(checkpoint, "step")), 8);
    assert_int_equal(json_integer_value(json_object_get(checkpoint, "tensors")), 2);
    json_decref(object);
}

static void test_save_takes_every_codec(void **state) {
    (void)state;
    static const char *const codecs[] = {"auto", "stored", "fast", "huff", "zstd"};
    cli_make_store();
    for (int i = 0; i < 5; i++) {
        struct cli_result result;
        char line[128];
        snprintf(line, sizeof line,
                 "satsync save store model.safetensors --step %d --codec %s --key site.key", 20 + i,
                 codecs[i]);
        cli_expect(&result, 0, line);
        snprintf(line, sizeof line, "satsync restore store %d -o out%d --key site.key", 20 + i, i);
        cli_expect(&result, 0, line);
        snprintf(line, sizeof line, "out%d", i);
        assert_true(cli_same_files("model.safetensors", line));
    }
}

static void test_parity_is_two_counts(void **state) {
    static const char *const wrong[] = {"3", "3+", "+1", "0+1", "1+0", "30+3", "2+1x", "99999+1"};
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_expect(&result, 0,
               "satsync save store model.safetensors --step 8 --parity 3+2 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *checkpoint = json_object_get(object, "checkpoint");
    assert_int_equal(json_integer_value(json_object_get(checkpoint, "packs")), 5);
    json_decref(object);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[128];
        snprintf(line, sizeof line,
                 "satsync save store model.safetensors --step 9 --parity %s --key site.key",
                 wrong[i]);
        cli_expect(&result, 2, line);
        assert_non_null(strstr(result.err, "parity"));
    }
}

static void test_a_base_is_a_step_or_the_newest_before(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store(); /* step 7 */
    cli_expect(&result, 0,
               "satsync save store model.safetensors --step 8 --base 7 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *checkpoint = json_object_get(object, "checkpoint");
    assert_int_equal(json_integer_value(json_object_get(checkpoint, "packs")), 2);
    assert_true(json_integer_value(json_object_get(checkpoint, "referred_bytes")) > 0);
    json_decref(object);
    cli_expect(&result, 0,
               "satsync save store model.safetensors --step 9 --base auto --key site.key");
    cli_expect(&result, 0, "satsync restore store 9 -o out --key site.key");
    assert_true(cli_same_files("model.safetensors", "out"));
    cli_expect(&result, 0, "satsync show store 9");
    assert_non_null(strstr(result.out, "refers to"));
    cli_expect(&result, 2,
               "satsync save store model.safetensors --step 10 --base 6 --key site.key");
    assert_non_null(strstr(result.err, "step 6"));
    cli_expect(&result, 2,
               "satsync save store model.safetensors --step 10 --base newest --key site.key");
    assert_non_null(strstr(result.err, "base"));
}

static void test_save_refuses_files_that_are_not_safetensors(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_write_file("text", "hello, this is text", 19);
    cli_write_file("empty", "", 0);
    static const char *const files[] = {"text", "empty", "absent", "."};
    for (size_t i = 0; i < 4; i++) {
        char line[128];
        snprintf(line, sizeof line, "satsync save store %s --step 9 --key site.key", files[i]);
        cli_run(&result, line);
        assert_true(result.code >= 2 && result.code <= 6);
        assert_non_null(strstr(result.err, "error:"));
        cli_expect(&result, 2, "satsync show store 9");
    }
}

static void test_save_refuses_other_content_for_a_step(void **state) {
    (void)state;
    struct cli_result result;
    cli_make_store();
    cli_write_file("other.safetensors", "\10\0\0\0\0\0\0\0{}      ", 16);
    cli_expect(&result, 2, "satsync save store other.safetensors --step 7 --key site.key --json");
    json_t *object = cli_json(&result);
    assert_string_equal(json_string_value(json_object_get(object, "status")), "conflict");
    json_decref(object);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_save_tells_what_it_saved, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_save_takes_every_codec, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_parity_is_two_counts, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_a_base_is_a_step_or_the_newest_before, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_save_refuses_files_that_are_not_safetensors, cli_enter,
                                        cli_leave),
        cmocka_unit_test_setup_teardown(test_save_refuses_other_content_for_a_step, cli_enter,
                                        cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
