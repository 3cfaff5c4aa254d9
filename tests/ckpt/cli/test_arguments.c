#include "ckpt/cli/arguments.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 32 };

struct parsed {
    char words[1024];
    char *argv[MOST_WORDS];
    struct arguments arguments;
    struct satsync_error error;
};

static enum satsync_status parse(struct parsed *parsed, const char *line) {
    memset(parsed, 0, sizeof *parsed);
    strcpy(parsed->words, line);
    int argc = 0;
    for (char *word = strtok(parsed->words, " "); word; word = strtok(NULL, " ")) {
        parsed->argv[argc++] = word;
    }
    return arguments_parse(&parsed->arguments, argc, parsed->argv, &parsed->error);
}

static void accept(struct parsed *parsed, const char *line) {
    if (parse(parsed, line) != SATSYNC_OK) {
        fail_msg("%s: %s: %s", line, parsed->error.subject, parsed->error.message);
    }
}

static void reject(const char *line, const char *subject, const char *message) {
    struct parsed parsed;
    enum satsync_status status = parse(&parsed, line);
    assert_int_equal(satsync_status_class(status), SATSYNC_CLASS_USAGE);
    if (strcmp(parsed.error.subject, subject) != 0 || !strstr(parsed.error.message, message)) {
        fail_msg("%s: \"%s\": \"%s\" instead of \"%s\": \"%s\"", line, parsed.error.subject,
                 parsed.error.message, subject, message);
    }
    arguments_fini(&parsed.arguments);
}

static int without_key(void **state) {
    (void)state;
    return unsetenv("SATSYNC_KEY");
}

static void test_values_come_in_every_form(void **state) {
    (void)state;
    static const char *const lines[] = {
        "satsync save s f --step 12 --key k",
        "satsync save s --step=12 f --key=k",
        "satsync --json save --key k --step 12 -- s f",
        "satsync save s f --step 12 --key k --json=yes",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed parsed;
        accept(&parsed, lines[i]);
        assert_string_equal(parsed.arguments.command->name, "save");
        assert_int_equal(arguments_value(&parsed.arguments, OPTION_STEP), 12);
        assert_string_equal(arguments_text(&parsed.arguments, OPTION_KEY), "k");
        assert_string_equal(arguments_text(&parsed.arguments, ARGUMENT_STORE), "s");
        assert_string_equal(arguments_text(&parsed.arguments, ARGUMENT_FILES), "f");
        arguments_fini(&parsed.arguments);
    }
}

static void test_short_options(void **state) {
    (void)state;
    static const char *const lines[] = {
        "satsync restore s 1 --key k -o out",
        "satsync restore s 1 --key k -oout",
        "satsync restore s 1 --key k -o=out",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed parsed;
        accept(&parsed, lines[i]);
        assert_string_equal(arguments_text(&parsed.arguments, OPTION_OUTPUT), "out");
        arguments_fini(&parsed.arguments);
    }
}

static void test_after_two_dashes_everything_is_plain(void **state) {
    (void)state;
    struct parsed parsed;
    accept(&parsed, "satsync ls -- --store");
    assert_string_equal(arguments_text(&parsed.arguments, ARGUMENT_STORE), "--store");
    arguments_fini(&parsed.arguments);
}

static void test_repeatable_arguments_keep_their_order(void **state) {
    (void)state;
    struct parsed parsed;
    accept(&parsed, "satsync save s a b --step 1 c --key k");
    assert_int_equal(arguments_count(&parsed.arguments, ARGUMENT_FILES), 3);
    assert_string_equal(arguments_text_at(&parsed.arguments, ARGUMENT_FILES, 0), "a");
    assert_string_equal(arguments_text_at(&parsed.arguments, ARGUMENT_FILES, 2), "c");
    assert_null(arguments_text_at(&parsed.arguments, ARGUMENT_FILES, 3));
    arguments_fini(&parsed.arguments);
}

static void test_defaults_are_those_of_the_rows(void **state) {
    (void)state;
    struct parsed parsed;
    accept(&parsed, "satsync push s 1 h:1 --key k --peer p");
    assert_int_equal(arguments_value(&parsed.arguments, OPTION_GIVE_UP), 600000000000);
    assert_int_equal(arguments_value(&parsed.arguments, OPTION_MEMORY), 256 << 20);
    assert_int_equal(arguments_value(&parsed.arguments, OPTION_RATE), 0);
    assert_false(arguments_on(&parsed.arguments, OPTION_DRY_RUN));
    arguments_fini(&parsed.arguments);
}

static void test_the_environment_stands_in_for_the_key(void **state) {
    (void)state;
    struct parsed parsed;
    assert_int_equal(setenv("SATSYNC_KEY", "from-environment", 1), 0);
    accept(&parsed, "satsync save s f --step 1");
    assert_string_equal(arguments_text(&parsed.arguments, OPTION_KEY), "from-environment");
    arguments_fini(&parsed.arguments);
    accept(&parsed, "satsync save s f --step 1 --key typed");
    assert_string_equal(arguments_text(&parsed.arguments, OPTION_KEY), "typed");
    arguments_fini(&parsed.arguments);
    accept(&parsed, "satsync ls s");
    assert_int_equal(arguments_count(&parsed.arguments, OPTION_KEY), 0);
    arguments_fini(&parsed.arguments);
    assert_int_equal(setenv("SATSYNC_KEY", "", 1), 0);
    reject("satsync save s f --step 1", "", "save needs --key SITE.key (or SATSYNC_KEY");
}

static void test_help_needs_nothing_else(void **state) {
    (void)state;
    struct parsed parsed;
    accept(&parsed, "satsync save --help");
    assert_true(arguments_on(&parsed.arguments, OPTION_HELP));
    arguments_fini(&parsed.arguments);
    accept(&parsed, "satsync -h");
    assert_null(parsed.arguments.command);
    arguments_fini(&parsed.arguments);
}

static void test_mistakes_are_named_with_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *line;
        const char *subject;
        const char *message;
    } cases[] = {
        {"satsync", "", "which command?"},
        {"satsync svae", "", "unknown command svae; did you mean save?"},
        {"satsync frobnicate", "", "unknown command frobnicate; see"},
        {"satsync save --stpe 4", "", "unknown option --stpe; did you mean --step?"},
        {"satsync save --stpe=4", "", "unknown option --stpe; did you mean --step?"},
        {"satsync save --xyzzyxyzzy", "", "unknown option --xyzzyxyzzy; see"},
        {"satsync --step 4 save", "", "unknown option --step"},
        {"satsync ls -x", "", "unknown option -x"},
        {"satsync ls -o x", "", "unknown option -o"},
        {"satsync ls", "", "ls needs STORE"},
        {"satsync ls a b", "", "unexpected argument b"},
        {"satsync save s f --key k", "", "save needs --step N"},
        {"satsync save s f --key k --step", "--step", "needs a value: --step N"},
        {"satsync save s f --step 1 --step 2", "--step", "is given twice"},
        {"satsync save s f --step -1", "--step", "is not a whole number"},
        {"satsync save s f --step 1.5", "--step", "is not a whole number"},
        {"satsync save s f --step 9223372036854775808", "--step", "is outside"},
        {"satsync save s f --step 1 --codec gzip", "--codec",
         "is not one of auto|stored|fast|huff|zstd"},
        {"satsync save s f --step= --key k", "--step", "is empty"},
        {"satsync show s x", "STEP", "is not a whole number"},
        {"satsync push s 1 h:1 --rate fast", "--rate", "is not a rate"},
        {"satsync push s 1 h:1 --give-up 10", "--give-up", "is not a time"},
        {"satsync ls s --memory 1MiB", "--memory", "is outside"},
        {"satsync ls s --json=perhaps", "--json", "is not yes or no"},
        {"satsync completion fish", "SHELL", "is not one of bash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reject(cases[i].line, cases[i].subject, cases[i].message);
    }
}

static void test_a_long_unknown_option_is_cut(void **state) {
    (void)state;
    char line[600] = "satsync ls --";
    memset(line + strlen(line), 'x', 500);
    reject(line, "", "unknown option --xxxx");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_come_in_every_form),
        cmocka_unit_test(test_short_options),
        cmocka_unit_test(test_after_two_dashes_everything_is_plain),
        cmocka_unit_test(test_repeatable_arguments_keep_their_order),
        cmocka_unit_test(test_defaults_are_those_of_the_rows),
        cmocka_unit_test_setup_teardown(test_the_environment_stands_in_for_the_key, without_key,
                                        without_key),
        cmocka_unit_test(test_help_needs_nothing_else),
        cmocka_unit_test(test_mistakes_are_named_with_what_to_do),
        cmocka_unit_test(test_a_long_unknown_option_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
