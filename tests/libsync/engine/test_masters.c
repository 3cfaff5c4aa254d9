/* Saves of fp32 masters with their bf16 copies, read back through the API. */
#include "engine/masters.h"

#include "base/bytes.h"
#include "base/random.h"
#include "codec/rounding.h"
#include "engine/reader.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENTS = 50001, CHUNK_BYTES = 16384, FP32 = 4 * ELEMENTS, BF16 = 2 * ELEMENTS };

/* A weight and a moment in fp32, and the weight's bf16 copy. */
struct training {
    uint8_t *weight;
    uint8_t *moment;
    uint8_t *copy;
};

static void training_init(struct training *training, uint64_t seed) {
    struct random random = random_of(seed, 0);
    training->weight = malloc(FP32);
    training->moment = malloc(FP32);
    training->copy = malloc(BF16);
    assert_true(training->weight && training->moment && training->copy);
    for (size_t i = 0; i < ELEMENTS; i++) {
        /* Magnitudes around 0.02, as weights have. */
        store_le32(training->weight + 4 * i,
                   (uint32_t)(0x3ca00000 + random_below(&random, 1 << 22)));
        store_le32(training->moment + 4 * i, (uint32_t)random_below(&random, UINT32_MAX));
    }
    round_to_bf16(training->weight, ELEMENTS, training->copy);
}

static void training_fini(struct training *training) {
    free(training->weight);
    free(training->moment);
    free(training->copy);
}

static void put(struct satsync_save *save, const char *name, enum satsync_dtype dtype,
                const uint8_t *data) {
    struct satsync_error error;
    const struct satsync_tensor tensor = {
        .name = name, .dtype = dtype, .dimensions = 1, .shape = {ELEMENTS}, .data = data};
    engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
}

static struct satsync_save *begin(struct engine_world *world, uint64_t step,
                                  enum satsync_base base) {
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    satsync_save_options_init(&options);
    options.step = step;
    options.chunk_bytes = CHUNK_BYTES;
    options.derive = SATSYNC_DERIVE_BF16;
    options.base = base;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    return save;
}

static void commit(struct satsync_save *save) {
    struct satsync_error error;
    struct satsync_operation *operation;
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
}

static void save_all(struct engine_world *world, uint64_t step, const struct training *training,
                     enum satsync_base base) {
    struct satsync_save *save = begin(world, step, base);
    put(save, "weight", SATSYNC_F32, training->weight);
    put(save, "moment", SATSYNC_F32, training->moment);
    put(save, "copy", SATSYNC_BF16, training->copy);
    commit(save);
}

/* How many of the copy's chunks are derived, after all of it was read in whole and in parts. */
static size_t derived_chunks(struct engine_world *world, uint64_t step,
                             const struct training *training) {
    struct satsync_error error;
    struct satsync_reader *reader;
    size_t index;
    engine_expect(satsync_reader_open(world->store, step, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_find(reader, "copy", &index, &error), SATSYNC_OK, &error);
    uint8_t *read = malloc(BF16);
    assert_non_null(read);
    struct random random = random_of(step, 1);
    for (int i = 0; i < 50; i++) {
        uint64_t from = i == 0 ? 0 : random_below(&random, BF16);
        uint64_t to = i == 0 ? BF16 : from + random_below(&random, BF16 - from);
        memset(read, 0xee, BF16);
        engine_expect(satsync_reader_read(reader, index, from, read, to - from, &error), SATSYNC_OK,
                      &error);
        assert_memory_equal(read, training->copy + from, to - from);
    }
    free(read);
    size_t derived = 0;
    for (uint64_t i = 0; i < reader->chunk_count; i++) {
        derived += reader->chunks[i].is_derived;
    }
    assert_int_equal(reader->manifest.root.version_major, derived > 0 ? 2 : 1);
    satsync_reader_close(reader);
    struct satsync_verify_report report = {0};
    engine_expect(satsync_store_verify(world->store, step, &report, &error), SATSYNC_OK, &error);
    return derived;
}

enum { COPY_CHUNKS = (BF16 + CHUNK_BYTES - 1) / CHUNK_BYTES };

static void test_a_copy_of_its_master_is_not_stored(void **state) {
    struct engine_world *world = *state;
    struct training training;
    struct satsync_error error;
    struct satsync_checkpoint_info with;
    struct satsync_checkpoint_info without;
    training_init(&training, 1);
    save_all(world, 1, &training, SATSYNC_BASE_NONE);
    struct satsync_save *save = begin(world, 2, SATSYNC_BASE_NONE);
    put(save, "weight", SATSYNC_F32, training.weight);
    put(save, "moment", SATSYNC_F32, training.moment);
    commit(save);
    assert_int_equal(derived_chunks(world, 1, &training), COPY_CHUNKS);
    engine_expect(satsync_store_info(world->store, 1, &with, &error), SATSYNC_OK, &error);
    engine_expect(satsync_store_info(world->store, 2, &without, &error), SATSYNC_OK, &error);
    assert_true(with.stored_bytes <= without.stored_bytes + 4096);
    assert_int_equal(with.raw_bytes, without.raw_bytes + BF16);
    training_fini(&training);
}

/* In the first chunk, one in the middle, the last, shorter one; none is among the samples. */
static void test_one_element_that_differs_has_its_chunk_stored(void **state) {
    static const size_t places[] = {CHUNK_BYTES / 4 + 3, BF16 / 2, BF16 - 1};
    struct engine_world *world = *state;
    struct training training;
    training_init(&training, 2);
    for (uint64_t i = 0; i < 3; i++) {
        training.copy[places[i]] ^= 1;
        save_all(world, 10 + i, &training, SATSYNC_BASE_NONE);
        assert_int_equal(derived_chunks(world, 10 + i, &training), COPY_CHUNKS - 1);
        training.copy[places[i]] ^= 1;
    }
    training_fini(&training);
}

static void test_a_copy_that_begins_otherwise_is_stored(void **state) {
    struct engine_world *world = *state;
    struct training training;
    training_init(&training, 3);
    training.copy[0] ^= 1;
    save_all(world, 20, &training, SATSYNC_BASE_NONE);
    assert_int_equal(derived_chunks(world, 20, &training), 0);
    training_fini(&training);
}

static void test_a_copy_before_its_master_is_stored(void **state) {
    struct engine_world *world = *state;
    struct training training;
    training_init(&training, 4);
    struct satsync_save *save = begin(world, 30, SATSYNC_BASE_NONE);
    put(save, "copy", SATSYNC_BF16, training.copy);
    put(save, "weight", SATSYNC_F32, training.weight);
    commit(save);
    assert_int_equal(derived_chunks(world, 30, &training), 0);
    training_fini(&training);
}

/* The master's chunks are differences then; and a copy that no longer follows has no base. */
static void test_masters_and_copies_may_have_a_base(void **state) {
    struct engine_world *world = *state;
    struct training training;
    training_init(&training, 5);
    save_all(world, 40, &training, SATSYNC_BASE_NONE);
    for (size_t i = 0; i < ELEMENTS; i += 3) {
        training.weight[4 * i] ^= 1;
    }
    round_to_bf16(training.weight, ELEMENTS, training.copy);
    save_all(world, 41, &training, SATSYNC_BASE_AUTO);
    assert_int_equal(derived_chunks(world, 41, &training), COPY_CHUNKS);
    training.copy[BF16 / 2] ^= 1;
    save_all(world, 42, &training, SATSYNC_BASE_AUTO);
    assert_int_equal(derived_chunks(world, 42, &training), COPY_CHUNKS - 1);
    training_fini(&training);
}

static void test_an_unknown_way_to_derive_is_refused(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    satsync_save_options_init(&options);
    options.derive = (enum satsync_derive)9;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_INVALID,
                  &error);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_of_its_master_is_not_stored),
        cmocka_unit_test(test_one_element_that_differs_has_its_chunk_stored),
        cmocka_unit_test(test_a_copy_that_begins_otherwise_is_stored),
        cmocka_unit_test(test_a_copy_before_its_master_is_stored),
        cmocka_unit_test(test_masters_and_copies_may_have_a_base),
        cmocka_unit_test(test_an_unknown_way_to_derive_is_refused),
    };
    return cmocka_run_group_tests(tests, engine_world_setup, engine_world_teardown);
}
