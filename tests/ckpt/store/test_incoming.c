#include "ckpt/store/incoming.h"

#include "base/random.h"
#include "ckpt/store/disk_posix.h"
#include "ckpt/store/layout.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 25 * 4096, PIECE = 1400, PIECES = (BYTES + PIECE - 1) / PIECE };

static const uint8_t digest[32] = {3, 1, 4};
static uint8_t bytes_sent[BYTES];
static uint8_t bytes_read[BYTES];

static struct incoming *begin(struct chunks *chunks, size_t count) {
    static const size_t sizes[] = {BYTES, 4096};
    struct incoming_file files[2];
    struct incoming *incoming;
    struct satsync_error error = {0};
    for (unsigned i = 0; i < 2; i++) {
        files[i] = (struct incoming_file){world_pack_id(i + 1), sizes[i]};
    }
    if (incoming_open(chunks, digest, files, count, &incoming, &error) != SATSYNC_OK) {
        fail_msg("%s: %s", error.subject, error.message);
    }
    world_pack_bytes(1, bytes_sent, BYTES);
    return incoming;
}

static void put(struct incoming *incoming, size_t from, size_t bytes) {
    assert_int_equal(incoming_write(incoming, 0, from, bytes_sent + from, bytes, NULL), SATSYNC_OK);
}

static void any_order(struct world *world) {
    struct random random = random_of(9, 0);
    size_t order[PIECES];
    struct incoming *incoming = begin(world->chunks, 1);
    for (size_t i = 0; i < PIECES; i++) {
        size_t j = (size_t)random_below(&random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (size_t i = 0; i < PIECES; i++) {
        size_t from = order[i] * PIECE;
        put(incoming, from, BYTES - from < PIECE ? BYTES - from : PIECE);
        if (i % 20 == 0) {
            assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_OK);
            put(incoming, from, 1);
        }
        if (i == PIECES / 2) {
            assert_int_equal(incoming_commit(incoming, 1, "m", 1, NULL), SATSYNC_INCOMPLETE);
            uint64_t had = ranges_total(incoming_have(incoming, 0));
            incoming_close(incoming);
            world_reopen(world);
            incoming = begin(world->chunks, 1);
            assert_int_equal(ranges_total(incoming_have(incoming, 0)), had);
        }
    }
    assert_int_equal(incoming_read(incoming, 0, 0, bytes_read, BYTES, NULL), SATSYNC_OK);
    assert_memory_equal(bytes_read, bytes_sent, BYTES);
    assert_false(world_has_pack(world->chunks, 1, BYTES));
    assert_int_equal(incoming_commit(incoming, 1, "m", 1, NULL), SATSYNC_OK);
    assert_int_equal(incoming_commit(incoming, 1, "m", 1, NULL), SATSYNC_OK);
    incoming_close(incoming);
    assert_true(world_has_pack(world->chunks, 1, BYTES));
    assert_int_equal(world_count(world, "packs"), 1);
    assert_int_equal(world_count(world, "incoming"), 0);
}

static void test_pieces_in_any_order_over_two_lives_make_the_pack(void **state) {
    (void)state;
    world_for_each(any_order);
}

static void packs_there_count(struct world *world) {
    world_write_pack(world, 1, BYTES);
    struct incoming *incoming = begin(world->chunks, 2);
    assert_true(ranges_cover(incoming_have(incoming, 0), 0, BYTES));
    assert_int_equal(ranges_total(incoming_have(incoming, 1)), 0);
    put(incoming, 5, 100);
    static const uint8_t zeros[4096];
    assert_int_equal(incoming_write(incoming, 1, 0, zeros, 4096, NULL), SATSYNC_OK);
    assert_int_equal(incoming_commit(incoming, 9, "m", 1, NULL), SATSYNC_OK);
    incoming_close(incoming);
    assert_true(world_has_pack(world->chunks, 1, BYTES));
    assert_int_equal(world_count(world, "packs"), 2);
}

static void test_packs_of_the_store_count_as_received(void **state) {
    (void)state;
    world_for_each(packs_there_count);
}

static void one_at_a_time(struct world *world) {
    struct incoming_file file = {world_pack_id(1), BYTES};
    struct incoming *second;
    struct incoming *incoming = begin(world->chunks, 1);
    struct chunks *other = world_open_another(world);
    assert_int_equal(incoming_open(other, digest, &file, 1, &second, NULL), SATSYNC_BUSY);
    assert_int_equal(incoming_discard(other, digest, NULL), SATSYNC_BUSY);
    incoming_close(incoming);
    assert_int_equal(incoming_open(other, digest, &file, 1, &second, NULL), SATSYNC_OK);
    incoming_close(second);
    assert_int_equal(incoming_discard(other, digest, NULL), SATSYNC_OK);
    assert_int_equal(incoming_discard(other, digest, NULL), SATSYNC_NOT_FOUND);
    other->ops->close(other);
    assert_int_equal(world_count(world, "packs"), 0);
    assert_int_equal(world_count(world, "incoming"), 0);
}

static void test_one_process_receives_a_checkpoint_at_a_time(void **state) {
    (void)state;
    world_for_each(one_at_a_time);
}

static void forget_and_bounds(struct world *world) {
    struct incoming *incoming = begin(world->chunks, 1);
    put(incoming, 0, 50000);
    assert_int_equal(incoming_forget(incoming, 0, 100, 200, NULL), SATSYNC_OK);
    assert_int_equal(incoming_read(incoming, 0, 0, bytes_read, 101, NULL), SATSYNC_INCOMPLETE);
    assert_int_equal(incoming_read(incoming, 0, 0, bytes_read, 100, NULL), SATSYNC_OK);
    incoming_close(incoming);
    incoming = begin(world->chunks, 1);
    assert_true(ranges_cover(incoming_have(incoming, 0), 300, 50000));
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 50000 - 200);
    assert_int_equal(incoming_write(incoming, 0, BYTES, bytes_sent, 1, NULL), SATSYNC_INVALID);
    assert_int_equal(incoming_write(incoming, 0, BYTES - 1, bytes_sent, 2, NULL), SATSYNC_INVALID);
    assert_int_equal(incoming_write(incoming, 0, UINT64_MAX, bytes_sent, 2, NULL), SATSYNC_INVALID);
    assert_int_equal(incoming_forget(incoming, 0, BYTES, 1, NULL), SATSYNC_INVALID);
    assert_int_equal(incoming_read(incoming, 0, 60000, bytes_read, 1, NULL), SATSYNC_INCOMPLETE);
    incoming_close(incoming);
}

static void test_what_is_forgotten_is_asked_for_again(void **state) {
    (void)state;
    world_for_each(forget_and_bounds);
}

static void test_a_failed_sync_stops_the_handle_until_it_is_opened_again(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    struct incoming *incoming = begin(world.chunks, 1);
    put(incoming, 0, 10000);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_OK);
    put(incoming, 10000, 10000);
    /* Two windows are written, then comes the sync of the file. */
    faulty_disk_fail_at(world.disk, faulty_disk_operations(world.disk) + 2, SATSYNC_IO);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_IO);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_IO);
    assert_int_equal(incoming_write(incoming, 0, 0, bytes_sent, 1, NULL), SATSYNC_IO);
    assert_int_equal(incoming_commit(incoming, 1, "m", 1, NULL), SATSYNC_IO);
    incoming_close(incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 10000);
    incoming_close(incoming);
    world_end(&world);
}

/* The process dies: its handle does nothing more, what it wrote stays in the page cache. */
static void die(struct world *world, struct incoming *incoming) {
    faulty_disk_power_off_at(world->disk, faulty_disk_operations(world->disk));
    incoming_close(incoming);
    faulty_disk_power_off_at(world->disk, UINT64_MAX);
}

static void crash_of_the_machine(struct world *world, struct incoming *incoming) {
    assert_int_equal(faulty_disk_crash(world->disk), SATSYNC_OK);
    incoming_close(incoming);
    world_reopen(world);
}

/* The store's own names are durable: only what is received is at stake. */
static void settle_names(struct world *world) {
    const struct disk_ops *ops = world->disk->ops;
    assert_int_equal(ops->sync_directory(world->disk, "/", NULL), SATSYNC_OK);
    assert_int_equal(ops->sync_directory(world->disk, world->base, NULL), SATSYNC_OK);
}

static void test_what_was_noted_outlives_the_process_and_not_the_machine(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    settle_names(&world);
    struct incoming *incoming = begin(world.chunks, 1);
    put(incoming, 0, 10000);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_OK);
    put(incoming, 20000, 30000);
    assert_int_equal(incoming_note(incoming, NULL), SATSYNC_OK);
    put(incoming, 70000, 100);
    die(&world, incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 40000);
    assert_int_equal(incoming_read(incoming, 0, 20000, bytes_read, 30000, NULL), SATSYNC_OK);
    assert_memory_equal(bytes_read, bytes_sent + 20000, 30000);
    assert_int_equal(incoming_forget(incoming, 0, 21000, 1000, NULL), SATSYNC_OK);
    die(&world, incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 39000);
    crash_of_the_machine(&world, incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 10000);
    incoming_close(incoming);
    world_end(&world);
}

static void test_a_sync_in_another_life_makes_what_was_noted_durable(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    settle_names(&world);
    struct incoming *incoming = begin(world.chunks, 1);
    put(incoming, 0, BYTES);
    assert_int_equal(incoming_note(incoming, NULL), SATSYNC_OK);
    die(&world, incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(incoming_commit(incoming, 1, "m", 1, NULL), SATSYNC_OK);
    crash_of_the_machine(&world, incoming);
    assert_true(world_has_pack(world.chunks, 1, BYTES));
    world_end(&world);
}

static void test_after_a_failed_sync_nothing_that_was_only_noted_counts(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin(&world, WORLD_FAULTY));
    struct incoming *incoming = begin(world.chunks, 1);
    put(incoming, 0, 10000);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_OK);
    put(incoming, 10000, 10000);
    assert_int_equal(incoming_note(incoming, NULL), SATSYNC_OK);
    faulty_disk_fail_at(world.disk, faulty_disk_operations(world.disk), SATSYNC_IO);
    assert_int_equal(incoming_sync(incoming, NULL), SATSYNC_IO);
    assert_int_equal(incoming_note(incoming, NULL), SATSYNC_IO);
    incoming_close(incoming);
    incoming = begin(world.chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 10000);
    incoming_close(incoming);
    world_end(&world);
}

static void noted_by_another_process(struct world *world) {
    struct chunks *other = NULL;
    if (world->kind == WORLD_FAULTY) {
        return; /* it lives in this process alone */
    }
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct disk *disk = NULL;
        bool done = disk_posix_new(NULL, &disk, NULL) == SATSYNC_OK &&
                    store_open(disk, world->root, &world->options, &other, NULL) == SATSYNC_OK;
        struct incoming *incoming = done ? begin(other, 1) : NULL;
        done = done && incoming_write(incoming, 0, 7, bytes_sent + 7, 5000, NULL) == SATSYNC_OK &&
               incoming_note(incoming, NULL) == SATSYNC_OK;
        _exit(done ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct incoming *incoming = begin(world->chunks, 1);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 5000);
    incoming_close(incoming);
}

static void test_what_a_dead_process_noted_is_there_for_the_next(void **state) {
    (void)state;
    world_for_each(noted_by_another_process);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_in_any_order_over_two_lives_make_the_pack),
        cmocka_unit_test(test_packs_of_the_store_count_as_received),
        cmocka_unit_test(test_one_process_receives_a_checkpoint_at_a_time),
        cmocka_unit_test(test_what_is_forgotten_is_asked_for_again),
        cmocka_unit_test(test_what_was_noted_outlives_the_process_and_not_the_machine),
        cmocka_unit_test(test_a_sync_in_another_life_makes_what_was_noted_durable),
        cmocka_unit_test(test_after_a_failed_sync_nothing_that_was_only_noted_counts),
        cmocka_unit_test(test_what_a_dead_process_noted_is_there_for_the_next),
        cmocka_unit_test(test_a_failed_sync_stops_the_handle_until_it_is_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
