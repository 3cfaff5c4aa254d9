#include "engine/identity.h"

#include "base/bytes.h"
#include "support/cmocka.h"

#include <string.h>

struct world {
    struct site_key *owner;
    struct identity identity;
    uint8_t *data;
    size_t bytes;
};

static void set_up(struct world *world) {
    assert_int_equal(seal_ready(NULL), SATSYNC_OK);
    *world = (struct world){.owner = site_key_new(NULL)};
    memcpy(world->identity.owner, world->owner->public_key, SITE_KEY_BYTES);
    memset(world->identity.store_id, 7, sizeof world->identity.store_id);
    world->identity.recipient_count = 2;
    memset(world->identity.recipients, 9, 2 * SITE_KEY_BYTES);
    assert_int_equal(
        identity_encode(&world->identity, world->owner, NULL, &world->data, &world->bytes),
        SATSYNC_OK);
}

static void tear_down(struct world *world) {
    memory_free(NULL, world->data);
    site_key_free(world->owner);
}

static void test_identity_comes_back_as_it_was_signed(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    struct identity decoded;
    assert_int_equal(identity_decode(world.data, world.bytes, "S", &decoded, NULL), SATSYNC_OK);
    assert_memory_equal(&decoded, &world.identity, sizeof decoded);
    tear_down(&world);
}

static void test_every_flipped_byte_is_noticed(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (size_t i = 0; i < world.bytes; i++) {
        struct identity decoded;
        struct satsync_error error;
        world.data[i] ^= 1;
        enum satsync_status status =
            identity_decode(world.data, world.bytes, "S", &decoded, &error);
        assert_int_equal(satsync_status_class(status), SATSYNC_CLASS_INTEGRITY);
        assert_string_equal(error.subject, "S");
        world.data[i] ^= 1;
    }
    tear_down(&world);
}

static void test_every_cut_and_a_byte_more_are_noticed(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    struct identity decoded;
    for (size_t bytes = 0; bytes < world.bytes; bytes++) {
        assert_int_not_equal(identity_decode(world.data, bytes, "S", &decoded, NULL), SATSYNC_OK);
    }
    uint8_t longer[4096];
    memcpy(longer, world.data, world.bytes);
    longer[world.bytes] = 0;
    assert_int_not_equal(identity_decode(longer, world.bytes + 1, "S", &decoded, NULL), SATSYNC_OK);
    tear_down(&world);
}

static void test_signed_by_somebody_else_is_forged(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    struct site_key *other = site_key_new(NULL);
    uint8_t *data;
    size_t bytes;
    struct identity decoded;
    assert_int_equal(identity_encode(&world.identity, other, NULL, &data, &bytes), SATSYNC_OK);
    assert_int_equal(identity_decode(data, bytes, "S", &decoded, NULL), SATSYNC_FORGED);
    memory_free(NULL, data);
    site_key_free(other);
    tear_down(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_comes_back_as_it_was_signed),
        cmocka_unit_test(test_every_flipped_byte_is_noticed),
        cmocka_unit_test(test_every_cut_and_a_byte_more_are_noticed),
        cmocka_unit_test(test_signed_by_somebody_else_is_forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
