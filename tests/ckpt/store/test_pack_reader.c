#include "ckpt/store/pack_reader.h"

#include "base/random.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>

enum { BYTES = 100000, SEED = 5 };

static void random_ranges(struct world *world) {
    static uint8_t expected[BYTES];
    static uint8_t data[BYTES];
    struct pack_id id = world_pack_id(SEED);
    struct pack_reader *reader;
    struct random random = random_of(SEED, 0);
    world_write_pack(world, SEED, BYTES);
    world_pack_bytes(SEED, expected, BYTES);
    assert_int_equal(pack_reader_open(world->chunks, &id, &reader, NULL), SATSYNC_OK);
    for (int i = 0; i < 200; i++) {
        size_t offset = (size_t)random_below(&random, BYTES);
        size_t bytes = (size_t)random_below(&random, BYTES - offset + 1);
        assert_int_equal(pack_reader_read(reader, offset, data, bytes, NULL), SATSYNC_OK);
        assert_memory_equal(data, expected + offset, bytes);
    }
    uint64_t end = pack_reader_bytes(reader);
    assert_int_equal(pack_reader_read(reader, end, data, 0, NULL), SATSYNC_OK);
    assert_int_equal(pack_reader_read(reader, end, data, 1, NULL), SATSYNC_INCOMPLETE);
    assert_int_equal(pack_reader_read(reader, end - 5, data, 6, NULL), SATSYNC_INCOMPLETE);
    assert_int_equal(pack_reader_read(reader, UINT64_MAX, data, 6, NULL), SATSYNC_INCOMPLETE);
    pack_reader_close(reader);
}

static void test_any_range_is_read_exactly_and_none_beyond_the_end(void **state) {
    (void)state;
    world_for_each(random_ranges);
}

static void test_a_pack_that_is_not_there_is_not_found(void **state) {
    (void)state;
    struct world world;
    struct pack_id id = world_pack_id(SEED);
    struct pack_reader *reader;
    assert_true(world_begin(&world, WORLD_FAULTY));
    assert_int_equal(pack_reader_open(world.chunks, &id, &reader, NULL), SATSYNC_NOT_FOUND);
    assert_null(reader);
    world_end(&world);
}

static void test_a_read_that_fails_is_an_io_error(void **state) {
    (void)state;
    struct world world;
    struct pack_id id = world_pack_id(SEED);
    struct pack_reader *reader;
    uint8_t data[100];
    assert_true(world_begin(&world, WORLD_FAULTY));
    world_write_pack(&world, SEED, BYTES);
    assert_int_equal(pack_reader_open(world.chunks, &id, &reader, NULL), SATSYNC_OK);
    faulty_disk_fail_at(world.disk, faulty_disk_operations(world.disk), SATSYNC_IO);
    assert_int_equal(pack_reader_read(reader, 0, data, 100, NULL), SATSYNC_IO);
    assert_int_equal(pack_reader_read(reader, 0, data, 100, NULL), SATSYNC_OK);
    pack_reader_close(reader);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_range_is_read_exactly_and_none_beyond_the_end),
        cmocka_unit_test(test_a_pack_that_is_not_there_is_not_found),
        cmocka_unit_test(test_a_read_that_fails_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
