#include "engine/pack_array.h"

#include "support/cmocka.h"
#include "support/content.h"
#include "support/harm.h"

#include <string.h>

enum { DATA = 3, PARITY = 2, PACKS = DATA + PARITY };

struct harmed {
    struct engine_world *world;
    struct content content;
    struct store_manifest manifest;
    struct pack_array array;
};

static void save(struct harmed *harmed, struct engine_world *world, size_t bytes) {
    struct satsync_error error;
    struct satsync_save_options options;
    harmed->world = world;
    satsync_save_options_init(&options);
    options.step = 1;
    options.data_packs = DATA;
    options.parity_packs = PARITY;
    options.chunk_bytes = 65536;
    content_init(&harmed->content, 1, bytes);
    engine_expect(content_save_with(&harmed->content, world->store, &options, &error), SATSYNC_OK,
                  &error);
    harm_manifest(world, 1, &harmed->manifest);
}

static void fini(struct harmed *harmed) {
    store_manifest_fini(&harmed->manifest);
    content_fini(&harmed->content);
}

static struct manifest_pack *packs_of(struct harmed *harmed) {
    return harmed->manifest.root.packs;
}

static void open_and_check(struct harmed *harmed) {
    struct satsync_error error;
    engine_expect(pack_array_open(&harmed->array, harmed->world->store, packs_of(harmed),
                                  &harmed->manifest.root.arrays[0], &error),
                  SATSYNC_OK, &error);
    engine_expect(pack_array_check(&harmed->array, &error), SATSYNC_OK, &error);
}

static void test_parity_is_as_long_as_the_longest_pack(void **state) {
    struct harmed harmed;
    save(&harmed, *state, 1 << 20);
    uint64_t longest = 0;
    for (unsigned i = 0; i < DATA; i++) {
        longest = packs_of(&harmed)[i].bytes > longest ? packs_of(&harmed)[i].bytes : longest;
    }
    open_and_check(&harmed);
    assert_int_equal(harmed.array.bytes, longest);
    for (unsigned i = 0; i < PACKS; i++) {
        assert_false(pack_array_is_damaged(&harmed.array, i));
        assert_int_equal(packs_of(&harmed)[i].algorithm == MANIFEST_PARITY_ALGORITHM, i >= DATA);
    }
    assert_int_equal(packs_of(&harmed)[DATA].table_offset, longest);
    pack_array_close(&harmed.array);
    fini(&harmed);
}

static void test_each_harm_is_seen_in_its_pack(void **state) {
    struct random random = random_of(2, 0);
    for (int kind = 0; kind < HARM_KINDS; kind++) {
        struct harmed harmed;
        struct engine_world world;
        (void)state;
        engine_world_open(&world, NULL);
        save(&harmed, &world, 1 << 18);
        harm_pack(&world, &packs_of(&harmed)[kind % PACKS], (enum harm_kind)kind, &random);
        open_and_check(&harmed);
        for (unsigned i = 0; i < PACKS; i++) {
            assert_int_equal(pack_array_is_damaged(&harmed.array, i), i == (unsigned)kind % PACKS);
        }
        pack_array_close(&harmed.array);
        fini(&harmed);
        engine_world_close(&world);
    }
}

/* Nothing takes its place before pack_array_replace. */
static void test_what_is_written_aside_changes_nothing(void **state) {
    static const bool wanted[PACKS] = {[1] = true, [DATA] = true};
    struct harmed harmed;
    struct satsync_error error;
    save(&harmed, *state, 1 << 20);
    harm_flip(harmed.world, &packs_of(&harmed)[1], 7);
    harm_flip(harmed.world, &packs_of(&harmed)[DATA], 8);
    for (int replaced = 0; replaced < 2; replaced++) {
        open_and_check(&harmed);
        assert_true(pack_array_is_damaged(&harmed.array, 1));
        engine_expect(pack_array_try(&harmed.array, &error), SATSYNC_OK, &error);
        engine_expect(pack_array_write(&harmed.array, wanted, &error), SATSYNC_OK, &error);
        if (replaced) {
            engine_expect(pack_array_replace(&harmed.array, &error), SATSYNC_OK, &error);
        }
        pack_array_close(&harmed.array);
    }
    open_and_check(&harmed);
    assert_false(pack_array_is_damaged(&harmed.array, 1));
    assert_false(pack_array_is_damaged(&harmed.array, DATA));
    pack_array_close(&harmed.array);
    fini(&harmed);
}

static void test_too_much_loss_is_incomplete(void **state) {
    static const bool wanted[PACKS] = {true, true, true};
    struct harmed harmed;
    struct satsync_error error;
    save(&harmed, *state, 1 << 20);
    for (unsigned i = 0; i < 3; i++) {
        harm_flip(harmed.world, &packs_of(&harmed)[i], 7);
    }
    open_and_check(&harmed);
    engine_expect(pack_array_try(&harmed.array, &error), SATSYNC_INCOMPLETE, &error);
    engine_expect(pack_array_write(&harmed.array, wanted, &error), SATSYNC_INCOMPLETE, &error);
    pack_array_close(&harmed.array);
    fini(&harmed);
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_parity_is_as_long_as_the_longest_pack),
        cmocka_unit_test(test_each_harm_is_seen_in_its_pack),
        WITH_WORLD(test_what_is_written_aside_changes_nothing),
        WITH_WORLD(test_too_much_loss_is_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
