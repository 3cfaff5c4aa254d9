#include "engine/patch_room.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <string.h>

enum { BYTES = 1 << 20 };

static struct patch_room room;
static uint8_t content[BYTES];
static uint8_t coded[BYTES + 1];

static int set_up(void **state) {
    struct satsync_error error;
    if (engine_world_setup(state) != 0) {
        return -1;
    }
    struct engine_world *world = *state;
    engine_expect(patch_room_init(&room, world->engine, &error), SATSYNC_OK, &error);
    struct random random = random_of(1, 0);
    random_bytes(&random, content, BYTES);
    return 0;
}

static int tear_down(void **state) {
    patch_room_fini(&room);
    return engine_world_teardown(state);
}

/* Codes `content` against a base of which every `rare`-th element differs in its last bit. */
static size_t encode(const struct patch_chunk *chunk, size_t rare) {
    size_t coded_bytes;
    memcpy(room.raw, content, chunk->bytes);
    memcpy(room.base, content, chunk->bytes);
    for (size_t i = 0; rare > 0 && i < chunk->bytes; i += 2 * rare) {
        room.base[i] ^= 1;
    }
    assert_int_equal(patch_chunk_encode(&room, chunk, &coded_bytes), SATSYNC_OK);
    assert_true(coded_bytes <= sizeof coded);
    memcpy(coded, room.coded, coded_bytes);
    memset(room.raw, 0, chunk->bytes);
    return coded_bytes;
}

static void expect_content(const struct patch_chunk *chunk, size_t coded_bytes) {
    assert_int_equal(patch_chunk_decode(&room, chunk, coded, coded_bytes), SATSYNC_OK);
    assert_memory_equal(room.raw, content, chunk->bytes);
}

static void test_unchanged_chunk_takes_nothing(void **state) {
    (void)state;
    const struct patch_chunk chunk = {dtype_row(DTYPE_BF16), BYTES, true};
    assert_int_equal(encode(&chunk, 0), 0);
    expect_content(&chunk, 0);
}

static void test_change_is_a_difference_by_groups(void **state) {
    (void)state;
    const struct patch_chunk chunk = {dtype_row(DTYPE_BF16), BYTES, true};
    size_t coded_bytes = encode(&chunk, 100);
    assert_true(coded_bytes > 0 && coded_bytes < BYTES / 50);
    assert_int_equal(coded[0], CODEC_GROUPS);
    expect_content(&chunk, coded_bytes);
}

static void test_chunk_without_base_is_coded_alone(void **state) {
    (void)state;
    const struct patch_chunk tensor = {dtype_row(DTYPE_BF16), BYTES, false};
    const struct patch_chunk bytes = {NULL, BYTES, false};
    expect_content(&tensor, encode(&tensor, 1));
    expect_content(&bytes, encode(&bytes, 1));
    assert_int_not_equal(coded[0], CODEC_GROUPS);
}

/* All bits of the base differ: then it is of no use. */
static void test_useless_base_is_not_used(void **state) {
    (void)state;
    const struct patch_chunk chunk = {dtype_row(DTYPE_BF16), BYTES, true};
    size_t coded_bytes;
    struct random random = random_of(2, 0);
    memcpy(room.raw, content, BYTES);
    random_bytes(&random, room.base, BYTES);
    assert_int_equal(patch_chunk_encode(&room, &chunk, &coded_bytes), SATSYNC_OK);
    assert_true(coded_bytes <= codec_bound(BYTES));
    assert_int_not_equal(room.coded[0], CODEC_GROUPS);
}

static void test_what_needs_a_base_without_one_is_refused(void **state) {
    (void)state;
    const struct patch_chunk with = {dtype_row(DTYPE_BF16), BYTES, true};
    const struct patch_chunk without = {dtype_row(DTYPE_BF16), BYTES, false};
    size_t coded_bytes = encode(&with, 100);
    assert_int_equal(patch_chunk_decode(&room, &without, coded, coded_bytes), SATSYNC_CORRUPT);
    assert_int_equal(patch_chunk_decode(&room, &without, coded, 0), SATSYNC_CORRUPT);
    coded[0] = 99;
    assert_int_equal(patch_chunk_decode(&room, &with, coded, coded_bytes), SATSYNC_CORRUPT);
}

static void test_chunks_are_whole_but_for_the_last(void **state) {
    (void)state;
    assert_int_equal(patch_chunk_bytes(0), 0);
    assert_int_equal(patch_chunk_bytes(5), 5);
    assert_int_equal(patch_chunk_bytes(PATCH_CHUNK_BYTES), PATCH_CHUNK_BYTES);
    assert_int_equal(patch_chunk_bytes(UINT64_MAX), PATCH_CHUNK_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged_chunk_takes_nothing),
        cmocka_unit_test(test_change_is_a_difference_by_groups),
        cmocka_unit_test(test_chunk_without_base_is_coded_alone),
        cmocka_unit_test(test_useless_base_is_not_used),
        cmocka_unit_test(test_what_needs_a_base_without_one_is_refused),
        cmocka_unit_test(test_chunks_are_whole_but_for_the_last),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
