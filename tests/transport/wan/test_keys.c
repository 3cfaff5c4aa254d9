#include "transport/wan/keys.h"

#include "support/cmocka.h"
#include "transport/wan/noise.h"

#include <string.h>

enum { TEXT = 100 };

struct world {
    struct wan_keys a;
    struct wan_keys b;
    uint8_t header[9];
    uint8_t buffer[TEXT + WAN_TAG_BYTES];
    struct wan_packet packet;
};

static void set_up(struct world *world, enum wan_cipher cipher) {
    const uint8_t one[WAN_KEY_BYTES] = {1};
    const uint8_t two[WAN_KEY_BYTES] = {2};
    wan_keys_init(&world->a, cipher, one, two);
    wan_keys_init(&world->b, cipher, two, one);
    memcpy(world->header, "\x20headers", sizeof world->header);
    memset(world->buffer, 'x', sizeof world->buffer);
    world->packet = (struct wan_packet){.path = 1,
                                        .number = 7,
                                        .header = world->header,
                                        .header_bytes = sizeof world->header,
                                        .payload = world->buffer,
                                        .payload_bytes = TEXT};
}

static int ciphers(enum wan_cipher out[2]) {
    int count = 0;
    out[count++] = WAN_CHACHA20POLY1305;
    if (noise_has_aesgcm()) {
        out[count++] = WAN_AES256GCM;
    }
    return count;
}

static bool is_text(const struct world *world) {
    for (int i = 0; i < TEXT; i++) {
        if (world->buffer[i] != 'x') {
            return false;
        }
    }
    return true;
}

static void test_sealed_packet_opens_at_the_other_end_only(void **state) {
    (void)state;
    enum wan_cipher all[2];
    for (int i = ciphers(all); i-- > 0;) {
        struct world world;
        set_up(&world, all[i]);
        wan_keys_seal(&world.a, &world.packet);
        assert_false(is_text(&world));
        struct world copy = world;
        copy.packet.payload = copy.buffer;
        assert_false(wan_keys_open(&copy.a, 0, &copy.packet));
        assert_true(wan_keys_open(&world.b, 0, &world.packet));
        assert_true(is_text(&world));
    }
}

static void test_empty_payload_is_authenticated_too(void **state) {
    (void)state;
    enum wan_cipher all[2];
    for (int i = ciphers(all); i-- > 0;) {
        struct world world;
        set_up(&world, all[i]);
        world.packet.payload_bytes = 0;
        wan_keys_seal(&world.a, &world.packet);
        assert_true(wan_keys_open(&world.b, 0, &world.packet));
        world.buffer[0] ^= 1;
        assert_false(wan_keys_open(&world.b, 0, &world.packet));
    }
}

static void test_every_flipped_bit_and_every_other_place_is_refused(void **state) {
    (void)state;
    enum wan_cipher all[2];
    for (int i = ciphers(all); i-- > 0;) {
        struct world sealed;
        set_up(&sealed, all[i]);
        wan_keys_seal(&sealed.a, &sealed.packet);
        for (size_t bit = 0; bit < (sizeof sealed.header + sizeof sealed.buffer) * 8; bit++) {
            struct world world = sealed;
            size_t at = bit / 8;
            uint8_t *byte = at < sizeof world.header ? &world.header[at]
                                                     : &world.buffer[at - sizeof world.header];
            *byte ^= (uint8_t)(1u << bit % 8);
            world.packet.header = world.header;
            world.packet.payload = world.buffer;
            assert_false(wan_keys_open(&world.b, 0, &world.packet));
        }
        for (int change = 0; change < 4; change++) {
            struct world world = sealed;
            world.packet.payload = world.buffer;
            world.packet.number += change == 0;
            world.packet.path += change == 1;
            world.packet.payload_bytes -= change == 2;
            world.packet.header_bytes -= change == 3;
            assert_false(wan_keys_open(&world.b, 0, &world.packet));
        }
    }
}

static void test_ciphers_do_not_open_each_other(void **state) {
    (void)state;
    if (!noise_has_aesgcm()) {
        skip();
    }
    struct world gcm;
    struct world chacha;
    set_up(&gcm, WAN_AES256GCM);
    set_up(&chacha, WAN_CHACHA20POLY1305);
    wan_keys_seal(&gcm.a, &gcm.packet);
    assert_false(wan_keys_open(&chacha.b, 0, &gcm.packet));
}

static void test_renewed_key_opens_while_late_packets_of_the_last_still_do(void **state) {
    (void)state;
    enum wan_cipher all[2];
    for (int i = ciphers(all); i-- > 0;) {
        struct world world;
        struct world late;
        set_up(&world, all[i]);
        set_up(&late, all[i]);
        for (unsigned generation = 0; generation < 9; generation++) {
            assert_int_equal(wan_keys_generation(&world.a), generation % WAN_GENERATIONS);
            memset(world.buffer, 'x', TEXT);
            memset(late.buffer, 'x', TEXT);
            wan_keys_seal(&world.a, &world.packet);
            late.packet.number++;
            wan_keys_seal(&world.a, &late.packet);
            assert_true(wan_keys_open(&world.b, generation % WAN_GENERATIONS, &world.packet));
            wan_keys_renew(&world.a);
            memset(world.buffer, 'x', TEXT);
            world.packet.number++;
            wan_keys_seal(&world.a, &world.packet);
            assert_true(wan_keys_open(&world.b, (generation + 1) % WAN_GENERATIONS, &world.packet));
            assert_true(wan_keys_open(&world.b, generation % WAN_GENERATIONS, &late.packet));
            assert_true(is_text(&late));
        }
    }
}

static void test_generations_out_of_reach_and_forged_ones_move_nothing(void **state) {
    (void)state;
    struct world world;
    set_up(&world, WAN_CHACHA20POLY1305);
    uint8_t zeros[TEXT + WAN_TAG_BYTES] = {0};
    struct wan_packet forged = world.packet;
    forged.payload = zeros;
    for (unsigned generation = 0; generation < WAN_GENERATIONS; generation++) {
        assert_false(wan_keys_open(&world.b, generation, &forged));
    }
    assert_int_equal(world.b.receive_generation, 0);
    /* The generation before the first has no key: an all-zero one must not count as one. */
    struct wan_key zero;
    wan_key_set(&zero, WAN_CHACHA20POLY1305, (const uint8_t[WAN_KEY_BYTES]){0});
    wan_key_seal(&zero, &world.packet);
    assert_false(wan_keys_open(&world.b, WAN_GENERATIONS - 1, &world.packet));
}

static void test_key_is_worn_after_its_seals(void **state) {
    (void)state;
    struct world world;
    set_up(&world, WAN_CHACHA20POLY1305);
    world.a.sealed = WAN_KEY_SEALS - 1;
    assert_false(wan_keys_are_worn(&world.a));
    wan_keys_seal(&world.a, &world.packet);
    assert_true(wan_keys_are_worn(&world.a));
    wan_keys_renew(&world.a);
    assert_false(wan_keys_are_worn(&world.a));
}

static void test_wiped_keys_are_all_zeros(void **state) {
    (void)state;
    struct world world;
    set_up(&world, WAN_CHACHA20POLY1305);
    wan_keys_wipe(&world.a);
    const uint8_t *bytes = (const uint8_t *)&world.a;
    for (size_t i = 0; i < sizeof world.a; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_packet_opens_at_the_other_end_only),
        cmocka_unit_test(test_empty_payload_is_authenticated_too),
        cmocka_unit_test(test_every_flipped_bit_and_every_other_place_is_refused),
        cmocka_unit_test(test_ciphers_do_not_open_each_other),
        cmocka_unit_test(test_renewed_key_opens_while_late_packets_of_the_last_still_do),
        cmocka_unit_test(test_generations_out_of_reach_and_forged_ones_move_nothing),
        cmocka_unit_test(test_key_is_worn_after_its_seals),
        cmocka_unit_test(test_wiped_keys_are_all_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
