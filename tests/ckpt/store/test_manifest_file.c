#include "ckpt/store/manifest_file.h"

#include "ckpt/store/disk_choose.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void commit_read_remove(struct world *world) {
    struct chunks *chunks = world->chunks;
    struct satsync_error error;
    uint8_t *data;
    size_t bytes;
    assert_int_equal(manifest_file_read(chunks, 7, &data, &bytes, &error), SATSYNC_NOT_FOUND);
    assert_int_equal(manifest_file_commit(chunks, 7, "seven", 5, &error), SATSYNC_OK);
    assert_int_equal(manifest_file_commit(chunks, 7, "seven", 5, &error), SATSYNC_OK);
    assert_int_equal(manifest_file_commit(chunks, 7, "seven!", 6, &error), SATSYNC_CONFLICT);
    assert_int_equal(manifest_file_commit(chunks, 7, "sevem", 5, &error), SATSYNC_CONFLICT);
    assert_non_null(strstr(error.message, "step 7"));
    assert_int_equal(manifest_file_read(chunks, 7, &data, &bytes, &error), SATSYNC_OK);
    assert_int_equal(bytes, 5);
    assert_memory_equal(data, "seven", 5);
    free(data);
    assert_int_equal(manifest_file_commit(chunks, 8, "", 0, &error), SATSYNC_LIMIT);
    assert_int_equal(manifest_file_remove(chunks, 7, &error), SATSYNC_OK);
    assert_int_equal(manifest_file_remove(chunks, 7, &error), SATSYNC_NOT_FOUND);
    assert_int_equal(world_count(world, "manifests"), 0);
}

static void test_a_step_is_committed_once_and_never_changes(void **state) {
    (void)state;
    world_for_each(commit_read_remove);
}

struct listed {
    uint64_t at[8];
    size_t count;
};

static void note(void *context, uint64_t step) {
    struct listed *listed = context;
    assert_true(listed->count < 8);
    listed->at[listed->count++] = step;
}

static void list(struct world *world) {
    static const uint64_t order[] = {5, UINT64_MAX, 0, 1000000};
    static const uint64_t sorted[] = {0, 5, 1000000, UINT64_MAX};
    struct listed listed = {.count = 0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(manifest_file_commit(world->chunks, order[i], "m", 1, NULL), SATSYNC_OK);
    }
    assert_int_equal(manifest_file_list(world->chunks, note, &listed, NULL), SATSYNC_OK);
    assert_int_equal(listed.count, 4);
    assert_memory_equal(listed.at, sorted, sizeof sorted);
}

static void test_steps_are_listed_in_order(void **state) {
    (void)state;
    world_for_each(list);
}

enum { RIVALS = 6 };

/* A process of its own with its own content; exits 0 for OK, 1 for CONFLICT, 2 else. */
static int rival(const struct world *world, uint64_t step, int number) {
    struct disk *disk;
    struct chunks *chunks;
    char content[5000];
    memset(content, 'a' + number, sizeof content);
    if (disk_choose("posix", NULL, &disk, NULL) != SATSYNC_OK ||
        store_open(disk, world->root, NULL, &chunks, NULL) != SATSYNC_OK) {
        return 2;
    }
    enum satsync_status status = manifest_file_commit(chunks, step, content, sizeof content, NULL);
    chunks->ops->close(chunks);
    disk->ops->free(disk);
    return status == SATSYNC_OK ? 0 : status == SATSYNC_CONFLICT ? 1 : 2;
}

/* The number of the rival whose commit was OK; exactly one. */
static int race(const struct world *world, uint64_t step) {
    pid_t children[RIVALS];
    int winner = -1;
    fflush(NULL);
    for (int i = 0; i < RIVALS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            _exit(rival(world, step, i));
        }
    }
    for (int i = 0; i < RIVALS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        if (WEXITSTATUS(status) == 0) {
            assert_int_equal(winner, -1);
            winner = i;
        }
    }
    assert_true(winner >= 0);
    return winner;
}

static void test_of_processes_that_commit_one_step_exactly_one_wins(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_POSIX));
    for (uint64_t step = 0; step < 20; step++) {
        uint8_t *data;
        size_t bytes;
        int winner = race(&world, step);
        assert_int_equal(manifest_file_read(world.chunks, step, &data, &bytes, NULL), SATSYNC_OK);
        assert_int_equal(bytes, 5000);
        assert_int_equal(data[0], 'a' + winner);
        assert_int_equal(data[4999], 'a' + winner);
        free(data);
    }
    assert_int_equal(world_count(&world, "manifests"), 20);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_is_committed_once_and_never_changes),
        cmocka_unit_test(test_steps_are_listed_in_order),
        cmocka_unit_test(test_of_processes_that_commit_one_step_exactly_one_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
