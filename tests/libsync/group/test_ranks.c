#include <satsync/ranks.h>

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RANKS = 3, COUNT = 10007 };
#define TIMEOUT_NS UINT64_C(60000000000)

/* A port of TCP that nobody has now. */
static unsigned free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static int report(const char *what, const struct satsync_error *error) {
    fprintf(stderr, "%s: %s: %s\n", what, error->subject, error->message);
    return error->status == SATSYNC_UNSUPPORTED ? 77 : 1;
}

/* All operations once; 0, or what went wrong. */
static int work_together(struct satsync_ranks *ranks, uint32_t rank) {
    static float values[COUNT];
    struct satsync_error error;
    const struct satsync_ranks_buffer floats = {SATSYNC_F32, values, COUNT};
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = (float)(rank + i);
    }
    if (satsync_ranks_all_reduce(ranks, &floats, TIMEOUT_NS, &error)) {
        return report("all-reduce", &error);
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (values[i] != (float)(3 * i + 3)) {
            return 2;
        }
    }
    char word[16] = "";
    snprintf(word, sizeof word, "from %u", rank);
    const struct satsync_ranks_buffer bytes = {SATSYNC_U8, word, sizeof word};
    if (satsync_ranks_broadcast(ranks, &bytes, 2, TIMEOUT_NS, &error)) {
        return report("broadcast", &error);
    }
    uint64_t first;
    uint64_t count;
    satsync_ranks_share(ranks, COUNT, rank, &first, &count);
    memset(values, 0, sizeof values);
    for (uint64_t i = first; i < first + count; i++) {
        values[i] = (float)i;
    }
    if (satsync_ranks_all_gather(ranks, &floats, TIMEOUT_NS, &error)) {
        return report("all-gather", &error);
    }
    if (satsync_ranks_reduce_scatter(ranks, &floats, TIMEOUT_NS, &error)) {
        return report("reduce-scatter", &error);
    }
    for (uint64_t i = first; i < first + count; i++) {
        if (values[i] != (float)(3 * i)) {
            return 3;
        }
    }
    if (satsync_ranks_barrier(ranks, TIMEOUT_NS, &error)) {
        return report("barrier", &error);
    }
    return strcmp(word, "from 2") == 0 ? 0 : 4;
}

static int be_rank(uint32_t rank, const char *address) {
    struct satsync_engine *engine;
    struct satsync_ranks *ranks;
    struct satsync_error error;
    struct satsync_ranks_options options;
    satsync_ranks_options_init(&options);
    options.rank = rank;
    options.count = RANKS;
    options.address = address;
    alarm(120);
    if (satsync_engine_open(NULL, &engine, &error)) {
        return report("engine", &error);
    }
    if (satsync_ranks_open(engine, &options, &ranks, &error)) {
        return report("ranks", &error);
    }
    int code = satsync_ranks_rank(ranks) == rank && satsync_ranks_count(ranks) == RANKS
                   ? work_together(ranks, rank)
                   : 5;
    satsync_ranks_close(ranks);
    satsync_engine_close(engine);
    return code;
}

/* Real processes, over UCX; skipped, with a line, where there is none. */
static void test_processes_meet_and_work_together(void **state) {
    (void)state;
    char address[32];
    pid_t pids[RANKS];
    snprintf(address, sizeof address, "127.0.0.1:%u", free_port());
    for (uint32_t rank = 0; rank < RANKS; rank++) {
        pids[rank] = fork();
        if (pids[rank] == 0) {
            _exit(be_rank(rank, address));
        }
    }
    bool is_there = true;
    for (uint32_t rank = 0; rank < RANKS; rank++) {
        int status;
        assert_int_equal(waitpid(pids[rank], &status, 0), pids[rank]);
        assert_true(WIFEXITED(status));
        is_there = is_there && WEXITSTATUS(status) != 77;
        assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
    }
    if (!is_there) {
        skip();
    }
}

static void test_options_that_cannot_be_are_refused(void **state) {
    struct engine_world *world = *state;
    static const struct satsync_ranks_options wrong[] = {
        {.size = sizeof wrong[0], .count = 1, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .count = SATSYNC_RANKS + 1, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .rank = 2, .count = 2, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .rank = 0, .count = 2},
        {.size = 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct satsync_ranks *ranks;
        struct satsync_error error;
        assert_int_equal(satsync_ranks_open(world->engine, &wrong[i], &ranks, &error),
                         SATSYNC_INVALID);
        assert_null(ranks);
    }
    satsync_ranks_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes_meet_and_work_together),
        cmocka_unit_test_setup_teardown(test_options_that_cannot_be_are_refused, engine_world_setup,
                                        engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
