/* A store's life, with the power cut, an I/O error or a full disk at every single operation of it:
 * whatever the moment, what was committed is there whole, and nothing half-there is seen. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "ckpt/store/store.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 8, PIECE_BYTES = 1400, PACKS_MOST = 4 };

/* Packs by number, with their sizes; the last comes in from outside. */
enum { PACK_A = 1, PACK_B, PACK_C, PACK_IN };
static const size_t pack_bytes[] = {0, 20000, 4096, 30000, 6 * 4096};

struct step {
    uint64_t step;
    unsigned packs[PACKS_MOST]; /* 0 ends */
};
static const struct step steps[] = {
    {10, {PACK_A, PACK_B}}, {20, {PACK_A, PACK_C}}, {30, {PACK_A, PACK_IN}}};
enum { STEPS = 3 };

static const uint8_t digest[32] = {7, 7, 7};
static const char root[] = "/s";

/* The run under way, printed by print_run when it fails. */
static uint64_t now_seed;
static uint64_t now_at;

static int print_run(void **state) {
    (void)state;
    print_message("last run: seed %d, operation %d\n", (int)now_seed, (int)now_at);
    return 0;
}

/* What the life was told to have worked. */
struct facts {
    bool is_created;
    bool is_recorded;
    bool is_committed[STEPS];
    bool is_removing; /* the removal of steps[0] was begun */
    bool is_removed;
    uint64_t synced_bytes; /* of the incoming pack, from its start */
    bool is_noted;         /* [12000, 15000) of it, which counts until a crash */
    bool is_crashed;
    bool is_garbled; /* what came of it at first, [5000, 8000), is wrong and not yet forgotten */
};

static const struct store_options options = {.segment_bytes = WORLD_SEGMENT_BYTES, .segments = 2};

static size_t manifest_of(const struct step *step, uint8_t *out, size_t room) {
    struct bytes_writer writer = bytes_writer_over(out, room);
    bytes_put_u64(&writer, step->step);
    for (size_t i = 0; i < PACKS_MOST && step->packs[i]; i++) {
        struct pack_id id = world_pack_id(step->packs[i]);
        bytes_put(&writer, id.bytes, sizeof id.bytes);
    }
    /* Long enough to span sectors. */
    while (bytes_written(&writer) < 1300) {
        bytes_put_u64(&writer, step->step * 77);
    }
    assert_false(writer.failed);
    return bytes_written(&writer);
}

static enum satsync_status write_pack(struct chunks *chunks, unsigned pack,
                                      struct satsync_error *error) {
    struct pack_writer *writer;
    struct pack_id id = world_pack_id(pack);
    static uint8_t data[32768];
    world_pack_bytes(pack, data, pack_bytes[pack]);
    TRY(chunks->ops->pack_create(chunks, &id, pack_bytes[pack], &writer, error));
    for (size_t at = 0; at < pack_bytes[pack]; at += 7000) {
        uint64_t offset;
        size_t bytes = pack_bytes[pack] - at < 7000 ? pack_bytes[pack] - at : 7000;
        enum satsync_status status =
            chunks->ops->pack_append(writer, data + at, bytes, &offset, error);
        if (status != SATSYNC_OK) {
            chunks->ops->pack_abandon(writer);
            return status;
        }
        assert_int_equal(offset, at);
    }
    uint64_t total;
    return chunks->ops->pack_finish(writer, &total, error);
}

static enum satsync_status commit(struct chunks *chunks, size_t n, struct satsync_error *error) {
    uint8_t manifest[2048];
    size_t bytes = manifest_of(&steps[n], manifest, sizeof manifest);
    return chunks->ops->manifest_commit(chunks, steps[n].step, manifest, bytes, error);
}

static enum satsync_status open_incoming(struct chunks *chunks, struct incoming **incoming,
                                         struct satsync_error *error) {
    /* The first is there already; sizes are with padding. */
    struct incoming_file files[2] = {{world_pack_id(PACK_A), 20480},
                                     {world_pack_id(PACK_IN), pack_bytes[PACK_IN]}};
    return chunks->ops->incoming_open(chunks, digest, files, 2, incoming, error);
}

/* Pieces of [from, to), the odd ones first: with holes that fill later. */
static enum satsync_status receive(struct chunks *chunks, struct incoming *incoming, size_t from,
                                   size_t to, struct satsync_error *error) {
    static uint8_t data[32768];
    world_pack_bytes(PACK_IN, data, pack_bytes[PACK_IN]);
    for (size_t odd = 2; odd-- > 0;) {
        for (size_t at = from + odd * PIECE_BYTES; at < to; at += (size_t)2 * PIECE_BYTES) {
            size_t bytes = to - at < PIECE_BYTES ? to - at : PIECE_BYTES;
            TRY(chunks->ops->incoming_write(incoming, 1, at, data + at, bytes, error));
        }
    }
    return SATSYNC_OK;
}

/* Bytes that will not verify. */
static enum satsync_status receive_garbage(struct chunks *chunks, struct incoming *incoming,
                                           struct satsync_error *error) {
    static const uint8_t garbage[3000];
    return chunks->ops->incoming_write(incoming, 1, 5000, garbage, sizeof garbage, error);
}

static enum satsync_status first_half(struct chunks *chunks, struct incoming *incoming,
                                      struct facts *facts, struct satsync_error *error) {
    facts->is_garbled = true;
    TRY(receive_garbage(chunks, incoming, error));
    TRY(chunks->ops->incoming_sync(incoming, error));
    TRY(receive(chunks, incoming, 0, 5000, error));
    TRY(receive(chunks, incoming, 8000, 9000, error));
    TRY(chunks->ops->incoming_sync(incoming, error));
    facts->synced_bytes = 9000;
    TRY(receive(chunks, incoming, 12000, 15000, error));
    TRY(chunks->ops->incoming_note(incoming, error));
    facts->is_noted = true;
    return receive(chunks, incoming, 15000, 16000, error);
}

static enum satsync_status second_half(struct chunks *chunks, struct incoming *incoming,
                                       struct facts *facts, struct satsync_error *error) {
    uint8_t manifest[2048];
    size_t bytes = manifest_of(&steps[2], manifest, sizeof manifest);
    if (!ranges_cover(chunks->ops->incoming_have(incoming, 1), 0, pack_bytes[PACK_IN])) {
        TRY(receive(chunks, incoming, 0, pack_bytes[PACK_IN], error));
        facts->synced_bytes = facts->synced_bytes < 5000 ? facts->synced_bytes : 5000;
        TRY(chunks->ops->incoming_forget(incoming, 1, 5000, 3000, error));
        facts->is_garbled = false;
        TRY(receive(chunks, incoming, 5000, 8000, error));
    }
    TRY(chunks->ops->incoming_sync(incoming, error));
    facts->synced_bytes = pack_bytes[PACK_IN];
    TRY(chunks->ops->incoming_commit(incoming, steps[2].step, manifest, bytes, error));
    facts->is_committed[2] = true;
    return SATSYNC_OK;
}

static enum satsync_status live_incoming(struct chunks *chunks, struct facts *facts,
                                         struct satsync_error *error) {
    struct incoming *incoming;
    TRY(open_incoming(chunks, &incoming, error));
    enum satsync_status status = first_half(chunks, incoming, facts, error);
    chunks->ops->incoming_close(incoming);
    TRY(status);
    TRY(open_incoming(chunks, &incoming, error));
    status = second_half(chunks, incoming, facts, error);
    chunks->ops->incoming_close(incoming);
    return status;
}

struct listed {
    uint64_t at[8];
    size_t count;
};

static void note_step(void *context, uint64_t step) {
    struct listed *listed = context;
    assert_true(listed->count < 8);
    listed->at[listed->count++] = step;
}

static bool is_listed(const struct listed *listed, uint64_t step) {
    for (size_t i = 0; i < listed->count; i++) {
        if (listed->at[i] == step) {
            return true;
        }
    }
    return false;
}

static enum satsync_status sweep(struct chunks *chunks, size_t *live_count,
                                 struct satsync_error *error) {
    struct listed listed = {.count = 0};
    struct pack_id live[STEPS * PACKS_MOST];
    bool seen[PACK_IN + 1] = {false};
    size_t count = 0;
    TRY(chunks->ops->sweep_begin(chunks, error));
    TRY(chunks->ops->manifest_list(chunks, note_step, &listed, error));
    for (size_t n = 0; n < STEPS; n++) {
        for (size_t i = 0; is_listed(&listed, steps[n].step) && steps[n].packs[i]; i++) {
            if (!seen[steps[n].packs[i]]) {
                seen[steps[n].packs[i]] = true;
                live[count++] = world_pack_id(steps[n].packs[i]);
            }
        }
    }
    *live_count = count;
    return chunks->ops->sweep(chunks, live, count, error);
}

static enum satsync_status live_open(struct chunks *chunks, struct facts *facts,
                                     struct satsync_error *error) {
    size_t live_count;
    TRY(chunks->ops->record_write(chunks, "store", "record", 6, error));
    facts->is_recorded = true;
    TRY(write_pack(chunks, PACK_A, error));
    TRY(write_pack(chunks, PACK_B, error));
    TRY(commit(chunks, 0, error));
    facts->is_committed[0] = true;
    TRY(write_pack(chunks, PACK_C, error));
    TRY(commit(chunks, 1, error));
    facts->is_committed[1] = true;
    TRY(live_incoming(chunks, facts, error));
    facts->is_removing = true;
    TRY(chunks->ops->manifest_remove(chunks, steps[0].step, error));
    facts->is_removed = true;
    struct pack_id id = world_pack_id(PACK_B);
    chunks->ops->pack_release(chunks, &id);
    return sweep(chunks, &live_count, error);
}

static enum satsync_status live(struct disk *disk, struct facts *facts,
                                struct satsync_error *error) {
    struct chunks *chunks;
    *facts = (struct facts){.is_created = false};
    TRY(store_create(disk, root, &options, error));
    facts->is_created = true;
    TRY(store_open(disk, root, &options, &chunks, error));
    enum satsync_status status = live_open(chunks, facts, error);
    chunks->ops->close(chunks);
    return status;
}

static void must(enum satsync_status status, const struct satsync_error *error, const char *what) {
    if (status != SATSYNC_OK) {
        fail_msg("%s: %s: %s: %s", what, satsync_status_name(status), error->subject,
                 error->message);
    }
}

static void check_step(struct chunks *chunks, const struct step *step) {
    struct satsync_error error = {0};
    uint8_t expected[2048];
    size_t expected_bytes = manifest_of(step, expected, sizeof expected);
    uint8_t *data;
    size_t bytes;
    must(chunks->ops->manifest_read(chunks, step->step, &data, &bytes, &error), &error, "read");
    assert_int_equal(bytes, expected_bytes);
    assert_memory_equal(data, expected, bytes);
    free(data);
    for (size_t i = 0; i < PACKS_MOST && step->packs[i]; i++) {
        assert_true(world_has_pack(chunks, step->packs[i], pack_bytes[step->packs[i]]));
    }
}

static void check_steps(struct chunks *chunks, const struct facts *facts) {
    struct satsync_error error = {0};
    struct listed listed = {.count = 0};
    must(chunks->ops->manifest_list(chunks, note_step, &listed, &error), &error, "list");
    for (size_t n = 0; n < STEPS; n++) {
        bool is_there = is_listed(&listed, steps[n].step);
        bool may_be_gone = n == 0 && facts->is_removing;
        if (facts->is_committed[n] && !may_be_gone) {
            assert_true(is_there);
        }
        if (n == 0 && facts->is_removed) {
            assert_false(is_there);
        }
        if (is_there) {
            check_step(chunks, &steps[n]);
        }
    }
    uint8_t *data;
    size_t bytes;
    if (facts->is_recorded) {
        must(chunks->ops->record_read(chunks, "store", &data, &bytes, &error), &error, "record");
        assert_int_equal(bytes, 6);
        assert_memory_equal(data, "record", 6);
        free(data);
    }
}

/* Everything that `have` claims is there, and all that was synced is claimed. */
static void check_have(struct chunks *chunks, struct incoming *incoming,
                       const struct facts *facts) {
    struct satsync_error error = {0};
    static uint8_t expected[32768];
    static uint8_t data[32768];
    world_pack_bytes(PACK_IN, expected, pack_bytes[PACK_IN]);
    const struct ranges *have = chunks->ops->incoming_have(incoming, 1);
    if (facts->is_garbled) {
        memset(expected + 5000, 0, 3000);
    }
    assert_true(ranges_cover(have, 0, facts->synced_bytes));
    assert_true(!facts->is_noted || facts->is_crashed || ranges_cover(have, 12000, 15000));
    for (size_t i = 0; i < have->count; i++) {
        struct range range = have->at[i];
        size_t bytes = (size_t)(range.to - range.from);
        must(chunks->ops->incoming_read(incoming, 1, range.from, data, bytes, &error), &error,
             "reading what is claimed");
        assert_memory_equal(data, expected + range.from, bytes);
    }
}

/* Goes on where the life stopped: receives the third step, whatever is there of it. */
static void finish_incoming(struct chunks *chunks, struct facts *facts) {
    struct satsync_error error = {0};
    struct incoming *incoming;
    must(open_incoming(chunks, &incoming, &error), &error, "resume");
    check_have(chunks, incoming, facts);
    must(second_half(chunks, incoming, facts, &error), &error, "resumed receiving");
    chunks->ops->incoming_close(incoming);
}

static void check_swept(struct disk *disk, struct facts *facts) {
    struct satsync_error error = {0};
    struct chunks *chunks;
    size_t live_count;
    must(store_open(disk, root, &options, &chunks, &error), &error, "open");
    must(sweep(chunks, &live_count, &error), &error, "sweep");
    check_steps(chunks, facts);
    chunks->ops->close(chunks);
    struct world world = {.kind = WORLD_FAULTY, .disk = disk, .root = "/s"};
    assert_int_equal(world_count(&world, "packs"), live_count);
    assert_int_equal(world_count(&world, "incoming"), 0);
    assert_int_equal(world_count(&world, "trusted"), 0);
}

/* Opens the store again, looks whether all is as the facts say, and lives on. */
static void check_after(struct disk *disk, struct facts *facts) {
    struct satsync_error error = {0};
    struct chunks *chunks;
    enum satsync_status status = store_open(disk, root, &options, &chunks, &error);
    if (!facts->is_created && status == SATSYNC_NOT_FOUND) {
        must(store_create(disk, root, &options, &error), &error, "creating again");
        status = store_open(disk, root, &options, &chunks, &error);
    }
    must(status, &error, "open after a failure");
    check_steps(chunks, facts);
    if (facts->is_committed[1]) {
        must(commit(chunks, 1, &error), &error, "committing the same again");
    }
    if (facts->is_committed[0]) {
        finish_incoming(chunks, facts);
        check_steps(chunks, facts);
    }
    chunks->ops->close(chunks);
}

static uint64_t operations_of_a_life(void) {
    struct satsync_error error = {0};
    struct facts facts;
    struct disk *disk = faulty_disk_new(1, NULL);
    must(live(disk, &facts, &error), &error, "a life without faults");
    uint64_t operations = faulty_disk_operations(disk);
    disk->ops->free(disk);
    return operations;
}

static void test_power_cut_at_every_operation_loses_nothing_committed(void **state) {
    (void)state;
    uint64_t operations = operations_of_a_life();
    print_message("%d seeds x %d operations\n", SEEDS, (int)operations);
    assert_true(operations > 100);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (uint64_t at = 0; at <= operations; at++) {
            struct satsync_error error = {0};
            struct facts facts;
            struct disk *disk = faulty_disk_new(seed, NULL);
            now_seed = seed;
            now_at = at;
            faulty_disk_power_off_at(disk, at);
            enum satsync_status status = live(disk, &facts, &error);
            assert_true(status == SATSYNC_OK || status == SATSYNC_IO);
            assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
            facts.is_crashed = true;
            check_after(disk, &facts);
            check_swept(disk, &facts);
            disk->ops->free(disk);
        }
    }
}

static void test_process_killed_at_every_operation_loses_nothing_noted(void **state) {
    (void)state;
    uint64_t operations = operations_of_a_life();
    for (uint64_t at = 0; at <= operations; at++) {
        struct satsync_error error = {0};
        struct facts facts;
        struct disk *disk = faulty_disk_new(at + 1, NULL);
        now_seed = at + 1;
        now_at = at;
        faulty_disk_power_off_at(disk, at);
        enum satsync_status status = live(disk, &facts, &error);
        assert_true(status == SATSYNC_OK || status == SATSYNC_IO);
        /* The power was never off: only the process is gone. */
        faulty_disk_power_off_at(disk, UINT64_MAX);
        check_after(disk, &facts);
        facts.is_crashed = true;
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
        check_after(disk, &facts);
        check_swept(disk, &facts);
        disk->ops->free(disk);
    }
}

/* One life in which operation `at` fails; then all must be as it was, also after a crash. */
static void live_with_failure(uint64_t seed, uint64_t at, enum satsync_status failure) {
    struct satsync_error error = {0};
    struct facts facts;
    struct disk *disk = faulty_disk_new(seed, NULL);
    now_seed = seed;
    now_at = at;
    faulty_disk_fail_at(disk, at, failure);
    enum satsync_status status = live(disk, &facts, &error);
    if (status != SATSYNC_OK) {
        assert_int_equal(status, failure);
        assert_true(strlen(error.message) > 10);
        assert_true(strlen(error.subject) > 0);
    }
    facts.is_crashed = true; /* a failed sync is as bad */
    if (seed % 2) {
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
    }
    check_after(disk, &facts);
    check_swept(disk, &facts);
    assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
    check_after(disk, &facts);
    disk->ops->free(disk);
}

static void test_failure_of_every_operation_is_reported_and_loses_nothing(void **state) {
    (void)state;
    static const enum satsync_status failures[] = {SATSYNC_IO, SATSYNC_NO_SPACE};
    uint64_t operations = operations_of_a_life();
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (uint64_t at = 0; at < operations; at++) {
            for (size_t i = 0; i < 2; i++) {
                live_with_failure(seed, at, failures[i]);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_power_cut_at_every_operation_loses_nothing_committed,
                                  print_run),
        cmocka_unit_test_teardown(test_process_killed_at_every_operation_loses_nothing_noted,
                                  print_run),
        cmocka_unit_test_teardown(test_failure_of_every_operation_is_reported_and_loses_nothing,
                                  print_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
