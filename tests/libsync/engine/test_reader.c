/* Reading ranges and boxes, against a naive walk over the tensor's bytes. */
#include "engine/reader.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdlib.h>
#include <string.h>

enum { RANK = 3 };
static const uint64_t shape[RANK] = {23, 17, 129};
enum { ELEMENTS = 23 * 17 * 129 };

static struct satsync_reader *open_reader(struct engine_world *world, uint32_t chunk_bytes,
                                          uint16_t *data) {
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_operation *operation;
    struct satsync_reader *reader;
    struct satsync_tensor tensor = {
        .name = "t", .dtype = SATSYNC_U16, .dimensions = RANK, .data = data};
    memcpy(tensor.shape, shape, sizeof shape);
    for (size_t i = 0; i < ELEMENTS; i++) {
        data[i] = (uint16_t)(i * 40503U);
    }
    satsync_save_options_init(&options);
    options.step = chunk_bytes;
    options.chunk_bytes = chunk_bytes;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    engine_expect(satsync_save_put(save, &tensor, &error), SATSYNC_OK, &error);
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    engine_expect(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_OK, &error);
    satsync_operation_free(operation);
    engine_expect(satsync_reader_open(world->store, chunk_bytes, &reader, &error), SATSYNC_OK,
                  &error);
    return reader;
}

static void check_box(struct satsync_reader *reader, const uint16_t *data, struct random *random) {
    static uint16_t got[ELEMENTS + 1];
    uint64_t from[RANK];
    uint64_t to[RANK];
    struct satsync_error error;
    for (size_t d = 0; d < RANK; d++) {
        bool whole = random_below(random, 3) == 0;
        from[d] = whole ? 0 : random_below(random, shape[d] + 1);
        to[d] = whole ? shape[d] : from[d] + random_below(random, shape[d] - from[d] + 1);
    }
    memset(got, 0xab, sizeof got);
    engine_expect(satsync_reader_read_box(reader, 0, from, to, got, &error), SATSYNC_OK, &error);
    size_t n = 0;
    for (uint64_t i = from[0]; i < to[0]; i++) {
        for (uint64_t j = from[1]; j < to[1]; j++) {
            for (uint64_t k = from[2]; k < to[2]; k++) {
                assert_int_equal(got[n++], data[(i * shape[1] + j) * shape[2] + k]);
            }
        }
    }
    assert_int_equal(got[n], 0xabab);
}

static void check_range(struct satsync_reader *reader, const uint16_t *data,
                        struct random *random) {
    static uint8_t got[2 * ELEMENTS + 1];
    struct satsync_error error;
    uint64_t from = random_below(random, 2 * ELEMENTS + 1);
    size_t bytes = (size_t)random_below(random, 2 * ELEMENTS - from + 1);
    memset(got, 0xab, sizeof got);
    engine_expect(satsync_reader_read(reader, 0, from, got, bytes, &error), SATSYNC_OK, &error);
    assert_memory_equal(got, (const uint8_t *)data + from, bytes);
    assert_int_equal(got[bytes], 0xab);
}

static void test_boxes_and_ranges_are_those_of_the_tensor(void **state) {
    struct engine_world *world = *state;
    static uint16_t data[ELEMENTS];
    static const uint32_t chunk_bytes[] = {4096, 10000, 1 << 20};
    for (size_t i = 0; i < 3; i++) {
        struct satsync_reader *reader = open_reader(world, chunk_bytes[i], data);
        struct random random = random_of(i, 1);
        for (int n = 0; n < 60; n++) {
            check_box(reader, data, &random);
            check_range(reader, data, &random);
        }
        satsync_reader_close(reader);
    }
}

static void test_what_lies_outside_is_refused(void **state) {
    struct engine_world *world = *state;
    static uint16_t data[ELEMENTS];
    static uint8_t got[16];
    struct satsync_error error;
    struct satsync_reader *reader = open_reader(world, 4096, data);
    const uint64_t zero[RANK] = {0};
    const uint64_t beyond[RANK] = {1, 1, 130};
    const uint64_t one[RANK] = {1, 1, 1};
    engine_expect(satsync_reader_read_box(reader, 0, zero, beyond, got, &error), SATSYNC_INVALID,
                  &error);
    engine_expect(satsync_reader_read_box(reader, 0, one, zero, got, &error), SATSYNC_INVALID,
                  &error);
    engine_expect(satsync_reader_read_box(reader, 1, zero, one, got, &error), SATSYNC_INVALID,
                  &error);
    engine_expect(satsync_reader_read(reader, 0, 2 * ELEMENTS - 1, got, 2, &error), SATSYNC_INVALID,
                  &error);
    engine_expect(satsync_reader_read(reader, 0, UINT64_MAX, got, 2, &error), SATSYNC_INVALID,
                  &error);
    size_t index;
    engine_expect(satsync_reader_find(reader, "u", &index, &error), SATSYNC_NOT_FOUND, &error);
    engine_expect(satsync_reader_find(reader, "t", &index, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_blob(reader, "b", got, 1, &index, &error), SATSYNC_NOT_FOUND,
                  &error);
    satsync_reader_close(reader);
    satsync_reader_close(NULL);
    engine_expect(satsync_reader_open(world->store, 99, &reader, &error), SATSYNC_NOT_FOUND,
                  &error);
}

static void test_only_recipients_can_read(void **state) {
    struct engine_world *world = *state;
    static uint16_t data[ELEMENTS];
    struct satsync_error error;
    struct satsync_store *store;
    struct satsync_reader *reader;
    satsync_reader_close(open_reader(world, 4096, data));
    struct satsync_key *other = engine_world_key(world, "other.key");
    struct satsync_key *const keys[] = {other, NULL};
    for (size_t i = 0; i < 2; i++) {
        engine_expect(satsync_store_open(world->engine, world->root, keys[i], &store, &error),
                      SATSYNC_OK, &error);
        engine_expect(satsync_reader_open(store, 4096, &reader, &error), SATSYNC_NO_KEY, &error);
        assert_null(reader);
        satsync_store_close(store);
    }
    satsync_key_free(other);
}

static void test_a_blob_tells_its_size_when_there_is_no_room(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_reader *reader;
    uint8_t data[100];
    size_t bytes = 0;
    content_init(&content, 1, 64);
    engine_expect(content_save(&content, world->store, 1, 0, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_open(world->store, 1, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_blob(reader, "random state", data, sizeof data, &bytes, &error),
                  SATSYNC_LIMIT, &error);
    assert_int_equal(bytes, content.blob_bytes[0]);
    satsync_reader_close(reader);
    content_fini(&content);
}

#define ON_FILES(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_FILES(test_boxes_and_ranges_are_those_of_the_tensor),
        ON_FILES(test_what_lies_outside_is_refused),
        ON_FILES(test_only_recipients_can_read),
        ON_FILES(test_a_blob_tells_its_size_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
