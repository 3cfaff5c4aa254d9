#include "engine/scratch.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

static void test_scratch_given_back_is_taken_again(void **state) {
    struct engine_world *world = *state;
    struct codec_scratch *first = scratch_take(world->engine, 4096);
    struct codec_scratch *second = scratch_take(world->engine, CODEC_CHUNK_BYTES);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    scratch_give(world->engine, first, 4096);
    assert_ptr_equal(scratch_take(world->engine, CODEC_CHUNK_BYTES), first);
    scratch_give(world->engine, first, CODEC_CHUNK_BYTES);
    scratch_give(world->engine, second, CODEC_CHUNK_BYTES);
}

static void test_scratch_for_a_large_chunk_is_not_kept(void **state) {
    struct engine_world *world = *state;
    size_t kept = world->engine->scratch_count;
    struct codec_scratch *large = scratch_take(world->engine, CODEC_CHUNK_BYTES_MAX);
    assert_non_null(large);
    scratch_give(world->engine, large, CODEC_CHUNK_BYTES_MAX);
    assert_int_equal(world->engine->scratch_count, kept);
}

static void test_no_more_are_kept_than_the_limit(void **state) {
    struct engine_world *world = *state;
    struct codec_scratch *taken[ENGINE_SCRATCHES + 3];
    for (size_t i = 0; i < ENGINE_SCRATCHES + 3; i++) {
        taken[i] = scratch_take(world->engine, 4096);
        assert_non_null(taken[i]);
    }
    for (size_t i = 0; i < ENGINE_SCRATCHES + 3; i++) {
        scratch_give(world->engine, taken[i], 4096);
    }
    assert_int_equal(world->engine->scratch_count, ENGINE_SCRATCHES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scratch_given_back_is_taken_again, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_scratch_for_a_large_chunk_is_not_kept,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_no_more_are_kept_than_the_limit, engine_world_setup,
                                        engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
