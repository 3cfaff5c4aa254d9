#include "ckpt/cli/options.h"

#include "support/cmocka.h"

#include <ctype.h>
#include <string.h>

static void test_every_row_is_complete(void **state) {
    (void)state;
    for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        const struct option_row *row = option_row(id);
        assert_non_null(row->option.name);
        assert_non_null(row->option.unit);
        assert_true(row->option.min <= row->option.max);
        assert_true(row->positional == (bool)isupper((unsigned char)row->option.name[0]) ||
                    id == ARGUMENT_FILES);
        size_t length = strlen(row->option.help);
        assert_true(length > 10 && row->option.help[length - 1] == '.');
    }
}

static void test_defaults_are_values_that_a_user_may_type(void **state) {
    (void)state;
    for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        const struct satsync_option *row = &option_row(id)->option;
        uint64_t value;
        struct satsync_error error;
        if (row->fallback) {
            assert_int_equal(satsync_option_parse(row, row->fallback, &value, &error), SATSYNC_OK);
        }
    }
}

static void test_names_are_unique(void **state) {
    (void)state;
    for (enum option_id a = OPTION_NONE + 1; a < OPTION_IDS; a++) {
        for (enum option_id b = a + 1; b < OPTION_IDS; b++) {
            assert_string_not_equal(option_row(a)->option.name, option_row(b)->option.name);
            assert_true(!option_row(a)->short_name ||
                        option_row(a)->short_name != option_row(b)->short_name);
        }
    }
}

static void test_options_are_spelled_as_they_are_typed(void **state) {
    (void)state;
    char text[32];
    option_spelling(OPTION_GIVE_UP, text, sizeof text);
    assert_string_equal(text, "--give-up");
    option_spelling(ARGUMENT_STORE, text, sizeof text);
    assert_string_equal(text, "STORE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_complete),
        cmocka_unit_test(test_defaults_are_values_that_a_user_may_type),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_options_are_spelled_as_they_are_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
