#include "ckpt/cli/help.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80 };

static char *help_of(const struct command *command) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    help_print(command, out);
    fclose(out);
    return text;
}

static void test_every_command_explains_each_of_its_arguments(void **state) {
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        char *text = help_of(&commands[i]);
        assert_non_null(strstr(text, commands[i].summary));
        assert_non_null(strstr(text, commands[i].example));
        for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
            char spelling[64];
            option_spelling(id, spelling, sizeof spelling);
            char start[80];
            snprintf(start, sizeof start, "%s%s", option_row(id)->short_name ? ", " : "\n  ",
                     spelling);
            assert_int_equal(strstr(text, start) != NULL, command_takes(&commands[i], id) != NULL);
        }
        free(text);
    }
}

static void test_the_overview_lists_every_command(void **state) {
    (void)state;
    char *text = help_of(NULL);
    for (size_t i = 0; i < command_count; i++) {
        assert_non_null(strstr(text, commands[i].summary));
    }
    assert_non_null(strstr(text, "Exit status"));
    free(text);
}

static void test_lines_fit_a_terminal(void **state) {
    (void)state;
    for (size_t i = 0; i <= command_count; i++) {
        char *text = help_of(i < command_count ? &commands[i] : NULL);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            /* Examples are to be copied, so they stay whole. */
            if (strlen(line) > WIDTH && !strstr(line, "satsync ")) {
                fail_msg("%zu columns: %s", strlen(line), line);
            }
        }
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_explains_each_of_its_arguments),
        cmocka_unit_test(test_the_overview_lists_every_command),
        cmocka_unit_test(test_lines_fit_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
