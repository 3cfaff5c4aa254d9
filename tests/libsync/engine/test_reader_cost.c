/* What tensors cost, of saves in which each part of it is known. */
#include "engine/reader.h"

#include "base/bytes.h"
#include "base/random.h"
#include "codec/rounding.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <string.h>

enum { ELEMENTS = 32768, CHUNK_BYTES = 16384, FP32 = 4 * ELEMENTS, BF16 = 2 * ELEMENTS };

static uint8_t weight[FP32];
static uint8_t copy[BF16];

static void put(struct satsync_save *save, const char *name, enum satsync_dtype dtype,
                const uint8_t *data, uint64_t elements) {
    struct satsync_error error;
    const struct satsync_tensor tensor = {
        .name = name, .dtype = dtype, .dimensions = 1, .shape = {elements}, .data = data};
    engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
}

static void save_all(struct engine_world *world, uint64_t step, enum satsync_base base) {
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_operation *operation;
    satsync_save_options_init(&options);
    options.step = step;
    options.codec = SATSYNC_CODEC_STORED;
    options.chunk_bytes = CHUNK_BYTES;
    options.base = base;
    options.derive = SATSYNC_DERIVE_BF16;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    put(save, "weight", SATSYNC_F32, weight, ELEMENTS);
    put(save, "copy", SATSYNC_BF16, copy, ELEMENTS);
    put(save, "nothing", SATSYNC_F32, NULL, 0);
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
}

static struct satsync_tensor_cost cost_of(struct engine_world *world, uint64_t step,
                                          const char *name) {
    struct satsync_error error;
    struct satsync_reader *reader;
    struct satsync_tensor_cost cost;
    size_t index;
    engine_expect(satsync_reader_open(world->store, step, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_find(reader, name, &index, &error), SATSYNC_OK, &error);
    satsync_reader_cost(reader, index, &cost);
    satsync_reader_close(reader);
    return cost;
}

static void fill(void) {
    struct random random = random_of(1, 0);
    for (size_t i = 0; i < ELEMENTS; i++) {
        store_le32(weight + 4 * i, (uint32_t)(0x3ca00000 + random_below(&random, 1 << 22)));
    }
    round_to_bf16(weight, ELEMENTS, copy);
}

enum { CHUNKS = FP32 / CHUNK_BYTES, SEALED = CHUNK_BYTES + 1 + SEAL_TAG_BYTES };

static void test_what_is_stored_derived_and_empty_is_told_apart(void **state) {
    struct engine_world *world = *state;
    fill();
    save_all(world, 1, SATSYNC_BASE_NONE);
    struct satsync_tensor_cost cost = cost_of(world, 1, "weight");
    assert_int_equal(cost.raw_bytes, FP32);
    assert_int_equal(cost.stored_bytes, CHUNKS * SEALED);
    assert_int_equal(cost.referred_bytes + cost.unchanged_bytes + cost.delta_bytes, 0);
    assert_string_equal(cost.codecs, "stored");
    cost = cost_of(world, 1, "copy");
    assert_int_equal(cost.derived_bytes, BF16);
    assert_int_equal(cost.stored_bytes + cost.referred_bytes, 0);
    assert_string_equal(cost.codecs, "");
    cost = cost_of(world, 1, "nothing");
    assert_int_equal(cost.raw_bytes + cost.stored_bytes, 0);
}

/* The first chunk changes a little; the others do not. */
static void test_differences_and_what_they_refer_to_are_told_apart(void **state) {
    struct engine_world *world = *state;
    fill();
    save_all(world, 1, SATSYNC_BASE_NONE);
    weight[400] ^= 1;
    round_to_bf16(weight, ELEMENTS, copy);
    save_all(world, 2, SATSYNC_BASE_AUTO);
    struct satsync_tensor_cost cost = cost_of(world, 2, "weight");
    assert_int_equal(cost.delta_bytes, CHUNK_BYTES);
    assert_int_equal(cost.unchanged_bytes, FP32 - CHUNK_BYTES);
    assert_int_equal(cost.referred_bytes, CHUNKS * SEALED);
    assert_true(cost.stored_bytes > 0 && cost.stored_bytes < 200);
    assert_string_equal(cost.codecs, "delta");
    assert_int_equal(cost_of(world, 2, "copy").derived_bytes, BF16);
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_is_stored_derived_and_empty_is_told_apart),
        WITH_WORLD(test_differences_and_what_they_refer_to_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
