#include "ckpt/store/incoming.h"

#include "base/random.h"
#include "ckpt/store/layout.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdlib.h>
#include <string.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_in_any_order_over_two_lives_make_the_pack),
        cmocka_unit_test(test_packs_of_the_store_count_as_received),
        cmocka_unit_test(test_one_process_receives_a_checkpoint_at_a_time),
        cmocka_unit_test(test_what_is_forgotten_is_asked_for_again),
        cmocka_unit_test(test_a_failed_sync_stops_the_handle_until_it_is_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
