#include "ckpt/store/lock.h"

#include "support/cmocka.h"
#include "support/store_world.h"

static void hold_keeps_the_seizer_out(struct world *world) {
    struct store *store = world_store(world);
    struct store_path path = layout_path(store, "format");
    struct disk_file *held;
    struct disk_file *also_held;
    struct disk_file *seized;
    assert_int_equal(lock_hold(store, path.text, DISK_READ, &held, NULL), SATSYNC_OK);
    assert_int_equal(lock_hold(store, path.text, DISK_READ, &also_held, NULL), SATSYNC_OK);
    assert_int_equal(lock_seize(store, path.text, &seized, NULL), SATSYNC_BUSY);
    assert_null(seized);
    world->disk->ops->close(world->disk, held);
    assert_int_equal(lock_seize(store, path.text, &seized, NULL), SATSYNC_BUSY);
    world->disk->ops->close(world->disk, also_held);
    assert_int_equal(lock_seize(store, path.text, &seized, NULL), SATSYNC_OK);
    assert_int_equal(lock_hold(store, path.text, DISK_READ, &held, NULL), SATSYNC_BUSY);
    assert_null(held);
    world->disk->ops->close(world->disk, seized);
}

static void test_who_holds_keeps_the_seizer_out_and_the_reverse(void **state) {
    (void)state;
    world_for_each(hold_keeps_the_seizer_out);
}

static void temporaries_differ(struct world *world) {
    struct temporary temporaries[3];
    world->chunks->ops->close(world->chunks);
    for (size_t i = 0; i < 3; i++) {
        /* A new handle begins with the same name each time. */
        world->chunks = world_open_another(world);
        assert_int_equal(
            lock_temporary(world_store(world), "packs", DISK_WRITE, &temporaries[i], NULL),
            SATSYNC_OK);
        world->chunks->ops->close(world->chunks);
    }
    world->chunks = world_open_another(world);
    assert_int_equal(world_count(world, "packs"), 3);
    for (size_t i = 0; i < 3; i++) {
        lock_drop_temporary(world_store(world), &temporaries[i], false);
    }
    assert_int_equal(world_count(world, "packs"), 0);
}

static void test_temporaries_never_share_a_name(void **state) {
    (void)state;
    world_for_each(temporaries_differ);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_holds_keeps_the_seizer_out_and_the_reverse),
        cmocka_unit_test(test_temporaries_never_share_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
