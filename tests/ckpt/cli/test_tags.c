#include "ckpt/cli/tags.h"

#include "support/cmocka.h"

static void test_names_become_an_array(void **state) {
    (void)state;
    json_t *none = tags_json("");
    json_t *three = tags_json("a best.eval c");
    assert_int_equal(json_array_size(none), 0);
    assert_int_equal(json_array_size(three), 3);
    assert_string_equal(json_string_value(json_array_get(three, 1)), "best.eval");
    assert_string_equal(json_string_value(json_array_get(three, 2)), "c");
    json_decref(none);
    json_decref(three);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_become_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
