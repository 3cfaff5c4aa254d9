#include "model/index.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum satsync_status parse(const char *text, struct index *index,
                                 struct satsync_error *error) {
    *index = (struct index){.allocator = NULL};
    return index_parse(text, strlen(text), "model.safetensors.index.json", index, error);
}

static void test_tensors_are_sorted_and_point_to_their_files(void **state) {
    (void)state;
    struct index index;
    assert_int_equal(parse("{\"metadata\":{\"total_size\":12},\"weight_map\":{"
                           "\"c\":\"m-2.safetensors\",\"a\":\"m-2.safetensors\","
                           "\"b\":\"m-1.safetensors\"}}",
                           &index, NULL),
                     SATSYNC_OK);
    assert_int_equal(index.file_count, 2);
    assert_string_equal(index.files[0], "m-1.safetensors");
    assert_string_equal(index.files[1], "m-2.safetensors");
    assert_int_equal(index.tensor_count, 3);
    static const char *const names[] = {"a", "b", "c"};
    static const uint32_t files[] = {1, 0, 1};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(index.tensors[i].name, names[i]);
        assert_int_equal(index.tensors[i].file, files[i]);
    }
    index_fini(&index);
}

static void test_empty_map_is_an_empty_set(void **state) {
    (void)state;
    struct index index;
    assert_int_equal(parse("{\"weight_map\":{}}", &index, NULL), SATSYNC_OK);
    assert_int_equal(index.file_count, 0);
    index_fini(&index);
}

static void test_anything_else_is_refused(void **state) {
    (void)state;
    static const char *const broken[] = {"[]",
                                         "{}",
                                         "{\"weight_map\":[]}",
                                         "{\"weight_map\":{\"a\":1}}",
                                         "{\"weight_map\":{\"a\":\"\"}}",
                                         "{\"weight_map\":{\"a\":\"../x\"}}",
                                         "{\"weight_map\":{\"a\":\"/etc/x\"}}",
                                         "{\"weight_map\":{\"a\":\"..\"}}",
                                         "{\"weight_map\":{\"a\":\"d\\\\x\"}}",
                                         "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}",
                                         "{\"weight_map\":"};
    struct index index;
    struct satsync_error error;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(parse(broken[i], &index, &error), SATSYNC_INVALID);
        assert_null(index.tree);
        assert_null(index.tensors);
    }
}

static void test_a_hundred_thousand_tensors_are_read(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    char *text = malloc(COUNT * 80 + 100);
    char *at = text + sprintf(text, "{\"weight_map\":{");
    for (int i = 0; i < COUNT; i++) {
        at += sprintf(at, "%s\"layer.%d\":\"model-%03d.safetensors\"", i ? "," : "", i, i % 500);
    }
    sprintf(at, "}}");
    struct index index;
    assert_int_equal(parse(text, &index, NULL), SATSYNC_OK);
    assert_int_equal(index.tensor_count, COUNT);
    assert_int_equal(index.file_count, 500);
    index_fini(&index);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors_are_sorted_and_point_to_their_files),
        cmocka_unit_test(test_empty_map_is_an_empty_set),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_a_hundred_thousand_tensors_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
