#include "support/cli.h"
#include "support/cmocka.h"

#include <string.h>

/* Step 7 of model.safetensors, step 8 of a file that differs from it in one element, and p. */
static void make_patch(void) {
    static char bytes[4096];
    struct cli_result result;
    cli_make_store();
    FILE *file = fopen("model.safetensors", "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(count, 9, sizeof bytes - 1);
    bytes[count - 1] ^= 1;
    cli_write_file("8.safetensors", bytes, count);
    cli_expect(&result, 0, "satsync save store 8.safetensors --step 8 --key site.key");
    cli_expect(&result, 0, "satsync diff store 7 8 --patch p --key site.key");
}

static void test_result_is_the_later_file(void **state) {
    (void)state;
    struct cli_result result;
    make_patch();
    cli_expect(&result, 0, "satsync apply p model.safetensors -o out --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "from_step")), 7);
    assert_int_equal(json_integer_value(json_object_get(object, "to_step")), 8);
    json_decref(object);
    assert_true(cli_same_files("out", "8.safetensors"));
    cli_expect(&result, 0, "satsync apply p model.safetensors -o model.safetensors");
    assert_non_null(strstr(result.out, "step 8, made of step 7"));
    assert_true(cli_same_files("model.safetensors", "8.safetensors"));
}

static void test_wrong_file_damaged_patch_and_no_patch_have_their_exit_codes(void **state) {
    (void)state;
    struct cli_result result;
    make_patch();
    cli_expect(&result, 2, "satsync apply p 8.safetensors -o out");
    assert_non_null(strstr(result.err, "not what step 7 is restored as"));
    cli_expect(&result, 2, "satsync apply model.safetensors model.safetensors -o out");
    cli_expect(&result, 2, "satsync apply none model.safetensors -o out");
    cli_expect(&result, 2, "satsync apply p model.safetensors");
    static char bytes[4096];
    FILE *file = fopen("p", "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bytes[count / 2] ^= 1;
    cli_write_file("p", bytes, count);
    cli_expect(&result, 6, "satsync apply p model.safetensors -o out");
    assert_false(cli_exists("out"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_result_is_the_later_file, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(
            test_wrong_file_damaged_patch_and_no_patch_have_their_exit_codes, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
