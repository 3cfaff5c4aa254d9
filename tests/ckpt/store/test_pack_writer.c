#include "ckpt/store/pack_writer.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <string.h>

static void sizes_around_the_segments(struct world *world) {
    static const size_t sizes[] = {0,
                                   1,
                                   DISK_ALIGN - 1,
                                   DISK_ALIGN,
                                   WORLD_SEGMENT_BYTES,
                                   WORLD_SEGMENT_BYTES + 1,
                                   10 * WORLD_SEGMENT_BYTES - 3};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t total = world_write_pack(world, i, sizes[i]);
        assert_int_equal(total, (sizes[i] + DISK_ALIGN - 1) / DISK_ALIGN * DISK_ALIGN);
        assert_true(world_has_pack(world->chunks, i, sizes[i]));
    }
    assert_int_equal(world_count(world, "packs"), sizeof sizes / sizeof *sizes);
}

static void test_packs_of_any_size_are_read_as_written(void **state) {
    (void)state;
    world_for_each(sizes_around_the_segments);
}

static void unfinished_is_not_there(struct world *world) {
    struct pack_id id = world_pack_id(1);
    struct pack_writer *writer;
    uint64_t offset;
    static const uint8_t data[3 * WORLD_SEGMENT_BYTES];
    assert_int_equal(pack_writer_create(world->chunks, &id, 1 << 20, &writer, NULL), SATSYNC_OK);
    assert_int_equal(pack_writer_append(writer, data, sizeof data, &offset, NULL), SATSYNC_OK);
    assert_false(world_has_pack(world->chunks, 1, sizeof data));
    pack_writer_abandon(writer);
    assert_int_equal(world_count(world, "packs"), 0);
}

static void test_an_unfinished_pack_is_not_in_the_store(void **state) {
    (void)state;
    world_for_each(unfinished_is_not_there);
}

static void second_of_one_id(struct world *world) {
    struct pack_id id = world_pack_id(1);
    struct pack_writer *writer;
    uint64_t bytes;
    world_write_pack(world, 1, 5000);
    assert_int_equal(pack_writer_create(world->chunks, &id, 0, &writer, NULL), SATSYNC_OK);
    assert_int_equal(pack_writer_finish(writer, &bytes, NULL), SATSYNC_CONFLICT);
    assert_true(world_has_pack(world->chunks, 1, 5000));
    assert_int_equal(world_count(world, "packs"), 1);
}

static void test_a_pack_is_never_replaced(void **state) {
    (void)state;
    world_for_each(second_of_one_id);
}

/* A damaged pack 1 is open while the sound one takes its place. */
static void replaces_what_is_there(struct world *world) {
    struct pack_id id = world_pack_id(1);
    struct chunks *chunks = world->chunks;
    struct pack_writer *writer;
    struct pack_reader *reader;
    uint64_t at;
    static uint8_t data[5000];
    static uint8_t read[5000];
    memset(data, 0, sizeof data);
    assert_int_equal(pack_writer_create(chunks, &id, 0, &writer, NULL), SATSYNC_OK);
    assert_int_equal(pack_writer_append(writer, data, 4000, &at, NULL), SATSYNC_OK);
    assert_int_equal(pack_writer_finish(writer, &at, NULL), SATSYNC_OK);
    assert_int_equal(chunks->ops->pack_open(chunks, &id, &reader, NULL), SATSYNC_OK);
    world_pack_bytes(1, data, sizeof data);
    assert_int_equal(pack_writer_create(chunks, &id, sizeof data, &writer, NULL), SATSYNC_OK);
    assert_int_equal(pack_writer_append(writer, data, sizeof data, &at, NULL), SATSYNC_OK);
    assert_false(world_has_pack(chunks, 1, sizeof data));
    assert_int_equal(pack_writer_replace(writer, &at, NULL), SATSYNC_OK);
    assert_int_equal(at, 8192);
    assert_true(world_has_pack(chunks, 1, sizeof data));
    assert_int_equal(world_count(world, "packs"), 1);
    assert_int_equal(chunks->ops->pack_read(reader, 0, read, 4000, NULL), SATSYNC_OK);
    assert_true(read[0] == 0 && memcmp(read, read + 1, 3999) == 0);
    chunks->ops->pack_close(reader);
}

static void test_a_mended_pack_takes_the_place_of_the_damaged_one(void **state) {
    (void)state;
    world_for_each(replaces_what_is_there);
}

static void test_a_full_disk_is_told_at_create(void **state) {
    (void)state;
    struct world world;
    struct pack_id id = world_pack_id(1);
    struct pack_writer *writer;
    struct satsync_error error;
    assert_true(world_begin(&world, WORLD_FAULTY));
    faulty_disk_set_capacity(world.disk, 100000);
    assert_int_equal(pack_writer_create(world.chunks, &id, 200000, &writer, &error),
                     SATSYNC_NO_SPACE);
    assert_null(writer);
    assert_int_equal(world_count(&world, "packs"), 0);
    world_end(&world);
}

static void test_a_disk_that_fills_is_told_by_append_or_finish(void **state) {
    (void)state;
    struct world world;
    struct pack_id id = world_pack_id(1);
    struct pack_writer *writer;
    struct satsync_error error = {0};
    uint64_t at;
    static const uint8_t data[WORLD_SEGMENT_BYTES];
    assert_true(world_begin(&world, WORLD_FAULTY));
    faulty_disk_set_capacity(world.disk, 10 * WORLD_SEGMENT_BYTES);
    assert_int_equal(pack_writer_create(world.chunks, &id, 0, &writer, &error), SATSYNC_OK);
    enum satsync_status status = SATSYNC_OK;
    for (int i = 0; i < 50 && status == SATSYNC_OK; i++) {
        status = pack_writer_append(writer, data, sizeof data, &at, &error);
    }
    assert_int_equal(status, SATSYNC_NO_SPACE);
    assert_non_null(strstr(error.message, "full"));
    assert_int_equal(pack_writer_append(writer, data, 1, &at, &error), SATSYNC_NO_SPACE);
    assert_int_equal(pack_writer_finish(writer, &at, &error), SATSYNC_NO_SPACE);
    assert_int_equal(world_count(&world, "packs"), 0);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs_of_any_size_are_read_as_written),
        cmocka_unit_test(test_an_unfinished_pack_is_not_in_the_store),
        cmocka_unit_test(test_a_pack_is_never_replaced),
        cmocka_unit_test(test_a_mended_pack_takes_the_place_of_the_damaged_one),
        cmocka_unit_test(test_a_full_disk_is_told_at_create),
        cmocka_unit_test(test_a_disk_that_fills_is_told_by_append_or_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
