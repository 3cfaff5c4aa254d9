#include "base/bytes.h"
#include "model/safetensors.h"
#include "support/cmocka.h"

#include <string.h>

static const uint64_t shape23[] = {2, 3};
static const uint64_t shape04[] = {0, 4};
static const uint64_t shape3[] = {3};
static const uint64_t shape2[] = {2};
static const uint64_t shape1[] = {1};

/* What safetensors 0.8.0 (Python, safetensors.numpy.save) writes for the same state. */
static const char reference[] =
    "{\"__metadata__\":{\"format\":\"np\"},"
    "\"y\":{\"dtype\":\"U64\",\"shape\":[3],\"data_offsets\":[0,24]},"
    "\"z\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[24,48]},"
    "\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[48,56]},"
    "\"t\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[56,64]},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[64,88]},"
    "\"r\":{\"dtype\":\"U32\",\"shape\":[1],\"data_offsets\":[88,92]},"
    "\"s\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[92,96]},"
    "\"w\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[96,100]},"
    "\"u\":{\"dtype\":\"U16\",\"shape\":[2],\"data_offsets\":[100,104]},"
    "\"v\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[104,108]},"
    "\"q\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[108,109]},"
    "\"c\\n\\\"\\\\\xc3\xa9\\u0001\x7f/\":{\"dtype\":\"U8\",\"shape\":[0,4],"
    "\"data_offsets\":[109,109]},"
    "\"x\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[109,111]}} ";

static void test_header_is_the_reference_serializers(void **state) {
    (void)state;
    struct safetensors_tensor tensors[] = {{"b", DTYPE_F32, 2, shape23, 0, 0},
                                           {"a", DTYPE_F64, 0, NULL, 0, 0},
                                           {"c\n\"\\\xc3\xa9\x01\x7f/", DTYPE_U8, 2, shape04, 0, 0},
                                           {"z", DTYPE_I64, 1, shape3, 0, 0},
                                           {"y", DTYPE_U64, 1, shape3, 0, 0},
                                           {"x", DTYPE_BOOL, 1, shape2, 0, 0},
                                           {"w", DTYPE_F16, 1, shape2, 0, 0},
                                           {"v", DTYPE_I16, 1, shape2, 0, 0},
                                           {"u", DTYPE_U16, 1, shape2, 0, 0},
                                           {"t", DTYPE_C64, 1, shape1, 0, 0},
                                           {"s", DTYPE_I32, 1, shape1, 0, 0},
                                           {"r", DTYPE_U32, 1, shape1, 0, 0},
                                           {"q", DTYPE_I8, 1, shape1, 0, 0}};
    struct safetensors_entry metadata[] = {{"format", "np"}};
    struct safetensors_content content = {tensors, 13, metadata, 1};
    uint8_t *header;
    size_t bytes;
    assert_int_equal(safetensors_write(NULL, &content, &header, &bytes, NULL), SATSYNC_OK);
    assert_int_equal(bytes, 8 + strlen(reference));
    assert_int_equal(load_le64(header), strlen(reference));
    assert_memory_equal(header + 8, reference, strlen(reference));

    struct safetensors file = {.allocator = NULL};
    assert_int_equal(safetensors_parse(header + 8, bytes - 8, "f", &file, NULL), SATSYNC_OK);
    assert_int_equal(file.tensor_count, 13);
    for (size_t i = 0; i < 13; i++) {
        assert_string_equal(file.tensors[i].name, tensors[i].name);
        assert_int_equal(file.tensors[i].from, tensors[i].from);
        assert_int_equal(file.tensors[i].to, tensors[i].to);
    }
    safetensors_fini(&file);
    memory_free(NULL, header);
}

static void test_empty_state_has_the_least_header(void **state) {
    (void)state;
    struct safetensors_content content = {NULL, 0, NULL, 0};
    uint8_t *header;
    size_t bytes;
    assert_int_equal(safetensors_write(NULL, &content, &header, &bytes, NULL), SATSYNC_OK);
    assert_int_equal(bytes, 16);
    assert_memory_equal(header, "\x08\0\0\0\0\0\0\0{}      ", 16);
    memory_free(NULL, header);
}

static void test_what_no_reader_would_take_is_not_written(void **state) {
    (void)state;
    static const uint64_t huge[] = {(uint64_t)1 << 40, (uint64_t)1 << 40};
    uint8_t *header;
    size_t bytes;
    struct safetensors_tensor cases[][2] = {
        {{"a", DTYPE_F32, 1, shape1, 0, 0}, {"a", DTYPE_U8, 1, shape1, 0, 0}},
        {{"__metadata__", DTYPE_F32, 1, shape1, 0, 0}, {"b", DTYPE_U8, 1, shape1, 0, 0}},
        {{"a", DTYPE_F32, 2, huge, 0, 0}, {"b", DTYPE_U8, 1, shape1, 0, 0}},
        {{"\xff", DTYPE_F32, 1, shape1, 0, 0}, {"b", DTYPE_U8, 1, shape1, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct safetensors_content content = {cases[i], 2, NULL, 0};
        assert_int_equal(safetensors_write(NULL, &content, &header, &bytes, NULL), SATSYNC_INVALID);
        assert_null(header);
    }
    struct safetensors_entry twice[] = {{"k", "1"}, {"k", "2"}};
    struct safetensors_content content = {NULL, 0, twice, 2};
    assert_int_equal(safetensors_write(NULL, &content, &header, &bytes, NULL), SATSYNC_INVALID);
}

static int left_until_failure;

static void *fail_later(void *context, size_t bytes) {
    (void)context;
    return left_until_failure-- > 0 ? test_malloc(bytes) : NULL;
}

static void release(void *context, void *memory) {
    (void)context;
    test_free(memory);
}

static void test_each_failed_allocation_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    struct allocator allocator = {fail_later, release, NULL};
    enum satsync_status status = SATSYNC_NO_MEMORY;
    for (int n = 0; status == SATSYNC_NO_MEMORY; n++) {
        struct safetensors_tensor tensors[] = {{"b", DTYPE_F32, 2, shape23, 0, 0},
                                               {"a", DTYPE_F64, 0, NULL, 0, 0}};
        struct safetensors_content content = {tensors, 2, NULL, 0};
        struct safetensors file = {.allocator = &allocator};
        uint8_t *header;
        size_t bytes;
        assert_true(n < 100);
        left_until_failure = n;
        status = safetensors_write(&allocator, &content, &header, &bytes, NULL);
        if (status == SATSYNC_OK) {
            status = safetensors_parse(header + 8, bytes - 8, "f", &file, NULL);
            memory_free(&allocator, header);
        }
        safetensors_fini(&file);
    }
    assert_int_equal(status, SATSYNC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_the_reference_serializers),
        cmocka_unit_test(test_empty_state_has_the_least_header),
        cmocka_unit_test(test_what_no_reader_would_take_is_not_written),
        cmocka_unit_test(test_each_failed_allocation_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
