#include "ckpt/store/store.h"

#include "base/check.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/whole_file.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void create_twice(struct world *world) {
    struct satsync_error error;
    assert_int_equal(store_create(world->disk, world->root, NULL, &error), SATSYNC_CONFLICT);
    assert_non_null(strstr(error.message, "store already"));
    /* The directory above has the store's in it. */
    assert_int_equal(store_create(world->disk, world->base, NULL, &error), SATSYNC_CONFLICT);
    assert_non_null(strstr(error.message, "not empty"));
}

static void test_create_refuses_what_is_there(void **state) {
    (void)state;
    world_for_each(create_twice);
}

static void not_a_store(struct world *world) {
    struct satsync_error error;
    struct chunks *chunks;
    char file[100];
    snprintf(file, sizeof file, "%s/format", world->root);
    const char *const paths[] = {world->base, "/nowhere/at/all", file};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(store_open(world->disk, paths[i], NULL, &chunks, &error),
                         SATSYNC_NOT_FOUND);
        assert_non_null(strstr(error.message, "satsync init"));
        assert_null(chunks);
    }
    assert_int_equal(store_open(world->disk, "", NULL, &chunks, &error), SATSYNC_INVALID);
}

static void test_open_of_what_is_no_store_says_how_to_make_one(void **state) {
    (void)state;
    struct world world;
    for (int kind = 0; kind < WORLD_FAULTY; kind++) {
        if (world_begin(&world, (enum world_kind)kind)) {
            not_a_store(&world);
            world_end(&world);
        }
    }
}

static void test_an_empty_directory_becomes_a_store(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin_disk(&world, WORLD_POSIX));
    assert_int_equal(world.disk->ops->make_directory(world.disk, world.root, NULL), SATSYNC_OK);
    assert_int_equal(store_create(world.disk, world.root, NULL, NULL), SATSYNC_OK);
    world_reopen(&world);
    world_end(&world);
}

static void test_a_newer_or_damaged_layout_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum satsync_status status;
    } cases[] = {{"satsync store 1\n", SATSYNC_OK},
                 {"satsync store 2\n", SATSYNC_NEWER_VERSION},
                 {"satsync store 99\n", SATSYNC_NEWER_VERSION},
                 {"satsync store 0\n", SATSYNC_CORRUPT},
                 {"satsync store 1", SATSYNC_CORRUPT},
                 {"satsync store \n", SATSYNC_CORRUPT},
                 {"satsync store 1\nx", SATSYNC_CORRUPT},
                 {"something else 1\n", SATSYNC_CORRUPT},
                 {"", SATSYNC_CORRUPT}};
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chunks *chunks;
        struct whole_file file = {
            .name = "format", .data = cases[i].text, .bytes = strlen(cases[i].text)};
        assert_int_equal(whole_file_replace(world_store(&world), &file, NULL), SATSYNC_OK);
        assert_int_equal(store_open(world.disk, world.root, NULL, &chunks, NULL), cases[i].status);
        if (chunks) {
            chunks->ops->close(chunks);
        }
    }
    world_end(&world);
}

/* Every way to write. */
static void expect_read_only(struct chunks *chunks) {
    struct pack_id id = world_pack_id(2);
    struct pack_writer *writer;
    struct incoming *incoming;
    struct incoming_file file = {.id = id, .bytes = 4096};
    uint8_t digest[32] = {1};
    const struct chunks_ops *ops = chunks->ops;
    assert_int_equal(ops->pack_create(chunks, &id, 0, &writer, NULL), SATSYNC_READ_ONLY);
    assert_int_equal(ops->manifest_commit(chunks, 1, "m", 1, NULL), SATSYNC_READ_ONLY);
    assert_int_equal(ops->manifest_remove(chunks, 7, NULL), SATSYNC_READ_ONLY);
    assert_int_equal(ops->record_write(chunks, "store", "r", 1, NULL), SATSYNC_READ_ONLY);
    assert_int_equal(ops->incoming_open(chunks, digest, &file, 1, &incoming, NULL),
                     SATSYNC_READ_ONLY);
}

static void test_a_read_only_store_is_read_and_not_written(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    world_write_pack(&world, 1, 5000);
    assert_int_equal(world.chunks->ops->manifest_commit(world.chunks, 7, "m", 1, NULL), SATSYNC_OK);
    world.options.read_only = true;
    struct chunks *chunks = world_open_another(&world);
    assert_true(world_has_pack(chunks, 1, 5000));
    expect_read_only(chunks);
    assert_int_equal(chunks->ops->sweep_begin(chunks, NULL), SATSYNC_READ_ONLY);
    chunks->ops->close(chunks);
    /* The same when it is the file system that is read-only. */
    world.options.read_only = false;
    faulty_disk_set_read_only(world.disk, true);
    world_reopen(&world);
    assert_true(world_has_pack(world.chunks, 1, 5000));
    expect_read_only(world.chunks);
    world_end(&world);
}

static void test_slashes_at_the_end_of_a_path_do_not_matter(void **state) {
    (void)state;
    struct world world;
    struct chunks *chunks;
    assert_true(world_begin(&world, WORLD_POSIX));
    strcat(world.root, "///");
    assert_int_equal(store_open(world.disk, world.root, NULL, &chunks, NULL), SATSYNC_OK);
    chunks->ops->close(chunks);
    world_end(&world);
}

/* An allocator whose n-th allocation fails. */
struct meagre {
    struct allocator allocator;
    int left;
    int taken;
};

static void *meagre_allocate(void *context, size_t bytes) {
    struct meagre *meagre = context;
    meagre->taken++;
    return meagre->left-- == 0 ? NULL : malloc(bytes);
}

static void meagre_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

static enum satsync_status write_something(struct chunks *chunks) {
    struct pack_id id = world_pack_id(1);
    struct pack_writer *writer;
    uint64_t bytes;
    TRY(chunks->ops->pack_create(chunks, &id, 0, &writer, NULL));
    TRY(chunks->ops->pack_append(writer, "bytes", 5, &bytes, NULL));
    return chunks->ops->pack_finish(writer, &bytes, NULL);
}

static enum satsync_status receive_something(struct chunks *chunks) {
    static const uint8_t data[4096];
    uint8_t digest[32] = {1};
    struct incoming_file file = {.id = world_pack_id(2), .bytes = 8192};
    struct incoming *incoming;
    TRY(chunks->ops->incoming_open(chunks, digest, &file, 1, &incoming, NULL));
    enum satsync_status status =
        chunks->ops->incoming_write(incoming, 0, 100, data, sizeof data, NULL);
    status = status == SATSYNC_OK ? chunks->ops->incoming_sync(incoming, NULL) : status;
    chunks->ops->incoming_close(incoming);
    return status;
}

static void ignore_step(void *context, uint64_t step) {
    (void)context;
    (void)step;
}

static enum satsync_status use(struct chunks *chunks) {
    uint8_t *data;
    size_t bytes;
    TRY(write_something(chunks));
    TRY(receive_something(chunks));
    TRY(receive_something(chunks));
    TRY(chunks->ops->manifest_commit(chunks, 1, "m", 1, NULL));
    TRY(chunks->ops->manifest_commit(chunks, 1, "m", 1, NULL));
    TRY(chunks->ops->manifest_read(chunks, 1, &data, &bytes, NULL));
    free(data);
    TRY(chunks->ops->manifest_list(chunks, ignore_step, NULL, NULL));
    TRY(chunks->ops->sweep_begin(chunks, NULL));
    return chunks->ops->sweep(chunks, NULL, 0, NULL);
}

/* True when the n-th allocation failed, and was reported as such. */
static bool fails_cleanly(int n) {
    struct world world;
    struct chunks *chunks;
    struct meagre meagre = {.allocator = {meagre_allocate, meagre_release, NULL}, .left = n};
    meagre.allocator.context = &meagre;
    assert_true(world_begin(&world, WORLD_FAULTY));
    world.options.allocator = &meagre.allocator;
    enum satsync_status status = store_open(world.disk, world.root, &world.options, &chunks, NULL);
    if (status == SATSYNC_OK) {
        status = use(chunks);
        chunks->ops->close(chunks);
    }
    world.options.allocator = NULL;
    world_reopen(&world);
    world_end(&world);
    assert_true(status == SATSYNC_OK || status == SATSYNC_NO_MEMORY);
    return meagre.taken > n;
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    int n = 0;
    while (fails_cleanly(n)) {
        n++;
    }
    assert_true(n > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_refuses_what_is_there),
        cmocka_unit_test(test_open_of_what_is_no_store_says_how_to_make_one),
        cmocka_unit_test(test_an_empty_directory_becomes_a_store),
        cmocka_unit_test(test_a_newer_or_damaged_layout_is_refused),
        cmocka_unit_test(test_a_read_only_store_is_read_and_not_written),
        cmocka_unit_test(test_slashes_at_the_end_of_a_path_do_not_matter),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
