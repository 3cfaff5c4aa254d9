/* Saves through the API, read back through it. */
#include "engine/save.h"

#include "sim-link/faulty_disk.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct satsync_save *begin(struct engine_world *world, uint64_t step) {
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    satsync_save_options_init(&options);
    options.step = step;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    return save;
}

static enum satsync_status commit(struct satsync_save *save, struct satsync_error *error) {
    struct satsync_operation *operation;
    enum satsync_status status = satsync_save_commit(save, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

static size_t count_steps(struct satsync_store *store) {
    size_t count;
    struct satsync_error error;
    engine_expect(satsync_store_steps(store, NULL, 0, &count, &error), SATSYNC_OK, &error);
    return count;
}

static void expect_content(const struct content *content, struct satsync_store *store,
                           uint64_t step) {
    bool wrong;
    struct satsync_error error;
    engine_expect(content_check(content, store, step, &wrong, &error), SATSYNC_OK, &error);
    assert_false(wrong);
}

static void test_all_types_come_back_with_every_chunk_size(void **state) {
    struct engine_world *world = *state;
    static const uint32_t chunk_bytes[] = {4096, 5000, 65536, 0, 16 << 20};
    for (uint64_t i = 0; i < sizeof chunk_bytes / sizeof *chunk_bytes; i++) {
        struct content content;
        struct satsync_error error;
        content_init(&content, i, 300032);
        engine_expect(content_save(&content, world->store, i, chunk_bytes[i], &error), SATSYNC_OK,
                      &error);
        expect_content(&content, world->store, i);
        content_fini(&content);
    }
    assert_int_equal(count_steps(world->store), 5);
}

static void test_put_lets_the_caller_overwrite_memory_at_once(void **state) {
    struct engine_world *world = *state;
    enum { WORDS = 1 << 20 };
    uint32_t *data = malloc(WORDS * sizeof *data);
    struct satsync_tensor tensor = {
        .name = "w", .dtype = SATSYNC_U32, .dimensions = 1, .shape = {WORDS}, .data = data};
    struct satsync_error error;
    struct satsync_save *save = begin(world, 1);
    assert_non_null(data);
    for (uint32_t i = 0; i < WORDS; i++) {
        data[i] = i * 2654435761U;
    }
    engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
    memset(data, 0xee, WORDS * sizeof *data);
    engine_expect(commit(save, &error), SATSYNC_OK, &error);
    struct satsync_reader *reader;
    engine_expect(satsync_reader_open(world->store, 1, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_read(reader, 0, 0, data, WORDS * sizeof *data, &error), SATSYNC_OK,
                  &error);
    for (uint32_t i = 0; i < WORDS; i++) {
        if (data[i] != i * 2654435761U) {
            fail_msg("word %u is another", i);
        }
    }
    satsync_reader_close(reader);
    free(data);
}

static void test_a_step_that_exists_is_a_conflict_and_stays(void **state) {
    struct engine_world *world = *state;
    struct content first;
    struct content second;
    struct satsync_error error;
    content_init(&first, 1, 65536);
    content_init(&second, 2, 65536);
    engine_expect(content_save(&first, world->store, 5, 0, &error), SATSYNC_OK, &error);
    engine_expect(content_save(&second, world->store, 5, 0, &error), SATSYNC_CONFLICT, &error);
    assert_non_null(strstr(error.subject, "step 5"));
    expect_content(&first, world->store, 5);
    content_fini(&first);
    content_fini(&second);
}

static void test_of_two_saves_of_one_step_the_first_to_commit_stays(void **state) {
    struct engine_world *world = *state;
    struct content contents[2];
    struct satsync_save *saves[2];
    struct satsync_error error;
    for (unsigned i = 0; i < 2; i++) {
        content_init(&contents[i], i, 65536);
        saves[i] = begin(world, 9);
        engine_expect(content_put(&contents[i], saves[i], &error), SATSYNC_OK, &error);
    }
    engine_expect(commit(saves[1], &error), SATSYNC_OK, &error);
    engine_expect(commit(saves[0], &error), SATSYNC_CONFLICT, &error);
    expect_content(&contents[1], world->store, 9);
    content_fini(&contents[0]);
    content_fini(&contents[1]);
}

static void test_an_abandoned_save_leaves_nothing(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    content_init(&content, 1, 1 << 20);
    struct satsync_save *save = begin(world, 1);
    engine_expect(content_put(&content, save, &error), SATSYNC_OK, &error);
    satsync_save_abandon(save);
    satsync_save_abandon(NULL);
    assert_int_equal(count_steps(world->store), 0);
    engine_expect(content_save(&content, world->store, 1, 0, &error), SATSYNC_OK, &error);
    expect_content(&content, world->store, 1);
    content_fini(&content);
}

static void test_a_save_of_nothing_is_a_checkpoint(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_reader *reader;
    engine_expect(commit(begin(world, 1), &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_open(world->store, 1, &reader, &error), SATSYNC_OK, &error);
    assert_int_equal(satsync_reader_tensors(reader), 0);
    satsync_reader_close(reader);
}

struct refused {
    const char *what;
    struct satsync_tensor tensor;
    enum satsync_status status;
};

static void test_tensors_that_cannot_be_are_refused(void **state) {
    struct engine_world *world = *state;
    static char long_name[INDEX_NAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    static const uint32_t data[4] = {1, 2, 3, 4};
    const struct refused refused[] = {
        {"no name", {.dtype = SATSYNC_U32, .data = data}, SATSYNC_INVALID},
        {"an empty name", {.name = "", .dtype = SATSYNC_U32, .data = data}, SATSYNC_INVALID},
        {"a name too long",
         {.name = long_name, .dtype = SATSYNC_U32, .data = data},
         SATSYNC_INVALID},
        {"a name that is not UTF-8",
         {.name = "w\xff\xfe", .dtype = SATSYNC_U32, .data = data},
         SATSYNC_INVALID},
        {"a reserved name",
         {.name = "__metadata__", .dtype = SATSYNC_U32, .data = data},
         SATSYNC_INVALID},
        {"no such type", {.name = "w", .dtype = 99, .data = data}, SATSYNC_INVALID},
        {"too many dimensions",
         {.name = "w", .dtype = SATSYNC_U32, .dimensions = 17, .data = data},
         SATSYNC_INVALID},
        {"no data", {.name = "w", .dtype = SATSYNC_U32}, SATSYNC_INVALID},
        {"more than memory can be",
         {.name = "w",
          .dtype = SATSYNC_U32,
          .dimensions = 2,
          .shape = {UINT64_MAX / 2, 8},
          .data = data},
         SATSYNC_INVALID},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct satsync_error error = {0};
        struct satsync_save *save = begin(world, 1);
        enum satsync_status status = satsync_save_put(save, &refused[i].tensor, &error);
        if (status != refused[i].status) {
            fail_msg("%s: %s", refused[i].what, satsync_status_name(status));
        }
        assert_true(strlen(error.message) > 8);
        satsync_save_abandon(save);
    }
    assert_int_equal(count_steps(world->store), 0);
}

static void test_a_name_is_saved_once(void **state) {
    struct engine_world *world = *state;
    static const uint32_t data[4] = {1, 2, 3, 4};
    const struct satsync_tensor tensor = {
        .name = "w", .dtype = SATSYNC_U32, .dimensions = 1, .shape = {4}, .data = data};
    struct satsync_error error;
    struct satsync_save *save = begin(world, 1);
    engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
    enum satsync_status status = satsync_save_put(save, &tensor, &error);
    status = status == SATSYNC_OK ? commit(save, &error) : (satsync_save_abandon(save), status);
    engine_expect(status, SATSYNC_INVALID, &error);
    assert_non_null(strstr(error.message, "once"));
    save = begin(world, 1);
    engine_expect(satsync_save_put_blob(save, "b", data, 4, &error), SATSYNC_OK, &error);
    status = satsync_save_put_blob(save, "b", data, 4, &error);
    status = status == SATSYNC_OK ? commit(save, &error) : (satsync_save_abandon(save), status);
    engine_expect(status, SATSYNC_INVALID, &error);
    assert_int_equal(count_steps(world->store), 0);
}

static void test_options_that_cannot_be_are_refused(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_save *save;
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.chunk_bytes = 4095;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_INVALID,
                  &error);
    options.chunk_bytes = (16 << 20) + 1;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_INVALID,
                  &error);
    options.chunk_bytes = 0;
    options.codec = 77;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_INVALID,
                  &error);
    options.codec = SATSYNC_CODEC_AUTO;
    options.size = 0;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_INVALID,
                  &error);
    assert_null(save);
}

static void test_saving_needs_the_key(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_store *store;
    satsync_save_options_init(&options);
    engine_expect(satsync_store_open(world->engine, world->root, NULL, &store, &error), SATSYNC_OK,
                  &error);
    engine_expect(satsync_save_begin(store, &options, &save, &error), SATSYNC_NO_KEY, &error);
    satsync_store_close(store);
}

static void test_a_cancelled_save_ends_whole_or_not_at_all(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    content_init(&content, 1, 8 << 20);
    for (uint64_t step = 1; step <= 4; step++) {
        struct satsync_save *save = begin(world, step);
        struct satsync_operation *operation;
        engine_expect(content_put(&content, save, &error), SATSYNC_OK, &error);
        engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
        satsync_operation_cancel(operation);
        enum satsync_status status = satsync_operation_wait(operation, UINT64_MAX, &error);
        satsync_operation_free(operation);
        struct satsync_checkpoint_info info;
        engine_expect(satsync_store_info(world->store, step, &info, &error),
                      status == SATSYNC_OK ? SATSYNC_OK : SATSYNC_NOT_FOUND, &error);
        assert_true(status == SATSYNC_OK || status == SATSYNC_CANCELLED);
    }
    content_fini(&content);
}

/* Everything with the n-th allocation failing, for each n. */
static void test_every_failed_allocation_is_told_and_nothing_leaks(void **state) {
    (void)state;
    struct content content;
    content_init(&content, 1, 65536);
    for (size_t n = 1;; n++) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, 0);
        struct satsync_engine_options options;
        satsync_engine_options_init(&options);
        options.memory_bytes = 8 << 20;
        options.allocate = counting.allocator.allocate;
        options.release = counting.allocator.release;
        options.allocate_context = &counting;
        struct engine_world world;
        engine_world_open_faulty(&world, &options, 1);
        counting.fail_at = counting.calls + n;
        struct satsync_error error = {0};
        bool wrong = false;
        enum satsync_status saved = content_save(&content, world.store, 1, 4096, &error);
        enum satsync_status status =
            saved == SATSYNC_OK ? content_check(&content, world.store, 1, &wrong, &error) : saved;
        bool failed = counting.calls >= counting.fail_at;
        counting.fail_at = 0;
        assert_false(wrong);
        if (status != SATSYNC_OK) {
            engine_expect(status, SATSYNC_NO_MEMORY, &error);
            assert_true(strlen(error.message) > 8);
        }
        /* Life goes on. */
        if (saved != SATSYNC_OK) {
            engine_expect(content_save(&content, world.store, 2, 4096, &error), SATSYNC_OK, &error);
        }
        expect_content(&content, world.store, saved == SATSYNC_OK ? 1 : 2);
        engine_world_close(&world);
        assert_int_equal(counting.live, 0);
        if (!failed) {
            print_message("%d allocations\n", (int)n - 1);
            break;
        }
    }
    content_fini(&content);
}

static void test_a_full_disk_is_told_and_loses_nothing(void **state) {
    (void)state;
    struct content content;
    struct engine_world world;
    content_init(&content, 1, 65536);
    engine_world_open_faulty(&world, NULL, 1);
    struct satsync_error error = {0};
    engine_expect(content_save(&content, world.store, 1, 4096, &error), SATSYNC_OK, &error);
    for (uint64_t room = 0; room < 200000; room += 10000) {
        faulty_disk_set_capacity(world.faulty, 50000 + room);
        enum satsync_status status = content_save(&content, world.store, 2 + room, 4096, &error);
        if (status != SATSYNC_OK) {
            engine_expect(status, SATSYNC_NO_SPACE, &error);
            assert_true(strlen(error.message) > 8 && strlen(error.subject) > 0);
        }
        assert_true(room > 0 || status == SATSYNC_NO_SPACE);
        expect_content(&content, world.store, 1);
    }
    faulty_disk_set_capacity(world.faulty, UINT64_MAX);
    engine_expect(content_save(&content, world.store, 3, 4096, &error), SATSYNC_OK, &error);
    engine_world_close(&world);
    content_fini(&content);
}

static void test_a_read_only_disk_is_told_and_can_be_read(void **state) {
    (void)state;
    struct content content;
    struct engine_world world;
    struct satsync_error error = {0};
    content_init(&content, 1, 65536);
    engine_world_open_faulty(&world, NULL, 1);
    engine_expect(content_save(&content, world.store, 1, 4096, &error), SATSYNC_OK, &error);
    faulty_disk_set_read_only(world.faulty, true);
    engine_expect(content_save(&content, world.store, 2, 4096, &error), SATSYNC_READ_ONLY, &error);
    expect_content(&content, world.store, 1);
    struct satsync_verify_report report = {0};
    engine_expect(satsync_store_verify(world.store, SATSYNC_ALL_STEPS, &report, &error), SATSYNC_OK,
                  &error);
    engine_world_close(&world);
    content_fini(&content);
}

/* One save with operation `n` of the disk failing; false when there are not as many. */
static bool save_with_error_at(const struct content *content, uint64_t n) {
    struct engine_world world;
    struct satsync_error error = {0};
    engine_world_open_faulty(&world, NULL, n);
    uint64_t at = faulty_disk_operations(world.faulty) + n;
    faulty_disk_fail_at(world.faulty, at, SATSYNC_IO);
    enum satsync_status status = content_save(content, world.store, 1, 4096, &error);
    bool failed = faulty_disk_operations(world.faulty) > at;
    faulty_disk_fail_at(world.faulty, UINT64_MAX, SATSYNC_IO);
    if (status != SATSYNC_OK) {
        engine_expect(status, SATSYNC_IO, &error);
        assert_true(strlen(error.message) > 8 && strlen(error.subject) > 0);
        engine_expect(content_save(content, world.store, 2, 4096, &error), SATSYNC_OK, &error);
    }
    expect_content(content, world.store, status == SATSYNC_OK ? 1 : 2);
    engine_world_close(&world);
    return failed;
}

static void test_an_error_of_the_disk_at_any_operation_is_told(void **state) {
    (void)state;
    struct content content;
    uint64_t n = 0;
    content_init(&content, 1, 65536);
    while (save_with_error_at(&content, n)) {
        n++;
        assert_true(n < 2000);
    }
    assert_true(n > 10);
    content_fini(&content);
}

#define ON_FILES(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_FILES(test_all_types_come_back_with_every_chunk_size),
        ON_FILES(test_put_lets_the_caller_overwrite_memory_at_once),
        ON_FILES(test_a_step_that_exists_is_a_conflict_and_stays),
        ON_FILES(test_of_two_saves_of_one_step_the_first_to_commit_stays),
        ON_FILES(test_an_abandoned_save_leaves_nothing),
        ON_FILES(test_a_save_of_nothing_is_a_checkpoint),
        ON_FILES(test_tensors_that_cannot_be_are_refused),
        ON_FILES(test_a_name_is_saved_once),
        ON_FILES(test_options_that_cannot_be_are_refused),
        ON_FILES(test_saving_needs_the_key),
        ON_FILES(test_a_cancelled_save_ends_whole_or_not_at_all),
        cmocka_unit_test(test_every_failed_allocation_is_told_and_nothing_leaks),
        cmocka_unit_test(test_a_full_disk_is_told_and_loses_nothing),
        cmocka_unit_test(test_a_read_only_disk_is_told_and_can_be_read),
        cmocka_unit_test(test_an_error_of_the_disk_at_any_operation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
