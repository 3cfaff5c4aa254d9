#include "bench/bench.h"

#include "bench/results.h"
#include "support/cmocka.h"

#include <satsync/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    char path[64];
    char scenario[128];
};

static void set_up(struct folder *folder, const char *text) {
    snprintf(folder->path, sizeof folder->path, "/tmp/satsync-bench-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->scenario, sizeof folder->scenario, "%s/small.scenario", folder->path);
    FILE *file = fopen(folder->scenario, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void tear_down(struct folder *folder) {
    char path[128];
    snprintf(path, sizeof path, "%s/results.json", folder->path);
    unlink(path);
    unlink(folder->scenario);
    assert_int_equal(rmdir(folder->path), 0);
}

static int run(struct folder *folder) {
    char *arguments[] = {(char *)"bench", (char *)"run", folder->scenario,
                         (char *)"--out", folder->path,  NULL};
    return bench_main(5, arguments);
}

static void test_link_runs_and_compares_equal_with_itself(void **state) {
    (void)state;
    struct folder folder;
    set_up(&folder, "link plain?rate=100M&rtt=20ms&loss=1%\nbytes 1MiB\nseeds 3\ntarget 50%\n");
    assert_int_equal(run(&folder), 0);
    size_t worse = 1;
    assert_int_equal(results_compare(folder.path, folder.path, stdout, &worse, NULL), SATSYNC_OK);
    assert_int_equal(worse, 0);
    tear_down(&folder);
}

static void test_missed_target_has_its_own_exit_code(void **state) {
    (void)state;
    struct folder folder;
    set_up(&folder, "link plain?rate=100M&rtt=600ms\nrate 50M\nbytes 1MiB\nseeds 1\n"
                    "target 99%\n");
    assert_int_equal(run(&folder), BENCH_EXIT_MISSED);
    tear_down(&folder);
}

static void test_codec_and_store_and_loopback_run(void **state) {
    (void)state;
    static const char *const texts[] = {"kind codec\nbytes 2MiB\nseeds 1\n",
                                        "kind store\nbytes 2MiB\nseeds 2\n",
                                        "kind loopback\ncontroller model\nbytes 2MiB\nseeds 1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct folder folder;
        set_up(&folder, texts[i]);
        assert_int_equal(run(&folder), 0);
        tear_down(&folder);
    }
}

static void test_wrong_commands_are_usage_errors(void **state) {
    (void)state;
    static char *const cases[][5] = {
        {(char *)"bench", NULL},
        {(char *)"bench", (char *)"walk", NULL},
        {(char *)"bench", (char *)"run", (char *)"geo-loss0", NULL},
        {(char *)"bench", (char *)"run", (char *)"--out", NULL},
        {(char *)"bench", (char *)"run", (char *)"--fast", (char *)"yes", NULL},
        {(char *)"bench", (char *)"compare", (char *)"/nowhere", NULL},
        {(char *)"bench", (char *)"compare", (char *)"/nowhere", (char *)"/nowhere", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *arguments[6] = {NULL};
        int count = 0;
        for (; count < 5 && cases[i][count]; count++) {
            arguments[count] = cases[i][count];
        }
        assert_int_equal(bench_main(count, arguments), SATSYNC_CLASS_USAGE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_runs_and_compares_equal_with_itself),
        cmocka_unit_test(test_missed_target_has_its_own_exit_code),
        cmocka_unit_test(test_codec_and_store_and_loopback_run),
        cmocka_unit_test(test_wrong_commands_are_usage_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
