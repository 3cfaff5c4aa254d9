#include "ckpt/store/incoming_part.h"

#include "ckpt/store/incoming.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <string.h>

static const uint8_t digest[32] = {5};

/* A part of which all bytes were received and synced, closed again. */
static struct incoming_file receive_all(struct world *world) {
    struct incoming_file file = {world_pack_id(1), 8192};
    static const uint8_t data[8192] = {1};
    struct incoming *incoming;
    assert_int_equal(incoming_open(world->chunks, digest, &file, 1, &incoming, NULL), SATSYNC_OK);
    assert_int_equal(incoming_write(incoming, 0, 0, data, sizeof data, NULL), SATSYNC_OK);
    incoming_close(incoming);
    return file;
}

static uint64_t total_after_reopening(struct world *world, const struct incoming_file *file) {
    struct incoming *incoming;
    assert_int_equal(incoming_open(world->chunks, digest, file, 1, &incoming, NULL), SATSYNC_OK);
    uint64_t total = ranges_total(incoming_have(incoming, 0));
    incoming_close(incoming);
    return total;
}

static void vanished(struct world *world) {
    struct incoming_file file = receive_all(world);
    assert_int_equal(total_after_reopening(world, &file), 8192);
    struct store_path path = layout_part(world_store(world), digest, &file.id);
    assert_int_equal(world->disk->ops->remove(world->disk, path.text, NULL), SATSYNC_OK);
    assert_int_equal(total_after_reopening(world, &file), 0);
    /* Nor do the old claims come true for the new part. */
    assert_int_equal(total_after_reopening(world, &file), 0);
}

static void test_claims_about_a_part_that_is_gone_are_taken_back(void **state) {
    (void)state;
    world_for_each(vanished);
}

static void cut(struct world *world) {
    struct incoming_file file = receive_all(world);
    struct disk_file *open_file;
    struct store_path path = layout_part(world_store(world), digest, &file.id);
    const struct disk_ops *ops = world->disk->ops;
    assert_int_equal(ops->open(world->disk, path.text, DISK_READ | DISK_WRITE, &open_file, NULL),
                     SATSYNC_OK);
    assert_int_equal(ops->truncate(world->disk, open_file, 5000, NULL), SATSYNC_OK);
    ops->close(world->disk, open_file);
    assert_int_equal(total_after_reopening(world, &file), 5000);
}

static void test_claims_past_the_end_of_a_part_are_taken_back(void **state) {
    (void)state;
    world_for_each(cut);
}

static void test_a_pack_of_another_size_in_the_store_is_corrupt(void **state) {
    (void)state;
    struct world world;
    struct incoming_file file = {world_pack_id(1), 8192};
    struct incoming *incoming;
    struct satsync_error error;
    assert_true(world_begin(&world, WORLD_FAULTY));
    world_write_pack(&world, 1, 4096);
    assert_int_equal(incoming_open(world.chunks, digest, &file, 1, &incoming, &error),
                     SATSYNC_CORRUPT);
    assert_null(incoming);
    world_end(&world);
}

static void test_claims_that_cannot_be_are_ignored(void **state) {
    (void)state;
    struct incoming_part part;
    struct incoming_file file = {world_pack_id(1), 100};
    static const struct claim wrong[] = {
        {.range = {0, 101}}, {.range = {50, 40}}, {.range = {UINT64_MAX, 3}}};
    incoming_part_init(&part, &file, NULL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(incoming_part_hear(&part, &wrong[i]), SATSYNC_OK);
        assert_int_equal(part.have.count, 0);
    }
    struct claim right = {.range = {0, 100}};
    assert_int_equal(incoming_part_hear(&part, &right), SATSYNC_OK);
    assert_true(incoming_part_is_whole(&part));
    ranges_fini(&part.have);
    ranges_fini(&part.fresh);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims_about_a_part_that_is_gone_are_taken_back),
        cmocka_unit_test(test_claims_past_the_end_of_a_part_are_taken_back),
        cmocka_unit_test(test_a_pack_of_another_size_in_the_store_is_corrupt),
        cmocka_unit_test(test_claims_that_cannot_be_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
