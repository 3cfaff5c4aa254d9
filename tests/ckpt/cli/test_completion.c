#include "ckpt/cli/completion.h"

#include "ckpt/cli/command.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What bash would offer for the last of `words`. */
static void complete(const char *words, char *out, size_t out_bytes) {
    char path[] = "/tmp/satsync-completion-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *script = fdopen(descriptor, "w");
    completion_print_bash(script);
    fprintf(script,
            "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _satsync\n"
            "echo \"${COMPREPLY[*]}\"\n",
            words);
    fclose(script);
    char command[64];
    snprintf(command, sizeof command, "bash %s", path);
    FILE *bash = popen(command, "r");
    assert_non_null(bash);
    out[fread(out, 1, out_bytes - 1, bash)] = '\0';
    assert_int_equal(pclose(bash), 0);
    unlink(path);
}

static void test_bash_offers_what_the_rows_say(void **state) {
    (void)state;
    static const struct {
        const char *words;
        const char *offered;
    } cases[] = {
        {"satsync sa", "save\n"},
        {"satsync --json ver", "verify\n"},
        {"satsync save --st", "--step\n"},
        {"satsync save s --codec ''", "auto stored fast huff zstd\n"},
        {"satsync save s --step ''", "\n"},
        {"satsync push --p", "--peer\n"},
        {"satsync completion ''", "bash\n"},
        {"satsync help pu", "push pull\n"},
        {"satsync ls /dev/nul", "/dev/null\n"},
    };
    if (system("command -v bash >/dev/null") != 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char offered[1024];
        complete(cases[i].words, offered, sizeof offered);
        assert_string_equal(offered, cases[i].offered);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bash_offers_what_the_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
