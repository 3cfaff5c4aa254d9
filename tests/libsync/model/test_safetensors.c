#include "model/safetensors.h"

#include "base/bytes.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum satsync_status parse(const char *text, struct safetensors *out,
                                 struct satsync_error *error) {
    *out = (struct safetensors){.allocator = NULL};
    return safetensors_parse(text, strlen(text), "f.safetensors", out, error);
}

static void test_tensors_come_in_the_order_of_their_bytes(void **state) {
    (void)state;
    struct safetensors file;
    assert_int_equal(parse("{\"__metadata__\":{\"z\":\"1\",\"format\":\"pt\"},"
                           "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
                           "\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
                           "\"e\":{\"dtype\":\"U8\",\"shape\":[0,5],\"data_offsets\":[32,32]},"
                           "\"d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]}}   ",
                           &file, NULL),
                     SATSYNC_OK);
    assert_int_equal(file.tensor_count, 4);
    static const char *const names[] = {"a", "d", "b", "e"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(file.tensors[i].name, names[i]);
    }
    assert_int_equal(file.tensors[0].rank, 0);
    assert_null(file.tensors[0].shape);
    assert_int_equal(file.tensors[2].shape[1], 3);
    assert_int_equal(file.tensors[2].dtype, DTYPE_F32);
    assert_int_equal(file.data_bytes, 32);
    assert_int_equal(file.metadata_count, 2);
    assert_string_equal(file.metadata[0].key, "format");
    assert_string_equal(file.metadata[1].value, "1");
    assert_int_equal(safetensors_check_size(&file, 100, 140, "f", NULL), SATSYNC_OK);
    assert_int_equal(safetensors_check_size(&file, 100, 139, "f", NULL), SATSYNC_INVALID);
    assert_int_equal(safetensors_check_size(&file, 100, 141, "f", NULL), SATSYNC_INVALID);
    assert_int_equal(safetensors_check_size(&file, 100, 20, "f", NULL), SATSYNC_INVALID);
    safetensors_fini(&file);
}

static void test_empty_header_is_a_file_without_tensors(void **state) {
    (void)state;
    struct safetensors file;
    assert_int_equal(parse("{}", &file, NULL), SATSYNC_OK);
    assert_int_equal(file.tensor_count, 0);
    assert_int_equal(file.data_bytes, 0);
    safetensors_fini(&file);
}

#define ONE(dtype, shape, offsets)                                                                 \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second)                                                                         \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "},"                          \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"

#define TWICE                                                                                      \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"                              \
    "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"

static void test_headers_that_break_the_format_are_refused(void **state) {
    (void)state;
    static const char *const broken[] = {
        "",
        "[]",
        " {}",
        "{}x",
        "{\"a\":1}",
        "{\"a\":{}}",
        ONE("\"F31\"", "[1]", "[0,4]"),
        ONE("7", "[1]", "[0,4]"),
        ONE("\"F32\"", "[1]", "[0,8]"),
        ONE("\"F32\"", "[2]", "[0,4]"),
        ONE("\"F32\"", "[1]", "[4,8]"),
        ONE("\"F32\"", "[1]", "[4,0]"),
        ONE("\"F32\"", "[1]", "[0]"),
        ONE("\"F32\"", "[1]", "[0,4,8]"),
        ONE("\"F32\"", "[1]", "[0,4.0]"),
        ONE("\"F32\"", "[-1]", "[0,4]"),
        ONE("\"F32\"", "[1.5]", "[0,4]"),
        ONE("\"F32\"", "1", "[0,4]"),
        ONE("\"F32\"", "{}", "[0,4]"),
        ONE("\"U8\"", "[4294967296,4294967296]", "[0,0]"),
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}",
        TWO("[0,4]", "[0,4]"),
        TWO("[0,4]", "[2,6]"),
        TWO("[0,4]", "[5,9]"),
        TWO("[1,5]", "[5,9]"),
        "{\"__metadata__\":1}",
        "{\"__metadata__\":null}",
        ONE("\"F32\"", "[1]", "[0,4]},\"b\\u0000\":{"),
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":{\"a\":{}}}",
        TWICE,
    };
    struct safetensors file;
    struct satsync_error error;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        enum satsync_status status = parse(broken[i], &file, &error);
        if (status != SATSYNC_INVALID) {
            print_error("%s: %d\n", broken[i], status);
        }
        assert_int_equal(status, SATSYNC_INVALID);
        assert_null(file.tree);
        assert_true(error.message[0] != '\0');
    }
    assert_int_equal(parse(ONE("\"F4\"", "[2]", "[0,1]"), &file, &error), SATSYNC_UNSUPPORTED);
}

static void test_fields_of_a_newer_writer_are_ignored(void **state) {
    (void)state;
    struct safetensors file;
    assert_int_equal(parse(ONE("\"F32\"", "[1]", "[0,4],\"more\":[1]"), &file, NULL), SATSYNC_OK);
    assert_int_equal(file.data_bytes, 4);
    safetensors_fini(&file);
}

static void test_lengths_beyond_the_limits_are_refused(void **state) {
    (void)state;
    struct satsync_error error;
    uint8_t first[8];
    size_t bytes;
    static const uint64_t wrong[] = {0, 1, 100000001, UINT64_MAX, 0x504b030414000000};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        store_le64(first, wrong[i]);
        assert_int_equal(safetensors_header_bytes(first, "f", &bytes, &error), SATSYNC_INVALID);
    }
    store_le64(first, 100000000);
    assert_int_equal(safetensors_header_bytes(first, "f", &bytes, &error), SATSYNC_OK);
    assert_int_equal(bytes, 100000000);
}

static void test_a_hundred_thousand_tensors_are_read(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    char *text = malloc(COUNT * 100);
    char *at = text + sprintf(text, "{");
    for (int i = 0; i < COUNT; i++) {
        at += sprintf(at,
                      "%s\"layer.%d\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[%d,%d]}",
                      i ? "," : "", i, 4 * i, 4 * i + 4);
    }
    sprintf(at, "}");
    struct safetensors file;
    assert_int_equal(parse(text, &file, NULL), SATSYNC_OK);
    assert_int_equal(file.tensor_count, COUNT);
    assert_int_equal(file.data_bytes, 4 * COUNT);
    safetensors_fini(&file);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_come_in_the_order_of_their_bytes),
        cmocka_unit_test(test_empty_header_is_a_file_without_tensors),
        cmocka_unit_test(test_headers_that_break_the_format_are_refused),
        cmocka_unit_test(test_fields_of_a_newer_writer_are_ignored),
        cmocka_unit_test(test_lengths_beyond_the_limits_are_refused),
        cmocka_unit_test(test_a_hundred_thousand_tensors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
