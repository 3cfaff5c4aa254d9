/* Checkpoints with parity, harmed and repaired through the API. */
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/harm.h"

#include <string.h>

enum { DATA = 4, PARITY = 2, PACKS = DATA + PARITY, LARGE_BYTES = 1 << 18, CHUNK_BYTES = 16384 };

static void save(struct engine_world *world, const struct content *content, uint64_t step,
                 enum satsync_base base) {
    struct satsync_error error;
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    options.chunk_bytes = CHUNK_BYTES;
    options.base = base;
    options.data_packs = DATA;
    options.parity_packs = PARITY;
    engine_expect(content_save_with(content, world->store, &options, &error), SATSYNC_OK, &error);
}

static enum satsync_status repair(struct engine_world *world, uint64_t step, int dry_run,
                                  struct satsync_repair_report *report,
                                  struct satsync_error *error) {
    struct satsync_repair_options options;
    satsync_repair_options_init(&options);
    options.dry_run = dry_run;
    return satsync_store_repair(world->store, step, &options, report, error);
}

static void expect_whole(struct engine_world *world, const struct content *content, uint64_t step) {
    struct satsync_error error;
    struct satsync_verify_report report = {0};
    bool wrong;
    engine_expect(satsync_store_verify(world->store, step, &report, &error), SATSYNC_OK, &error);
    engine_expect(content_check(content, world->store, step, &wrong, &error), SATSYNC_OK, &error);
    assert_false(wrong);
}

static void test_what_is_whole_is_left_alone(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    struct satsync_repair_report report = {0};
    content_init(&content, 1, LARGE_BYTES);
    save(world, &content, 1, SATSYNC_BASE_NONE);
    engine_expect(content_save(&content, world->store, 2, 0, &error), SATSYNC_OK, &error);
    engine_expect(repair(world, SATSYNC_ALL_STEPS, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.checkpoints, 2);
    assert_int_equal(report.packs, PACKS + 1);
    assert_int_equal(report.damaged + report.mended, 0);
    assert_true(report.checked_bytes > LARGE_BYTES);
    expect_whole(world, &content, 1);
    content_fini(&content);
}

/* Every pair of packs, with every pair of harms in turn. */
static void test_any_two_lost_or_damaged_packs_are_mended(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct random random = random_of(9, 0);
    unsigned harm = 0;
    content_init(&content, 2, LARGE_BYTES);
    save(world, &content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    assert_int_equal(manifest.root.version_major, 3);
    assert_int_equal(manifest.root.pack_count, PACKS);
    for (unsigned first = 0; first < PACKS; first++) {
        for (unsigned second = first + 1; second < PACKS; second++, harm++) {
            struct satsync_error error;
            struct satsync_damage damages[4];
            struct satsync_repair_report report = {.damages = damages, .capacity = 4};
            harm_pack(world, &manifest.root.packs[first], harm % HARM_KINDS, &random);
            harm_pack(world, &manifest.root.packs[second], harm / HARM_KINDS % HARM_KINDS, &random);
            engine_expect(repair(world, 1, 0, &report, &error), SATSYNC_OK, &error);
            assert_int_equal(report.damaged, 2);
            assert_int_equal(report.mended, 2);
            assert_int_equal(damages[0].status, SATSYNC_OK);
            assert_non_null(strstr(damages[1].what, "mended from parity"));
            expect_whole(world, &content, 1);
        }
    }
    store_manifest_fini(&manifest);
    content_fini(&content);
}

/* All packs are damaged, but no stripe in more than two. */
static void test_damage_is_counted_by_stripe(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct satsync_repair_report report = {0};
    content_init(&content, 3, 8 << 20); /* several stripes a pack */
    save(world, &content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    for (unsigned i = 0; i < PACKS; i++) {
        harm_flip(world, &manifest.root.packs[i], (i / 2 * 2 + 1) * (uint64_t)(256 << 10));
    }
    engine_expect(repair(world, 1, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.damaged, PACKS);
    assert_int_equal(report.mended, PACKS);
    expect_whole(world, &content, 1);
    store_manifest_fini(&manifest);
    content_fini(&content);
}

static void test_three_lost_packs_are_named_and_nothing_is_changed(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct random random = random_of(4, 0);
    struct satsync_damage damages[4];
    struct satsync_repair_report report = {.damages = damages, .capacity = 4};
    content_init(&content, 4, LARGE_BYTES);
    save(world, &content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    for (unsigned i = 1; i < 4; i++) {
        harm_pack(world, &manifest.root.packs[i], HARM_REMOVE, &random);
    }
    for (int dry_run = 1; dry_run >= 0; dry_run--) {
        engine_expect(repair(world, 1, dry_run, &report, &error), SATSYNC_INCOMPLETE, &error);
        assert_int_equal(report.damaged, 3);
        assert_int_equal(report.mended, 0);
        assert_non_null(strstr(damages[2].what, "more than 2 of 6"));
    }
    store_manifest_fini(&manifest);
    content_fini(&content);
}

static void test_a_dry_run_says_what_repair_then_does(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct satsync_repair_report report = {0};
    struct satsync_verify_report verified = {0};
    content_init(&content, 5, LARGE_BYTES);
    save(world, &content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    harm_flip(world, &manifest.root.packs[2], 100);
    engine_expect(repair(world, 1, 1, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.mended, 1);
    assert_int_not_equal(satsync_store_verify(world->store, 1, &verified, &error), SATSYNC_OK);
    engine_expect(repair(world, 1, 0, &report, &error), SATSYNC_OK, &error);
    expect_whole(world, &content, 1);
    store_manifest_fini(&manifest);
    content_fini(&content);
}

static void test_without_parity_damage_is_told(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct satsync_repair_report report = {0};
    content_init(&content, 6, 4096);
    engine_expect(content_save(&content, world->store, 1, 0, &error), SATSYNC_OK, &error);
    harm_manifest(world, 1, &manifest);
    harm_flip(world, &manifest.root.packs[0], 10);
    engine_expect(repair(world, SATSYNC_ALL_STEPS, 0, &report, &error), SATSYNC_CORRUPT, &error);
    assert_non_null(strstr(error.message, "without parity"));
    store_manifest_fini(&manifest);
    content_fini(&content);
}

/* What is referred to of a base is mended when the base is gone. */
static void test_a_difference_keeps_the_parity_of_its_base(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct random random = random_of(7, 0);
    struct satsync_prune_options options;
    struct satsync_prune_report pruned = {0};
    struct satsync_repair_report report = {0};
    content_init(&content, 7, LARGE_BYTES);
    save(world, &content, 1, SATSYNC_BASE_NONE);
    save(world, &content, 2, SATSYNC_BASE_AUTO);
    satsync_prune_options_init(&options);
    options.keep_last = 1;
    engine_expect(satsync_store_prune(world->store, &options, &pruned, &error), SATSYNC_OK, &error);
    harm_manifest(world, 2, &manifest);
    assert_int_equal(manifest.root.array_count, 2);
    assert_int_equal(manifest.root.pack_count, 2 * PACKS);
    for (unsigned i = 0; i < 2 * PACKS; i += 3) {
        harm_pack(world, &manifest.root.packs[i], HARM_REMOVE, &random);
    }
    engine_expect(repair(world, 2, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.mended, 4);
    expect_whole(world, &content, 2);
    store_manifest_fini(&manifest);
    content_fini(&content);
}

/* A reader that is open meanwhile, and a save after it. */
static void test_the_store_is_in_use_meanwhile(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct store_manifest manifest;
    struct satsync_error error;
    struct satsync_reader *reader;
    struct satsync_repair_report report = {0};
    static uint8_t read[LARGE_BYTES];
    size_t largest = 0;
    size_t index;
    content_init(&content, 8, LARGE_BYTES);
    for (size_t i = 0; i < CONTENT_TENSORS; i++) {
        largest = content.bytes[i] > content.bytes[largest] ? i : largest;
    }
    save(world, &content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    engine_expect(satsync_reader_open(world->store, 1, &reader, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_find(reader, content.names[largest], &index, &error), SATSYNC_OK,
                  &error);
    engine_expect(satsync_reader_read(reader, index, 0, read, sizeof read, &error), SATSYNC_OK,
                  &error);
    harm_flip(world, &manifest.root.packs[DATA], 5); /* parity: the reader goes on */
    engine_expect(repair(world, 1, 0, &report, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_read(reader, index, 0, read, sizeof read, &error), SATSYNC_OK,
                  &error);
    assert_memory_equal(read, content.data[largest], sizeof read);
    satsync_reader_close(reader);
    save(world, &content, 2, SATSYNC_BASE_AUTO);
    expect_whole(world, &content, 2);
    store_manifest_fini(&manifest);
    content_fini(&content);
}

static void make_rotten(struct engine_world *world, struct content *content, uint64_t seed) {
    struct store_manifest manifest;
    engine_world_open_faulty(world, NULL, seed);
    content_init(content, 9, 65536);
    save(world, content, 1, SATSYNC_BASE_NONE);
    harm_manifest(world, 1, &manifest);
    harm_flip(world, &manifest.root.packs[1], 70);
    harm_flip(world, &manifest.root.packs[DATA + 1], 70);
    store_manifest_fini(&manifest);
}

/* Before every operation of a repair: no more is lost than was, and repairing once more ends it. */
static void test_power_cut_at_any_point_loses_nothing(void **state) {
    (void)state;
    bool cut = true;
    for (uint64_t n = 0; cut; n++) {
        struct engine_world world;
        struct content content;
        struct satsync_error error;
        struct satsync_repair_report report = {0};
        make_rotten(&world, &content, n);
        faulty_disk_power_off_at(world.faulty, faulty_disk_operations(world.faulty) + n);
        enum satsync_status status = repair(&world, 1, 0, &report, &error);
        cut = faulty_disk_is_off(world.faulty);
        assert_true(cut || status == SATSYNC_OK);
        assert_int_equal(faulty_disk_crash(world.faulty), SATSYNC_OK);
        faulty_disk_power_off_at(world.faulty, UINT64_MAX);
        satsync_store_close(world.store);
        engine_expect(satsync_store_open(world.engine, world.root, world.key, &world.store, &error),
                      SATSYNC_OK, &error);
        engine_expect(repair(&world, 1, 0, &report, &error), SATSYNC_OK, &error);
        assert_true(cut || report.damaged == 0);
        expect_whole(&world, &content, 1);
        content_fini(&content);
        engine_world_close(&world);
    }
}

static void test_every_failure_of_the_disk_is_told_and_harmless(void **state) {
    static const enum satsync_status failures[] = {SATSYNC_IO, SATSYNC_NO_SPACE};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool failed = true;
        for (uint64_t n = 0; failed; n++) {
            struct engine_world world;
            struct content content;
            struct satsync_error error;
            struct satsync_repair_report report = {0};
            make_rotten(&world, &content, n);
            uint64_t at = faulty_disk_operations(world.faulty) + n;
            faulty_disk_fail_at(world.faulty, at, failures[i]);
            enum satsync_status status = repair(&world, 1, 0, &report, &error);
            failed = faulty_disk_operations(world.faulty) > at;
            assert_true(status == SATSYNC_OK || error.message[0]);
            faulty_disk_fail_at(world.faulty, UINT64_MAX, SATSYNC_IO);
            engine_expect(repair(&world, 1, 0, &report, &error), SATSYNC_OK, &error);
            expect_whole(&world, &content, 1);
            content_fini(&content);
            engine_world_close(&world);
        }
    }
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_is_whole_is_left_alone),
        WITH_WORLD(test_any_two_lost_or_damaged_packs_are_mended),
        WITH_WORLD(test_damage_is_counted_by_stripe),
        WITH_WORLD(test_three_lost_packs_are_named_and_nothing_is_changed),
        WITH_WORLD(test_a_dry_run_says_what_repair_then_does),
        WITH_WORLD(test_without_parity_damage_is_told),
        WITH_WORLD(test_a_difference_keeps_the_parity_of_its_base),
        WITH_WORLD(test_the_store_is_in_use_meanwhile),
        cmocka_unit_test(test_power_cut_at_any_point_loses_nothing),
        cmocka_unit_test(test_every_failure_of_the_disk_is_told_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
