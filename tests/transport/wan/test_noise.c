#include "transport/wan/noise.h"

#include "noise_vectors.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { VECTORS = sizeof noise_vectors / sizeof *noise_vectors, ROOM = 512 };

static size_t of_hex(const char *hex, uint8_t *out) {
    size_t bytes = strlen(hex) / 2;
    assert_true(bytes <= ROOM);
    for (size_t i = 0; i < bytes; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return bytes;
}

static bool runs_here(const struct noise_vector *vector) {
    return !strstr(vector->name, "AESGCM") || noise_has_aesgcm();
}

static struct noise_pair pair_of_hex(const char *hex) {
    uint8_t secret[ROOM];
    struct noise_pair pair;
    of_hex(hex, secret);
    noise_pair_of_secret(secret, &pair);
    return pair;
}

/* Both ends of a vector's handshake; [0] is the initiator. */
static void set_up(const struct noise_vector *vector, struct noise ends[2]) {
    uint8_t prologue[ROOM];
    size_t prologue_bytes = of_hex(vector->prologue, prologue);
    struct noise_pair statics[2] = {pair_of_hex(vector->initiator_static),
                                    pair_of_hex(vector->responder_static)};
    struct noise_pair ephemerals[2] = {pair_of_hex(vector->initiator_ephemeral),
                                       pair_of_hex(vector->responder_ephemeral)};
    for (int i = 0; i < 2; i++) {
        noise_init(&ends[i],
                   &(struct noise_options){
                       .pattern = strstr(vector->name, "_IK_") ? NOISE_IK : NOISE_XX,
                       .cipher = strstr(vector->name, "AESGCM") ? NOISE_AESGCM : NOISE_CHACHAPOLY,
                       .initiator = i == 0,
                       .prologue = prologue,
                       .prologue_bytes = prologue_bytes,
                       .own = &statics[i],
                       .ephemeral = &ephemerals[i],
                       .peer = statics[1].public});
    }
}

static void check_vector(const struct noise_vector *vector) {
    struct noise ends[2];
    struct noise_cipher_state send[2];
    struct noise_cipher_state receive[2];
    uint8_t payload[ROOM];
    uint8_t expected[ROOM];
    uint8_t message[ROOM];
    uint8_t read[ROOM];
    bool split = false;
    set_up(vector, ends);
    for (int i = 0; i < 6; i++) {
        int from = i % 2;
        size_t payload_bytes = of_hex(vector->messages[i].payload, payload);
        size_t bytes = of_hex(vector->messages[i].ciphertext, expected);
        if (!split) {
            assert_int_equal(payload_bytes + noise_overhead(&ends[from]), bytes);
            assert_int_equal(noise_write(&ends[from], payload, payload_bytes, message), SATSYNC_OK);
            assert_int_equal(noise_read(&ends[!from], message, bytes, read), SATSYNC_OK);
        } else {
            noise_encrypt(&send[from], payload, payload_bytes, message);
            assert_int_equal(noise_decrypt(&receive[!from], message, bytes, read), SATSYNC_OK);
        }
        assert_memory_equal(message, expected, bytes);
        assert_memory_equal(read, payload, payload_bytes);
        if (!split && noise_done(&ends[0])) {
            assert_true(noise_done(&ends[1]));
            of_hex(vector->handshake_hash, expected);
            for (int end = 0; end < 2; end++) {
                assert_memory_equal(ends[end].hash, expected, NOISE_HASH_BYTES);
                noise_split(&ends[end], &send[end], &receive[end]);
            }
            split = true;
        }
    }
    assert_true(split);
}

static void test_published_vectors_hold_message_by_message(void **state) {
    (void)state;
    for (int i = 0; i < VECTORS; i++) {
        if (runs_here(&noise_vectors[i])) {
            check_vector(&noise_vectors[i]);
        } else {
            print_message("%s: this CPU has no AES\n", noise_vectors[i].name);
        }
    }
}

static void test_any_flipped_bit_of_a_handshake_message_is_refused_by_its_end(void **state) {
    (void)state;
    struct noise fresh[2];
    uint8_t message[ROOM];
    uint8_t answer[ROOM];
    uint8_t read[ROOM];
    set_up(&noise_vectors[1], fresh);
    size_t bytes = noise_overhead(&fresh[0]) + 4;
    assert_int_equal(noise_write(&fresh[0], "data", 4, message), SATSYNC_OK);
    for (size_t bit = 0; bit < bytes * 8; bit++) {
        struct noise responder = fresh[1];
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum satsync_status status = noise_read(&responder, message, bytes, read);
        /* X25519 ignores the top bit of a public key; the hash of the transcript does not. */
        assert_int_equal(status, SATSYNC_FORGED);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(noise_read(&fresh[1], message, bytes, read), SATSYNC_OK);
    bytes = noise_overhead(&fresh[1]) + 4;
    assert_int_equal(noise_write(&fresh[1], "back", 4, answer), SATSYNC_OK);
    for (size_t bit = 0; bit < bytes * 8; bit++) {
        struct noise initiator = fresh[0];
        answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(noise_read(&initiator, answer, bytes, read), SATSYNC_FORGED);
        answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(noise_read(&fresh[0], answer, bytes, read), SATSYNC_OK);
}

static void test_cut_messages_are_refused_at_every_length(void **state) {
    (void)state;
    for (int i = 0; i < VECTORS; i++) {
        if (!runs_here(&noise_vectors[i])) {
            continue;
        }
        struct noise ends[2];
        uint8_t message[ROOM];
        uint8_t read[ROOM];
        set_up(&noise_vectors[i], ends);
        size_t bytes = noise_overhead(&ends[0]);
        assert_int_equal(noise_write(&ends[0], NULL, 0, message), SATSYNC_OK);
        for (size_t cut = 0; cut < bytes; cut++) {
            struct noise responder = ends[1];
            assert_int_equal(noise_read(&responder, message, cut, read), SATSYNC_PROTOCOL);
        }
        assert_int_equal(noise_read(&ends[1], message, bytes, read), SATSYNC_OK);
    }
}

static void test_another_prologue_key_or_cipher_does_not_authenticate(void **state) {
    (void)state;
    const struct noise_vector *honest = &noise_vectors[1];
    struct noise_vector other_prologue = *honest;
    struct noise_vector other_key = *honest;
    struct noise_vector other_cipher = *honest;
    other_prologue.prologue = "4a6f686e2047616c75";
    other_key.responder_static = honest->initiator_static;
    other_cipher.name = "Noise_IK_25519_AESGCM_BLAKE2b";
    const struct noise_vector *others[] = {&other_prologue, &other_key, &other_cipher};
    for (int i = 0; i < 3; i++) {
        if (!runs_here(others[i])) {
            continue;
        }
        struct noise ends[2];
        struct noise strangers[2];
        uint8_t message[ROOM];
        uint8_t read[ROOM];
        set_up(honest, ends);
        set_up(others[i], strangers);
        size_t bytes = noise_overhead(&ends[0]) + 5;
        assert_int_equal(noise_write(&ends[0], "hello", 5, message), SATSYNC_OK);
        assert_int_equal(noise_read(&strangers[1], message, bytes, read), SATSYNC_FORGED);
    }
}

static void test_ephemeral_key_of_low_order_is_refused(void **state) {
    (void)state;
    struct noise ends[2];
    uint8_t message[ROOM] = {0};
    uint8_t read[ROOM];
    set_up(&noise_vectors[1], ends);
    assert_int_equal(noise_read(&ends[1], message, noise_overhead(&ends[1]), read), SATSYNC_FORGED);
}

static void test_exported_keys_agree_and_differ_by_label_and_message(void **state) {
    (void)state;
    struct noise ends[2];
    uint8_t message[ROOM];
    uint8_t read[ROOM];
    uint8_t keys[4][NOISE_KEY_BYTES];
    set_up(&noise_vectors[1], ends);
    size_t bytes = noise_overhead(&ends[0]);
    assert_int_equal(noise_write(&ends[0], NULL, 0, message), SATSYNC_OK);
    assert_int_equal(noise_read(&ends[1], message, bytes, read), SATSYNC_OK);
    noise_export(&ends[0], "early", keys[0]);
    noise_export(&ends[1], "early", keys[1]);
    noise_export(&ends[0], "other", keys[2]);
    assert_memory_equal(keys[0], keys[1], sizeof keys[0]);
    assert_memory_not_equal(keys[0], keys[2], sizeof keys[0]);
    assert_int_equal(noise_write(&ends[1], NULL, 0, message), SATSYNC_OK);
    noise_export(&ends[1], "early", keys[3]);
    assert_memory_not_equal(keys[0], keys[3], sizeof keys[0]);
}

static void test_site_keys_convert_to_the_same_x25519_key_from_either_side(void **state) {
    (void)state;
    for (uint8_t i = 0; i < 16; i++) {
        uint8_t seed[NOISE_KEY_BYTES] = {i, 1, 2, 3};
        uint8_t ed25519[NOISE_KEY_BYTES];
        uint8_t x25519[NOISE_KEY_BYTES];
        struct noise_pair pair;
        noise_ed25519_of_seed(seed, ed25519);
        noise_pair_of_ed25519_seed(seed, &pair);
        assert_int_equal(noise_public_of_ed25519(ed25519, x25519), SATSYNC_OK);
        assert_memory_equal(pair.public, x25519, sizeof x25519);
    }
    /* The point of order one, one that is not on the curve, and one outside the main subgroup. */
    const uint8_t one[NOISE_KEY_BYTES] = {1};
    const uint8_t off_curve[NOISE_KEY_BYTES] = {2};
    const uint8_t order_four[NOISE_KEY_BYTES] = {0};
    uint8_t x25519[NOISE_KEY_BYTES];
    assert_int_equal(noise_public_of_ed25519(one, x25519), SATSYNC_INVALID);
    assert_int_equal(noise_public_of_ed25519(off_curve, x25519), SATSYNC_INVALID);
    assert_int_equal(noise_public_of_ed25519(order_four, x25519), SATSYNC_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors_hold_message_by_message),
        cmocka_unit_test(test_any_flipped_bit_of_a_handshake_message_is_refused_by_its_end),
        cmocka_unit_test(test_cut_messages_are_refused_at_every_length),
        cmocka_unit_test(test_another_prologue_key_or_cipher_does_not_authenticate),
        cmocka_unit_test(test_ephemeral_key_of_low_order_is_refused),
        cmocka_unit_test(test_exported_keys_agree_and_differ_by_label_and_message),
        cmocka_unit_test(test_site_keys_convert_to_the_same_x25519_key_from_either_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
