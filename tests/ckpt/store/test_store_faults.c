/* A disk that is bad rather than cut off: writes that are torn, lost, misdirected or short, sectors
 * that cannot be read. No byte that was not saved is given out, other checkpoints stay whole, and
 * parity mends what it should. */
#include "ckpt/store/store.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/harm.h"
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 4096, LARGE_BYTES = 16384, DATA = 2, PACKS = 3 };

/* Step 1 is saved on a good disk, step 2 is what the tests are about. */
struct bad {
    struct engine_world world;
    struct content contents[2];
};

static enum satsync_status save(struct bad *bad, uint64_t step, bool parity,
                                struct satsync_error *error) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    options.chunk_bytes = CHUNK_BYTES;
    options.data_packs = parity ? DATA : 0;
    options.parity_packs = parity ? PACKS - DATA : 0;
    return content_save_with(&bad->contents[step - 1], bad->world.store, &options, error);
}

static void begin(struct bad *bad, uint64_t disk_seed, size_t large_bytes) {
    struct satsync_engine_options options;
    struct satsync_error error;
    satsync_engine_options_init(&options);
    options.memory_bytes = 8 << 20;
    engine_world_open_faulty(&bad->world, &options, disk_seed);
    content_init(&bad->contents[0], 41, LARGE_BYTES);
    content_init(&bad->contents[1], 42, large_bytes);
    engine_expect(save(bad, 1, false, &error), SATSYNC_OK, &error);
}

static void end(struct bad *bad) {
    content_fini(&bad->contents[0]);
    content_fini(&bad->contents[1]);
    engine_world_close(&bad->world);
}

static enum satsync_status verify(struct bad *bad, uint64_t step, struct satsync_error *error) {
    struct satsync_verify_report report = {0};
    return satsync_store_verify(bad->world.store, step, &report, error);
}

static enum satsync_status repair(struct bad *bad, struct satsync_error *error) {
    struct satsync_repair_options options;
    struct satsync_repair_report report = {0};
    satsync_repair_options_init(&options);
    return satsync_store_repair(bad->world.store, 2, &options, &report, error);
}

/* Whether the step can be read whole; never a wrong byte, and verify knows it. */
static bool is_whole(struct bad *bad, uint64_t step) {
    struct satsync_error error = {0};
    bool wrong = false;
    enum satsync_status status =
        content_check(&bad->contents[step - 1], bad->world.store, step, &wrong, &error);
    assert_false(wrong);
    bool verified = verify(bad, step, &error) == SATSYNC_OK;
    assert_true(status == SATSYNC_OK || !verified);
    return verified;
}

static bool is_listed(struct bad *bad, uint64_t step) {
    uint64_t steps[4];
    size_t count;
    struct satsync_error error;
    engine_expect(satsync_store_steps(bad->world.store, steps, 4, &count, &error), SATSYNC_OK,
                  &error);
    for (size_t i = 0; i < count; i++) {
        if (steps[i] == step) {
            return true;
        }
    }
    return false;
}

static bool manifest_is_readable(struct bad *bad) {
    struct store_manifest manifest;
    bool readable = store_manifest_read(bad->world.store, 2, &manifest, NULL) == SATSYNC_OK;
    if (readable) {
        store_manifest_fini(&manifest);
    }
    return readable;
}

struct outcomes {
    unsigned saves;
    unsigned refused; /* the save said so */
    unsigned mended;
    unsigned damaged; /* and said so */
};

/* A save of step 2 of which operation `at` goes wrong, if it is a write. False after the last. */
static bool save_badly(uint64_t at, enum faulty_write how, bool parity, struct outcomes *outcomes) {
    struct bad bad;
    struct satsync_error error = {0};
    begin(&bad, at + 1, LARGE_BYTES);
    uint64_t first = faulty_disk_operations(bad.world.faulty);
    faulty_disk_spoil_write_at(bad.world.faulty, first + at, how);
    enum satsync_status status = save(&bad, 2, parity, &error);
    bool more = faulty_disk_operations(bad.world.faulty) > first + at;
    faulty_disk_spoil_write_at(bad.world.faulty, UINT64_MAX, FAULTY_WRITE_WHOLE);
    outcomes->saves++;
    outcomes->refused += status != SATSYNC_OK;
    if (status != SATSYNC_OK) {
        assert_int_equal(status, SATSYNC_IO);
        assert_false(is_listed(&bad, 2));
    } else if (!is_whole(&bad, 2)) {
        assert_int_not_equal(how, FAULTY_WRITE_SHORT);
        /* Of the manifest there is one copy; all else parity mends. */
        bool mendable = parity && manifest_is_readable(&bad);
        if (mendable) {
            engine_expect(repair(&bad, &error), SATSYNC_OK, &error);
            assert_true(is_whole(&bad, 2));
        }
        *(mendable ? &outcomes->mended : &outcomes->damaged) += 1;
    }
    assert_true(is_whole(&bad, 1));
    end(&bad);
    return more;
}

static struct outcomes save_badly_everywhere(bool parity) {
    static const enum faulty_write kinds[] = {FAULTY_WRITE_LOST, FAULTY_WRITE_TORN,
                                              FAULTY_WRITE_MISDIRECTED, FAULTY_WRITE_SHORT};
    struct outcomes outcomes = {0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (uint64_t at = 0; save_badly(at, kinds[i], parity, &outcomes); at++) {
        }
    }
    print_message("%u saves: %u refused, %u mended, %u damaged\n", outcomes.saves, outcomes.refused,
                  outcomes.mended, outcomes.damaged);
    return outcomes;
}

static void test_spoiled_write_of_a_save_is_found_and_harms_no_other_step(void **state) {
    (void)state;
    struct outcomes outcomes = save_badly_everywhere(false);
    assert_true(outcomes.refused > 0 && outcomes.damaged > 0);
}

/* The save reads its packs again before it makes parity of them. */
static void test_spoiled_write_of_a_save_with_parity_is_refused_or_mended(void **state) {
    (void)state;
    struct outcomes outcomes = save_badly_everywhere(true);
    assert_true(outcomes.refused > 0 && outcomes.mended > 0);
}

static void pack_path(struct bad *bad, const struct manifest_pack *pack, char out[160]) {
    int length = snprintf(out, 160, "%s/packs/", bad->world.root);
    for (int i = 0; i < MANIFEST_ID_BYTES; i++) {
        length += snprintf(out + length, 160 - (size_t)length, "%02x", pack->id[i]);
    }
    snprintf(out + length, 160 - (size_t)length, ".pack");
}

static void make_unreadable(struct bad *bad, const struct manifest_pack *pack, uint64_t offset) {
    char path[160];
    pack_path(bad, pack, path);
    assert_int_equal(faulty_disk_make_unreadable(bad->world.faulty, path, offset, 1), SATSYNC_OK);
}

static void test_each_unreadable_sector_of_each_pack_is_found_and_mended(void **state) {
    (void)state;
    struct bad bad;
    struct satsync_error error = {0};
    struct store_manifest manifest;
    begin(&bad, 1, LARGE_BYTES);
    engine_expect(save(&bad, 2, true, &error), SATSYNC_OK, &error);
    harm_manifest(&bad.world, 2, &manifest);
    for (size_t i = 0; i < manifest.root.pack_count; i++) {
        const struct manifest_pack *pack = &manifest.root.packs[i];
        for (uint64_t at = 0; at < pack->bytes; at += FAULTY_SECTOR_BYTES) {
            make_unreadable(&bad, pack, at);
            assert_false(is_whole(&bad, 2));
            assert_true(is_whole(&bad, 1));
            engine_expect(repair(&bad, &error), SATSYNC_OK, &error);
            assert_true(is_whole(&bad, 2));
        }
    }
    store_manifest_fini(&manifest);
    end(&bad);
}

/* One parity pack, and a bad sector in each of the three packs, but in different stripes. */
static void test_bad_sectors_in_all_packs_are_mended_stripe_by_stripe(void **state) {
    (void)state;
    enum { STRIPE_BYTES = 256 << 10 };
    struct bad bad;
    struct satsync_error error = {0};
    struct store_manifest manifest;
    begin(&bad, 1, 4 << 20);
    engine_expect(save(&bad, 2, true, &error), SATSYNC_OK, &error);
    harm_manifest(&bad.world, 2, &manifest);
    assert_true(manifest.root.packs[0].bytes > (uint64_t)PACKS * STRIPE_BYTES);
    for (size_t i = 0; i < PACKS; i++) {
        make_unreadable(&bad, &manifest.root.packs[i], i * STRIPE_BYTES + STRIPE_BYTES / 2);
    }
    assert_false(is_whole(&bad, 2));
    engine_expect(repair(&bad, &error), SATSYNC_OK, &error);
    assert_true(is_whole(&bad, 2));
    store_manifest_fini(&manifest);
    end(&bad);
}

/* What can be said of a store with a bad sector in one of its small files. */
struct small_file {
    const char *name;
    bool opens;
    bool gives_second;
};

static void check_small_file(const struct small_file *file) {
    struct bad bad;
    struct satsync_error error = {0};
    char path[160];
    begin(&bad, 1, LARGE_BYTES);
    engine_expect(save(&bad, 2, false, &error), SATSYNC_OK, &error);
    snprintf(path, sizeof path, "%s/%s", bad.world.root, file->name);
    assert_int_equal(faulty_disk_make_unreadable(bad.world.faulty, path, 0, 1), SATSYNC_OK);
    satsync_store_close(bad.world.store);
    enum satsync_status status = satsync_store_open(bad.world.engine, bad.world.root, bad.world.key,
                                                    &bad.world.store, &error);
    engine_expect(status, file->opens ? SATSYNC_OK : SATSYNC_IO, &error);
    if (file->opens) {
        assert_true(is_whole(&bad, 1));
        assert_int_equal(is_whole(&bad, 2), file->gives_second);
        engine_expect(verify(&bad, SATSYNC_ALL_STEPS, &error), SATSYNC_IO, &error);
        assert_string_equal(error.subject, "step 2");
    } else {
        assert_non_null(strstr(error.subject, file->name));
    }
    end(&bad);
}

static void test_bad_sector_in_a_small_file_is_named(void **state) {
    (void)state;
    static const struct small_file files[] = {
        {"format", false, false},
        {"identity", false, false},
        {"manifests/00000000000000000002.manifest", true, false}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_small_file(&files[i]);
    }
}

static enum satsync_status receive(struct chunks *chunks, const struct incoming_file *file,
                                   struct satsync_error *error) {
    static const uint8_t digest[32] = {7};
    static uint8_t data[24576];
    struct incoming *incoming;
    world_pack_bytes(9, data, sizeof data);
    enum satsync_status status =
        chunks->ops->incoming_open(chunks, digest, file, 1, &incoming, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    for (uint64_t at = 0; at < 20000 && status == SATSYNC_OK; at += 5000) {
        status = chunks->ops->incoming_write(incoming, 0, at, data + at, 4000, error);
        if (status == SATSYNC_OK) {
            status = chunks->ops->incoming_sync(incoming, error);
        }
    }
    chunks->ops->incoming_close(incoming);
    return status;
}

/* Of [0, 20000) the last 1000 bytes of every 5000 never came. */
static void expect_no_false_claim(struct chunks *chunks, const struct incoming_file *file) {
    static const uint8_t digest[32] = {7};
    struct incoming *incoming;
    struct satsync_error error = {0};
    engine_expect(chunks->ops->incoming_open(chunks, digest, file, 1, &incoming, &error),
                  SATSYNC_OK, &error);
    const struct ranges *have = chunks->ops->incoming_have(incoming, 0);
    for (size_t i = 0; i < have->count; i++) {
        assert_int_equal(have->at[i].from / 5000, (have->at[i].to - 1) / 5000);
        assert_true((have->at[i].to - 1) % 5000 < 4000);
        assert_true(have->at[i].to <= 20000);
    }
    chunks->ops->incoming_close(incoming);
}

static void test_spoiled_journal_claims_nothing_that_never_came(void **state) {
    (void)state;
    static const enum faulty_write kinds[] = {FAULTY_WRITE_LOST, FAULTY_WRITE_TORN,
                                              FAULTY_WRITE_MISDIRECTED, FAULTY_WRITE_SHORT};
    const struct incoming_file file = {world_pack_id(9), 24576};
    bool more = true;
    for (uint64_t at = 0; more; at++) {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            struct world world;
            struct satsync_error error = {0};
            assert_true(world_begin(&world, WORLD_FAULTY));
            uint64_t first = faulty_disk_operations(world.disk);
            faulty_disk_spoil_write_at(world.disk, first + at, kinds[i]);
            enum satsync_status status = receive(world.chunks, &file, &error);
            assert_true(status == SATSYNC_OK || status == SATSYNC_IO);
            more = faulty_disk_operations(world.disk) > first + at;
            faulty_disk_spoil_write_at(world.disk, UINT64_MAX, FAULTY_WRITE_WHOLE);
            world_reopen(&world);
            expect_no_false_claim(world.chunks, &file);
            world_end(&world);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoiled_write_of_a_save_is_found_and_harms_no_other_step),
        cmocka_unit_test(test_spoiled_write_of_a_save_with_parity_is_refused_or_mended),
        cmocka_unit_test(test_each_unreadable_sector_of_each_pack_is_found_and_mended),
        cmocka_unit_test(test_bad_sectors_in_all_packs_are_mended_stripe_by_stripe),
        cmocka_unit_test(test_bad_sector_in_a_small_file_is_named),
        cmocka_unit_test(test_spoiled_journal_claims_nothing_that_never_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
