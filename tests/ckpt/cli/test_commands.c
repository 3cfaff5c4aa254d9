#include "ckpt/cli/command.h"
#include "support/cmocka.h"

#include <string.h>

static void test_every_command_is_complete(void **state) {
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        assert_non_null(command->run);
        assert_non_null(command->summary);
        assert_non_null(strstr(command->example, command->name));
        assert_ptr_equal(command_find(command->name, NULL), command);
        assert_int_equal(command->arguments[COMMAND_ARGUMENTS - 1].id, OPTION_NONE);
    }
}

static void test_only_the_last_plain_argument_may_be_missing_or_repeat(void **state) {
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        bool last = false;
        for (const struct command_argument *entry = commands[i].arguments; entry->id; entry++) {
            if (!option_row(entry->id)->positional) {
                continue;
            }
            assert_false(last);
            last = entry->flags != ARGUMENT_REQUIRED;
        }
    }
}

static void test_similar_names_are_suggested(void **state) {
    (void)state;
    const char *nearest = NULL;
    assert_null(command_find("psuh", &nearest));
    assert_string_equal(nearest, "push");
    assert_null(command_find("frobnicate", &nearest));
    assert_null(nearest);
}

static void test_commands_take_their_options_and_the_global_ones(void **state) {
    (void)state;
    const struct command *save = command_find("save", NULL);
    assert_non_null(command_takes(save, OPTION_STEP));
    assert_non_null(command_takes(save, OPTION_JSON));
    assert_null(command_takes(save, OPTION_PEER));
    assert_null(command_takes(NULL, OPTION_STEP));
    assert_non_null(command_takes(NULL, OPTION_HELP));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_is_complete),
        cmocka_unit_test(test_only_the_last_plain_argument_may_be_missing_or_repeat),
        cmocka_unit_test(test_similar_names_are_suggested),
        cmocka_unit_test(test_commands_take_their_options_and_the_global_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
