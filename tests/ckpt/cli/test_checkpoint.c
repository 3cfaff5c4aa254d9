#include "ckpt/cli/checkpoint.h"

#include "support/cmocka.h"

#include <string.h>

static void test_every_figure_is_in_the_object(void **state) {
    (void)state;
    struct satsync_checkpoint_info info = {.step = 7,
                                           .created_unix_ns = 1000000000,
                                           .raw_bytes = 100,
                                           .stored_bytes = 80,
                                           .referred_bytes = 33,
                                           .tensors = 3,
                                           .chunks = 4,
                                           .packs = 1,
                                           .recipients = 2,
                                           .digest = {0xab}};
    json_t *object = checkpoint_json(&info);
    assert_int_equal(json_object_size(object), 13);
    assert_int_equal(json_integer_value(json_object_get(object, "referred_bytes")), 33);
    assert_int_equal(json_integer_value(json_object_get(object, "step")), 7);
    assert_string_equal(json_string_value(json_object_get(object, "created")),
                        "1970-01-01T00:00:01Z");
    assert_int_equal(strlen(json_string_value(json_object_get(object, "digest"))), 64);
    assert_memory_equal(json_string_value(json_object_get(object, "digest")), "ab00", 4);
    json_decref(object);
}

static void test_the_ratio_says_how_many_times_smaller(void **state) {
    (void)state;
    char text[CHECKPOINT_RATIO_BYTES];
    struct satsync_checkpoint_info info = {.raw_bytes = 142, .stored_bytes = 100};
    checkpoint_ratio(text, &info);
    assert_string_equal(text, "1.42");
    info.raw_bytes = 0;
    checkpoint_ratio(text, &info);
    assert_string_equal(text, "-");
    info = (struct satsync_checkpoint_info){.raw_bytes = UINT64_MAX, .stored_bytes = 1};
    checkpoint_ratio(text, &info);
    assert_true(strlen(text) < sizeof text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_figure_is_in_the_object),
        cmocka_unit_test(test_the_ratio_says_how_many_times_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
