#include "ckpt/store/stage.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <string.h>

enum { BYTES = 20 * WORLD_SEGMENT_BYTES };

static uint8_t data[BYTES];
static uint8_t back[BYTES];

static struct disk_file *open_file(struct world *world, const char *name) {
    char path[128];
    struct disk_file *file;
    snprintf(path, sizeof path, "%s/%s", world->base, name);
    assert_int_equal(world->disk->ops->open(world->disk, path, DISK_READ | DISK_WRITE | DISK_CREATE,
                                            &file, NULL),
                     SATSYNC_OK);
    return file;
}

static void expect(struct world *world, struct disk_file *file, size_t from, size_t bytes) {
    struct flight_plan plan = {
        .kind = DISK_REQUEST_READ, .file = file, .data = back, .bytes = bytes, .offset = from};
    assert_int_equal(flight_move(world->disk, &plan, 1 << 20, "f", NULL), SATSYNC_OK);
    assert_memory_equal(back, data + from, bytes);
}

static void random_pieces(struct world *world) {
    struct random random = random_of(4, 0);
    struct disk_file *files[2] = {open_file(world, "a"), open_file(world, "b")};
    struct ranges put[2];
    struct stage stage;
    random_bytes(&random, data, sizeof data);
    assert_int_equal(stage_init(&stage, world_store(world)), SATSYNC_OK);
    ranges_init(&put[0], 10000, NULL);
    ranges_init(&put[1], 10000, NULL);
    for (int i = 0; i < 2000; i++) {
        size_t which = (size_t)random_below(&random, 2);
        size_t from = (size_t)random_below(&random, BYTES);
        size_t most = BYTES - from < 20000 ? BYTES - from : 20000;
        size_t bytes = (size_t)random_below(&random, i % 100 == 0 ? most + 1 : (most + 9) / 10);
        struct flight_plan plan = {
            .file = files[which], .data = data + from, .bytes = bytes, .offset = from};
        assert_int_equal(stage_put(&stage, &plan), SATSYNC_OK);
        assert_int_equal(ranges_add(&put[which], from, from + bytes), SATSYNC_OK);
    }
    assert_int_equal(stage_flush(&stage), SATSYNC_OK);
    stage_fini(&stage);
    for (size_t which = 0; which < 2; which++) {
        for (size_t i = 0; i < put[which].count; i++) {
            struct range range = put[which].at[i];
            expect(world, files[which], (size_t)range.from, (size_t)(range.to - range.from));
        }
        ranges_fini(&put[which]);
        world->disk->ops->close(world->disk, files[which]);
    }
}

static void test_random_pieces_of_two_files_come_to_their_places(void **state) {
    (void)state;
    world_for_each(random_pieces);
}

static void many_holes(struct world *world) {
    struct disk_file *file = open_file(world, "a");
    struct stage stage;
    memset(data, 7, sizeof data);
    assert_int_equal(stage_init(&stage, world_store(world)), SATSYNC_OK);
    /* 4096 single bytes in one window, more than it notes. */
    for (size_t half = 0; half < 2; half++) {
        for (size_t at = half; at < WORLD_SEGMENT_BYTES; at += 2) {
            struct flight_plan plan = {.file = file, .data = data + at, .bytes = 1, .offset = at};
            assert_int_equal(stage_put(&stage, &plan), SATSYNC_OK);
        }
    }
    assert_int_equal(stage_flush(&stage), SATSYNC_OK);
    stage_fini(&stage);
    expect(world, file, 0, WORLD_SEGMENT_BYTES);
    world->disk->ops->close(world->disk, file);
}

static void test_more_holes_than_a_window_notes_are_fine(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    many_holes(&world);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_pieces_of_two_files_come_to_their_places),
        cmocka_unit_test(test_more_holes_than_a_window_notes_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
