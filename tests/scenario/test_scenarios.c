/*
 * Whole transfers by seed. With no arguments a sample; `--seeds FROM TO` runs a range and prints a
 * line for each, for tests/campaign/scenarios; `--seed N` repeats one and tells its story.
 */
#include "support/adversity.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_FROM = 1, SAMPLE_TO = 60 };

static const char *program;

static bool run_seed(uint64_t seed, bool loud) {
    struct adversity adversity;
    struct adversity_end end;
    char story[1024];
    char hash[TRACE_HASH_TEXT_BYTES];
    adversity_of(seed, &adversity);
    adversity_tell(&adversity, story, sizeof story);
    if (loud) {
        printf("seed %llu: %s\n", (unsigned long long)seed, story);
        fflush(stdout);
    }
    adversity_run(&adversity, &end);
    trace_hash_text(&end.trace, hash);
    if (loud) {
        printf("seed %llu %s %s links %u troubles %zu packets %llu virtual %.3f s%s%s%s\n",
               (unsigned long long)seed, end.passed ? "ok" : "FAILED", hash, end.links,
               end.troubles, (unsigned long long)end.packets, (double)end.time_ns / 1e9,
               adversity.no_path ? " no-path" : "", end.what ? ": " : "", end.what ? end.what : "");
    }
    if (!end.passed) {
        fprintf(stderr, "seed %llu failed: %s\n  %s\n  repeat it: %s --seed %llu\n",
                (unsigned long long)seed, end.what, story, program, (unsigned long long)seed);
    }
    fflush(stdout);
    return end.passed;
}

static int run_range(uint64_t from, uint64_t to) {
    int failed = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        failed |= !run_seed(seed, true);
    }
    return failed;
}

static void test_messages_are_delivered_whole_whatever_happens(void **state) {
    (void)state;
    unsigned failed = 0;
    for (uint64_t seed = SAMPLE_FROM; seed <= SAMPLE_TO; seed++) {
        failed += !run_seed(seed, false);
    }
    assert_int_equal(failed, 0);
}

static void test_a_run_is_a_function_of_its_seed(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct adversity adversity;
        struct adversity_end ends[2];
        adversity_of(seed, &adversity);
        adversity_run(&adversity, &ends[0]);
        adversity_run(&adversity, &ends[1]);
        assert_memory_equal(&ends[0].trace, &ends[1].trace, sizeof ends[0].trace);
    }
}

static void test_a_link_that_never_returns_is_told(void **state) {
    (void)state;
    struct adversity adversity;
    struct adversity_end end;
    adversity_of(1, &adversity);
    adversity.no_path = true;
    adversity.bytes[0] = 2 << 20;
    adversity.trouble_count = 1;
    adversity.troubles[0] = (struct trouble){TROUBLE_OUTAGE, 0, UINT64_MAX};
    adversity_run(&adversity, &end);
    assert_true(end.passed);
    assert_int_equal(end.links, 1);
    /* The same without being allowed to fail goes on trying, and is judged as never ending. */
    adversity.no_path = false;
    adversity_run(&adversity, &end);
    assert_false(end.passed);
    assert_true(end.links > 1);
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
        uint64_t seed = strtoull(argv[2], NULL, 10);
        return run_range(seed, seed);
    }
    if (argc == 4 && strcmp(argv[1], "--seeds") == 0) {
        return run_range(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_are_delivered_whole_whatever_happens),
        cmocka_unit_test(test_a_run_is_a_function_of_its_seed),
        cmocka_unit_test(test_a_link_that_never_returns_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
