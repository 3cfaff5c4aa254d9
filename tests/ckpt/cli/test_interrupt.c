#include "ckpt/cli/interrupt.h"

#include "support/cmocka.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `body` in a child with the last words "words" going into a pipe. */
static int run(void (*body)(void), char *out, size_t out_bytes) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        interrupt_install(ends[1], "words");
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got;
    while ((got = read(ends[0], out + used, out_bytes - 1 - used)) > 0) {
        used += (size_t)got;
    }
    out[used] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void one_while_patient(void) {
    interrupt_patient(true);
    raise(SIGINT);
    _exit(interrupt_signal() == SIGINT ? 42 : 1);
}

static void two_while_patient(void) {
    interrupt_patient(true);
    raise(SIGINT);
    usleep(300000);
    raise(SIGTERM);
}

static void two_at_once(void) {
    interrupt_patient(true);
    raise(SIGINT);
    raise(SIGINT);
    _exit(interrupt_signal() == SIGINT ? 42 : 1);
}

static void one_while_not_patient(void) {
    raise(SIGTERM);
}

static void patience_ended(void) {
    interrupt_patient(true);
    interrupt_patient(false);
    raise(SIGINT);
}

static void given_back(void) {
    interrupt_uninstall();
    raise(SIGINT);
}

static void test_the_first_signal_is_remembered_while_patient(void **state) {
    (void)state;
    char words[32];
    assert_int_equal(run(one_while_patient, words, sizeof words), 42);
    assert_string_equal(words, "");
}

static void test_the_second_signal_ends_with_the_last_words(void **state) {
    (void)state;
    char words[32];
    assert_int_equal(run(two_while_patient, words, sizeof words), 143);
    assert_string_equal(words, "words");
}

static void test_two_signals_at_once_are_one(void **state) {
    (void)state;
    char words[32];
    assert_int_equal(run(two_at_once, words, sizeof words), 42);
    assert_string_equal(words, "");
}

static void test_without_patience_the_first_signal_ends(void **state) {
    (void)state;
    char words[32];
    assert_int_equal(run(one_while_not_patient, words, sizeof words), 143);
    assert_string_equal(words, "words");
    assert_int_equal(run(patience_ended, words, sizeof words), 130);
}

static void test_uninstall_gives_the_signals_back(void **state) {
    (void)state;
    char words[32];
    assert_int_equal(run(given_back, words, sizeof words), -1);
    assert_string_equal(words, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_signal_is_remembered_while_patient),
        cmocka_unit_test(test_the_second_signal_ends_with_the_last_words),
        cmocka_unit_test(test_two_signals_at_once_are_one),
        cmocka_unit_test(test_without_patience_the_first_signal_ends),
        cmocka_unit_test(test_uninstall_gives_the_signals_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
