#include "ckpt/store/sweep.h"

#include "ckpt/store/incoming.h"
#include "ckpt/store/lock.h"
#include "ckpt/store/pack_reader.h"
#include "ckpt/store/pack_writer.h"
#include "support/cmocka.h"
#include "support/store_world.h"

static void sweep(struct chunks *chunks, const struct pack_id *live, size_t count) {
    assert_int_equal(sweep_begin(chunks, NULL), SATSYNC_OK);
    assert_int_equal(sweep_run(chunks, live, count, NULL), SATSYNC_OK);
}

static void takes_only_garbage(struct world *world) {
    struct pack_id live[2] = {world_pack_id(3), world_pack_id(1)};
    for (unsigned i = 1; i <= 4; i++) {
        world_write_pack(world, i, 5000);
    }
    /* Finished, and held by the handle that wrote them. */
    sweep(world->chunks, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 4);
    world_reopen(world);
    sweep(world->chunks, live, 2);
    assert_int_equal(world_count(world, "packs"), 2);
    assert_true(world_has_pack(world->chunks, 1, 5000));
    assert_true(world_has_pack(world->chunks, 3, 5000));
}

static void test_packs_that_nothing_names_or_holds_go(void **state) {
    (void)state;
    world_for_each(takes_only_garbage);
}

static void released_and_read(struct world *world) {
    struct pack_id id = world_pack_id(1);
    struct pack_reader *reader;
    struct chunks *other = world_open_another(world);
    world_write_pack(world, 1, 5000);
    assert_int_equal(pack_reader_open(other, &id, &reader, NULL), SATSYNC_OK);
    pack_writer_release(world->chunks, &id);
    sweep(world->chunks, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 1);
    pack_reader_close(reader);
    sweep(world->chunks, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 0);
    other->ops->close(other);
}

static void test_a_released_pack_goes_when_its_last_reader_has(void **state) {
    (void)state;
    world_for_each(released_and_read);
}

/* The manifests were read before the pack was committed: the sweep must not take it. */
static void committed_meanwhile(struct world *world) {
    struct pack_id id = world_pack_id(1);
    struct chunks *other = world_open_another(world);
    world_write_pack(world, 1, 5000);
    assert_int_equal(sweep_begin(other, NULL), SATSYNC_OK);
    pack_writer_release(world->chunks, &id);
    assert_int_equal(sweep_run(other, NULL, 0, NULL), SATSYNC_OK);
    assert_true(world_has_pack(world->chunks, 1, 5000));
    assert_int_equal(sweep_run(other, NULL, 0, NULL), SATSYNC_WRONG_STATE);
    other->ops->close(other);
}

static void test_a_pack_that_is_committed_during_a_sweep_stays(void **state) {
    (void)state;
    world_for_each(committed_meanwhile);
}

static void temporaries(struct world *world) {
    struct temporary mine;
    struct temporary dead;
    struct chunks *other = world_open_another(world);
    assert_int_equal(lock_temporary(world_store(world), "packs", DISK_WRITE, &mine, NULL),
                     SATSYNC_OK);
    assert_int_equal(lock_temporary(world_store(world), "manifests", DISK_WRITE, &dead, NULL),
                     SATSYNC_OK);
    lock_drop_temporary(world_store(world), &dead, true);
    sweep(other, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 1);
    assert_int_equal(world_count(world, "manifests"), 0);
    lock_drop_temporary(world_store(world), &mine, true);
    sweep(other, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 0);
    other->ops->close(other);
}

static void test_temporaries_go_when_their_process_is_dead(void **state) {
    (void)state;
    world_for_each(temporaries);
}

static void half_received(struct world *world) {
    static const uint8_t digest[32] = {6};
    static const uint8_t data[4096];
    struct incoming_file files[2] = {{world_pack_id(1), 8192}, {world_pack_id(2), 4096}};
    struct incoming *incoming;
    world_write_pack(world, 1, 8192);
    assert_int_equal(incoming_open(world->chunks, digest, files, 2, &incoming, NULL), SATSYNC_OK);
    assert_int_equal(incoming_write(incoming, 1, 0, data, 100, NULL), SATSYNC_OK);
    incoming_close(incoming);
    world_reopen(world);
    sweep(world->chunks, NULL, 0);
    /* The part, and the pack that the journal counts on. */
    assert_int_equal(world_count(world, "packs"), 2);
    assert_int_equal(incoming_open(world->chunks, digest, files, 2, &incoming, NULL), SATSYNC_OK);
    assert_int_equal(ranges_total(incoming_have(incoming, 0)), 8192);
    assert_int_equal(ranges_total(incoming_have(incoming, 1)), 100);
    incoming_close(incoming);
    assert_int_equal(incoming_discard(world->chunks, digest, NULL), SATSYNC_OK);
    sweep(world->chunks, NULL, 0);
    assert_int_equal(world_count(world, "packs"), 0);
}

static void test_what_is_half_received_stays_until_it_is_discarded(void **state) {
    (void)state;
    world_for_each(half_received);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packs_that_nothing_names_or_holds_go),
        cmocka_unit_test(test_a_released_pack_goes_when_its_last_reader_has),
        cmocka_unit_test(test_a_pack_that_is_committed_during_a_sweep_stays),
        cmocka_unit_test(test_temporaries_go_when_their_process_is_dead),
        cmocka_unit_test(test_what_is_half_received_stays_until_it_is_discarded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
