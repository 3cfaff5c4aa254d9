#include "ckpt/cli/table.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static char *printed(const struct table *table, bool *done) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    *done = table_print(table, out);
    fclose(out);
    return text;
}

static void test_columns_are_as_wide_as_their_widest_cell(void **state) {
    (void)state;
    struct table table;
    table_init(&table, "rl");
    static const char *const cells[] = {"N", "NAME", "1000", "a", "7", "bbbbbb"};
    for (size_t i = 0; i < 6; i++) {
        table_add(&table, cells[i]);
    }
    bool done;
    char *text = printed(&table, &done);
    assert_true(done);
    assert_string_equal(text, "   N  NAME\n1000  a\n   7  bbbbbb\n");
    free(text);
    table_fini(&table);
}

static void test_characters_count_not_bytes(void **state) {
    (void)state;
    assert_int_equal(table_width("a±…"), 3);
    struct table table;
    table_init(&table, "lr");
    static const char *const cells[] = {"±±", "1", "abc", "22"};
    for (size_t i = 0; i < 4; i++) {
        table_add(&table, cells[i]);
    }
    bool done;
    char *text = printed(&table, &done);
    assert_string_equal(text, "±±    1\nabc  22\n");
    free(text);
    table_fini(&table);
}

static void test_cells_cannot_steer_a_terminal(void **state) {
    (void)state;
    struct table table;
    table_init(&table, "l");
    table_add(&table, "\033[31mred\n");
    bool done;
    char *text = printed(&table, &done);
    assert_string_equal(text, "?[31mred?\n");
    free(text);
    table_fini(&table);
}

static void test_a_row_that_is_not_full_is_refused(void **state) {
    (void)state;
    struct table table;
    table_init(&table, "ll");
    table_add(&table, "alone");
    bool done;
    char *text = printed(&table, &done);
    assert_false(done);
    assert_string_equal(text, "");
    free(text);
    table_fini(&table);
}

static void test_many_rows(void **state) {
    (void)state;
    struct table table;
    table_init(&table, "l");
    for (int i = 0; i < 1000; i++) {
        table_add(&table, "x");
    }
    bool done;
    char *text = printed(&table, &done);
    assert_true(done);
    assert_int_equal(strlen(text), 2000);
    free(text);
    table_fini(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(test_characters_count_not_bytes),
        cmocka_unit_test(test_cells_cannot_steer_a_terminal),
        cmocka_unit_test(test_a_row_that_is_not_full_is_refused),
        cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
