#include "transport/wan/repair_in.h"

#include "base/random.h"
#include "codec/parity.h"
#include "support/cmocka.h"

#include <string.h>

enum { SIZE = 500, SYMBOLS = 20, REPAIR = 6, TOTAL = SIZE * SYMBOLS - 100 };

struct world {
    struct parity *parity;
    struct repair_in in;
    uint8_t data[SIZE * SYMBOLS];
    uint8_t repair[REPAIR][SIZE];
    struct repair_found found;
};

static void set_up(struct world *world, uint64_t memory_bytes) {
    memset(world, 0, sizeof *world);
    world->parity = parity_open(NULL);
    assert_int_equal(repair_in_init(&world->in, world->parity, memory_bytes, NULL), SATSYNC_OK);
    struct random random = random_of(9, 0);
    random_bytes(&random, world->data, TOTAL);
    const uint8_t *data[SYMBOLS];
    uint8_t *repair[REPAIR];
    for (int i = 0; i < SYMBOLS; i++) {
        data[i] = world->data + i * SIZE;
    }
    for (int i = 0; i < REPAIR; i++) {
        repair[i] = world->repair[i];
    }
    parity_encode(world->parity, &(struct parity_shape){SYMBOLS, REPAIR, SIZE}, data, repair);
}

static void tear_down(struct world *world) {
    repair_in_fini(&world->in);
    parity_close(world->parity);
}

static bool keep_data(struct world *world, uint64_t message, unsigned i) {
    uint64_t offset = (uint64_t)i * SIZE;
    struct frame frame = {.kind = FRAME_COVERED,
                          .message = message,
                          .total = TOTAL,
                          .offset = offset,
                          .bytes = TOTAL - offset < SIZE ? TOTAL - offset : SIZE,
                          .symbol_bytes = SIZE,
                          .payload = world->data + offset};
    return repair_in_keep(&world->in, &frame, &world->found);
}

static bool keep_repair(struct world *world, uint64_t message, unsigned i) {
    struct frame frame = {.kind = FRAME_REPAIR,
                          .message = message,
                          .total = TOTAL,
                          .bytes = SIZE,
                          .symbol_bytes = SIZE,
                          .repair_index = (uint8_t)i,
                          .payload = world->repair[i]};
    return repair_in_keep(&world->in, &frame, &world->found);
}

static void test_any_losses_up_to_the_repair_symbols_come_back(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 1 << 22);
    struct random random = random_of(10, 0);
    for (uint64_t message = 0; message < 200; message++) {
        bool gone[SYMBOLS] = {false};
        for (int i = 0; i < REPAIR; i++) {
            gone[random_below(&random, SYMBOLS)] = true;
        }
        unsigned missing = 0;
        for (unsigned i = 0; i < SYMBOLS; i++) {
            missing += gone[i];
            assert_true(gone[i] || !keep_data(&world, message, i));
        }
        for (unsigned i = 0; i < missing; i++) {
            assert_int_equal(keep_repair(&world, message, REPAIR - 1 - i), i == missing - 1);
        }
        assert_int_equal(world.found.count, missing);
        assert_int_equal(world.found.bytes, TOTAL);
        for (unsigned i = 0; i < missing; i++) {
            unsigned place = world.found.places[i];
            assert_true(gone[place]);
            assert_memory_equal(world.found.symbols[i], world.data + place * SIZE, SIZE);
        }
        repair_in_drop(&world.in, message);
    }
    assert_true(world.in.active_count <= 1);
    tear_down(&world);
}

static void test_a_whole_block_gives_its_memory_back(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 1 << 22);
    size_t before = world.in.pool.free_count;
    for (unsigned i = 0; i < SYMBOLS; i++) {
        assert_false(keep_data(&world, 1, i));
    }
    assert_int_equal(world.in.pool.free_count, before);
    assert_int_equal(world.in.active_count, 0);
    tear_down(&world);
}

static void test_short_memory_forgets_blocks_and_stays_within_bounds(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 0); /* the least: one block */
    for (uint64_t message = 0; message < 3000; message++) {
        for (unsigned i = 0; i + 1 < SYMBOLS; i++) {
            assert_false(keep_data(&world, message, i));
        }
    }
    assert_true(world.in.active_count <= world.in.pool.blocks);
    assert_true(keep_repair(&world, 2999, 0));
    assert_memory_equal(world.found.symbols[0], world.data + (SYMBOLS - 1) * SIZE, SIZE);
    tear_down(&world);
}

static void test_frames_that_contradict_their_block_are_ignored(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 1 << 22);
    assert_false(keep_data(&world, 1, 0));
    struct frame frame = {.kind = FRAME_REPAIR,
                          .message = 1,
                          .total = TOTAL,
                          .bytes = SIZE,
                          .symbol_bytes = SIZE,
                          .payload = world.repair[0]};
    struct frame wrong = frame;
    wrong.total = TOTAL + 1;
    assert_false(repair_in_keep(&world.in, &wrong, &world.found));
    wrong = frame;
    wrong.offset = 1; /* no such block */
    assert_false(repair_in_keep(&world.in, &wrong, &world.found));
    wrong = frame;
    wrong.repair_index = REPAIR_SYMBOLS_MAX;
    assert_false(repair_in_keep(&world.in, &wrong, &world.found));
    wrong = frame;
    wrong.bytes = wrong.symbol_bytes = 4000; /* larger than what memory is cut for */
    assert_false(repair_in_keep(&world.in, &wrong, &world.found));
    assert_int_equal(world.in.active_count, 1);
    assert_int_equal(world.in.blocks[world.in.active[0]].have_repair, 0);
    tear_down(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_losses_up_to_the_repair_symbols_come_back),
        cmocka_unit_test(test_a_whole_block_gives_its_memory_back),
        cmocka_unit_test(test_short_memory_forgets_blocks_and_stays_within_bounds),
        cmocka_unit_test(test_frames_that_contradict_their_block_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
