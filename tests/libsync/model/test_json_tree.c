#include "model/json_tree.h"

#include "support/cmocka.h"

#include <string.h>

static void test_values_are_read_by_their_type(void **state) {
    (void)state;
    static const char text[] = "{\"n\":7,\"t\":\"x\",\"a\":[1,-2,1.5],\"o\":{}}";
    struct json_tree *tree;
    assert_int_equal(json_tree_parse(text, strlen(text), "f", &tree, NULL), SATSYNC_OK);
    uint64_t number = 0;
    assert_true(json_tree_is_object(tree));
    assert_int_equal(json_tree_members(tree), 4);
    assert_true(json_tree_u64(json_tree_member(tree, "n"), &number));
    assert_int_equal(number, 7);
    assert_string_equal(json_tree_text(json_tree_member(tree, "t")), "x");
    const struct json_tree *array = json_tree_member(tree, "a");
    assert_true(json_tree_is_array(array));
    assert_int_equal(json_tree_length(array), 3);
    assert_true(json_tree_u64(json_tree_at(array, 0), &number));
    assert_false(json_tree_u64(json_tree_at(array, 1), &number));
    assert_false(json_tree_u64(json_tree_at(array, 2), &number));
    assert_null(json_tree_at(array, 3));
    json_tree_free(tree);
}

static void test_absent_and_other_types_are_harmless(void **state) {
    (void)state;
    uint64_t number;
    void *cursor = NULL;
    const char *name;
    const struct json_tree *value;
    assert_false(json_tree_is_object(NULL));
    assert_false(json_tree_is_array(NULL));
    assert_int_equal(json_tree_members(NULL), 0);
    assert_int_equal(json_tree_length(NULL), 0);
    assert_null(json_tree_member(NULL, "x"));
    assert_null(json_tree_at(NULL, 0));
    assert_null(json_tree_text(NULL));
    assert_false(json_tree_u64(NULL, &number));
    assert_false(json_tree_next(NULL, &cursor, &name, &value));
    json_tree_free(NULL);
}

static void test_each_member_is_walked_once(void **state) {
    (void)state;
    static const char text[] = "{\"a\":1,\"b\":2,\"c\":3}";
    struct json_tree *tree;
    void *cursor = NULL;
    const char *name;
    const struct json_tree *value;
    unsigned seen = 0;
    assert_int_equal(json_tree_parse(text, strlen(text), "f", &tree, NULL), SATSYNC_OK);
    while (json_tree_next(tree, &cursor, &name, &value)) {
        seen |= 1u << (name[0] - 'a');
    }
    assert_int_equal(seen, 7);
    json_tree_free(tree);
}

static void test_broken_json_is_refused_with_its_place(void **state) {
    (void)state;
    struct satsync_error error;
    struct json_tree *tree;
    static const char *const broken[] = {
        "",         "{",          "{\"a\":1}x",  "{\"a\":1,\"a\":2}",    "{'a':1}",       "[1,]",
        "\"\xff\"", "{\"a\":01}", "\"\\u0000\"", "99999999999999999999", "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(json_tree_parse(broken[i], strlen(broken[i]), "f.json", &tree, &error),
                         SATSYNC_INVALID);
        assert_null(tree);
        assert_string_equal(error.subject, "f.json");
        assert_non_null(strstr(error.message, "at byte"));
    }
}

static void test_deep_nesting_is_refused(void **state) {
    (void)state;
    static char deep[100000];
    struct json_tree *tree;
    memset(deep, '[', sizeof deep);
    assert_int_equal(json_tree_parse(deep, sizeof deep, "f", &tree, NULL), SATSYNC_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_read_by_their_type),
        cmocka_unit_test(test_absent_and_other_types_are_harmless),
        cmocka_unit_test(test_each_member_is_walked_once),
        cmocka_unit_test(test_broken_json_is_refused_with_its_place),
        cmocka_unit_test(test_deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
