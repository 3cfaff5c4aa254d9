#include "ckpt/store/record.h"

#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdlib.h>

static void write_and_read(struct world *world) {
    static const char *const names[] = {"store", "trusted/memphis.pub", "a"};
    for (size_t i = 0; i < 3; i++) {
        uint8_t *data;
        size_t bytes;
        assert_int_equal(record_read(world->chunks, names[i], &data, &bytes, NULL),
                         SATSYNC_NOT_FOUND);
        for (size_t length = 0; length < 3; length++) {
            assert_int_equal(record_write(world->chunks, names[i], "xyz", length, NULL),
                             SATSYNC_OK);
            assert_int_equal(record_read(world->chunks, names[i], &data, &bytes, NULL), SATSYNC_OK);
            assert_int_equal(bytes, length);
            free(data);
        }
    }
}

static void test_a_record_is_read_as_last_written(void **state) {
    (void)state;
    world_for_each(write_and_read);
}

static void test_names_that_could_reach_elsewhere_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {
        "",         "..",           "../x",      "/x",     "format", "packs", "packs/x", "trusted",
        "trusted/", "trusted/../x", "trusted/.", ".tmp-1", "a/b",    "a b",   "\xc3\xa9"};
    struct world world;
    uint8_t *data;
    size_t bytes;
    assert_true(world_begin(&world, WORLD_FAULTY));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(record_write(world.chunks, names[i], "x", 1, NULL), SATSYNC_INVALID);
        assert_int_equal(record_read(world.chunks, names[i], &data, &bytes, NULL), SATSYNC_INVALID);
    }
    assert_int_equal(record_write(world.chunks, "big", NULL, RECORD_BYTES_MOST + 1, NULL),
                     SATSYNC_LIMIT);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_is_read_as_last_written),
        cmocka_unit_test(test_names_that_could_reach_elsewhere_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
