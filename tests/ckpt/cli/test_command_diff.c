#include "support/cli.h"
#include "support/cmocka.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A safetensors file of this JSON and data. */
static void write_tensors(const char *path, const char *header, const void *data, size_t bytes) {
    uint8_t file[1024] = {0};
    size_t length = strlen(header);
    assert_true(8 + length + bytes <= sizeof file);
    file[0] = (uint8_t)length;
    file[1] = (uint8_t)(length >> 8);
    memcpy(file + 8, header, length);
    memcpy(file + 8 + length, data, bytes);
    cli_write_file(path, file, 8 + length + bytes);
}

/* Steps 1 and 2: w changed, s the same, n new, g gone, r reshaped. */
static void make_steps(void) {
    static const float first[] = {3, 4, 9, 7, 7, 1};
    static const float second[] = {3, 5, 9, 7, 7, 2};
    struct cli_result result;
    cli_make_store();
    write_tensors("1.safetensors",
                  "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                  "\"s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                  "\"r\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[12,20]},"
                  "\"g\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[20,24]}}",
                  first, sizeof first);
    write_tensors("2.safetensors",
                  "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                  "\"s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
                  "\"r\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[12,20]},"
                  "\"n\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[20,24]}}",
                  second, sizeof second);
    cli_expect(&result, 0, "satsync save store 1.safetensors --step 1 --key site.key");
    cli_expect(&result, 0, "satsync save store 2.safetensors --step 2 --key site.key");
}

static const char *state_of(json_t *tensors, const char *name) {
    size_t index;
    json_t *tensor;
    json_array_foreach(tensors, index, tensor) {
        if (strcmp(json_string_value(json_object_get(tensor, "name")), name) == 0) {
            return json_string_value(json_object_get(tensor, "state"));
        }
    }
    return "";
}

static void test_each_tensor_has_its_state(void **state) {
    (void)state;
    struct cli_result result;
    make_steps();
    cli_expect(&result, 0, "satsync diff store 1 2 --key site.key --json");
    json_t *object = cli_json(&result);
    json_t *tensors = json_object_get(object, "tensors");
    assert_int_equal(json_array_size(tensors), 5);
    assert_string_equal(state_of(tensors, "w"), "changed");
    assert_string_equal(state_of(tensors, "s"), "same");
    assert_string_equal(state_of(tensors, "r"), "reshaped");
    assert_string_equal(state_of(tensors, "n"), "new");
    assert_string_equal(state_of(tensors, "g"), "gone");
    assert_int_equal(json_integer_value(json_object_get(object, "differing")), 4);
    json_decref(object);
    cli_expect(&result, 0, "satsync diff store 1 2 --key site.key");
    assert_non_null(strstr(result.out, "50.000 %"));
    assert_non_null(strstr(result.out, " 0.2\n"));
    cli_expect(&result, 0, "satsync diff store 1 1 --key site.key --json");
    object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "differing")), 0);
    json_decref(object);
}

static void test_patch_is_written_and_told(void **state) {
    (void)state;
    struct cli_result result;
    make_steps();
    cli_expect(&result, 0, "satsync diff store 1 2 --patch p --key site.key --json");
    json_t *object = cli_json(&result);
    assert_string_equal(json_string_value(json_object_get(object, "patch")), "p");
    assert_true(json_integer_value(json_object_get(object, "patch_bytes")) > 100);
    assert_true(json_integer_value(json_object_get(object, "result_bytes")) > 24);
    json_decref(object);
    assert_true(cli_exists("p"));
    cli_expect(&result, 0, "satsync diff store 1 2 --patch p --key site.key");
    assert_non_null(strstr(result.out, "wrote p: from step 1 to 2"));
}

static void test_missing_step_or_key_is_told(void **state) {
    (void)state;
    struct cli_result result;
    make_steps();
    cli_expect(&result, 2, "satsync diff store 1 3 --key site.key");
    assert_non_null(strstr(result.err, "step 3"));
    cli_expect(&result, 2, "satsync diff store 3 1 --patch p --key site.key");
    cli_expect(&result, 2, "satsync diff store 1 2");
    cli_expect(&result, 2, "satsync diff store 1 --key site.key");
    assert_false(cli_exists("p"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_tensor_has_its_state, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_patch_is_written_and_told, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_missing_step_or_key_is_told, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
