#include "engine/staging.h"

#include "codec/codec.h"
#include "codec/seal.h"
#include "support/allocator.h"
#include "support/cmocka.h"

#include <string.h>

enum { MIB = 1 << 20 };

struct world {
    struct counting_allocator counting;
    struct satsync_engine *engine;
    size_t live; /* what the engine itself holds */
};

static void begin(struct world *world, uint64_t memory_bytes) {
    counting_allocator_init(&world->counting, 0);
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.manual = 1;
    options.memory_bytes = memory_bytes;
    options.allocate = world->counting.allocator.allocate;
    options.release = world->counting.allocator.release;
    options.allocate_context = &world->counting;
    assert_int_equal(satsync_engine_open(&options, &world->engine, NULL), SATSYNC_OK);
    world->live = world->counting.live;
}

/* The engine's end frees what is kept. */
static void end(struct world *world) {
    satsync_engine_close(world->engine);
    assert_int_equal(world->counting.live, 0);
}

static struct staging take(struct world *world, size_t chunk_bytes) {
    struct staging staging;
    assert_int_equal(staging_take(world->engine, chunk_bytes, &staging), SATSYNC_OK);
    return staging;
}

static void give(struct world *world, size_t chunk_bytes, struct staging *staging) {
    staging_give(world->engine, chunk_bytes, staging);
    assert_null(staging->raw);
    assert_null(staging->sealed);
}

static void test_buffers_have_room_for_a_chunk_and_for_it_sealed(void **state) {
    (void)state;
    static const size_t sizes[] = {4096, 5000, CODEC_CHUNK_BYTES, CODEC_CHUNK_BYTES_MAX};
    struct world world;
    begin(&world, 64 * MIB);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct staging staging = take(&world, sizes[i]);
        memset(staging.raw, 1, sizes[i]);
        memset(staging.sealed, 2, codec_bound(sizes[i]) + SEAL_TAG_BYTES);
        assert_int_equal(staging.raw[sizes[i] - 1], 1);
        give(&world, sizes[i], &staging);
    }
    end(&world);
}

static void test_usual_chunks_are_taken_from_the_system_once(void **state) {
    (void)state;
    struct world world;
    begin(&world, 64 * MIB);
    struct staging first = take(&world, CODEC_CHUNK_BYTES);
    struct staging second = take(&world, CODEC_CHUNK_BYTES);
    assert_ptr_not_equal(first.raw, second.raw);
    give(&world, CODEC_CHUNK_BYTES, &first);
    give(&world, CODEC_CHUNK_BYTES, &second);
    size_t calls = world.counting.calls;
    for (size_t i = 0; i < 10; i++) {
        first = take(&world, CODEC_CHUNK_BYTES);
        second = take(&world, CODEC_CHUNK_BYTES);
        assert_ptr_not_equal(first.raw, second.raw);
        assert_ptr_not_equal(first.sealed, second.sealed);
        give(&world, CODEC_CHUNK_BYTES, &second);
        give(&world, CODEC_CHUNK_BYTES, &first);
    }
    assert_int_equal(world.counting.calls, calls);
    end(&world);
}

static void test_chunks_of_other_sizes_are_not_kept(void **state) {
    (void)state;
    static const size_t sizes[] = {4096, CODEC_CHUNK_BYTES - 1, CODEC_CHUNK_BYTES + 1};
    struct world world;
    begin(&world, 64 * MIB);
    struct staging usual = take(&world, CODEC_CHUNK_BYTES);
    give(&world, CODEC_CHUNK_BYTES, &usual);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct staging staging = take(&world, sizes[i]);
        assert_int_equal(world.counting.live, world.live + 4);
        give(&world, sizes[i], &staging);
        assert_int_equal(world.counting.live, world.live + 2);
    }
    end(&world);
}

static void test_no_more_is_kept_than_the_budget_holds(void **state) {
    (void)state;
    enum { TAKEN = 8 };
    struct world world;
    struct staging staging[TAKEN];
    begin(&world, 8 * MIB);
    for (size_t i = 0; i < TAKEN; i++) {
        staging[i] = take(&world, CODEC_CHUNK_BYTES);
    }
    for (size_t i = 0; i < TAKEN; i++) {
        give(&world, CODEC_CHUNK_BYTES, &staging[i]);
    }
    /* A pair is a little more than 2 MiB, so 3 of them fit into 8. */
    assert_int_equal(world.counting.live, world.live + 6);
    end(&world);
}

static void test_nothing_can_be_given(void **state) {
    (void)state;
    struct world world;
    struct staging nothing = {0};
    begin(&world, 8 * MIB);
    give(&world, CODEC_CHUNK_BYTES, &nothing);
    give(&world, 4096, &nothing);
    struct staging staging = take(&world, CODEC_CHUNK_BYTES);
    assert_non_null(staging.raw);
    assert_non_null(staging.sealed);
    give(&world, CODEC_CHUNK_BYTES, &staging);
    end(&world);
}

static void test_failed_allocation_leaves_nothing(void **state) {
    (void)state;
    static const size_t sizes[] = {4096, CODEC_CHUNK_BYTES};
    struct world world;
    begin(&world, 8 * MIB);
    for (size_t i = 0; i < 4; i++) {
        struct staging staging = {(uint8_t *)&world, (uint8_t *)&world};
        world.counting.fail_at = world.counting.calls + 1 + i % 2;
        assert_int_equal(staging_take(world.engine, sizes[i / 2], &staging), SATSYNC_NO_MEMORY);
        assert_null(staging.raw);
        assert_null(staging.sealed);
        assert_int_equal(world.counting.live, world.live);
    }
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffers_have_room_for_a_chunk_and_for_it_sealed),
        cmocka_unit_test(test_usual_chunks_are_taken_from_the_system_once),
        cmocka_unit_test(test_chunks_of_other_sizes_are_not_kept),
        cmocka_unit_test(test_no_more_is_kept_than_the_budget_holds),
        cmocka_unit_test(test_nothing_can_be_given),
        cmocka_unit_test(test_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
