#include "codec/seal.h"

#include "base/random.h"
#include "codec/seal_libcrypto.h"
#include "support/cmocka.h"

#include <string.h>

enum { TEXT_BYTES = 100 };

static const uint8_t seed[SITE_KEY_BYTES] = {1, 2, 3};

static struct seal_place some_place(void) {
    return (struct seal_place){.store_id = {7},
                               .step = 12,
                               .kind = SEAL_TENSOR,
                               .codec = 1,
                               .item = 3,
                               .position = 4096,
                               .raw_bytes = TEXT_BYTES,
                               .extent = 5};
}

/* RFC 8032 section 7.1, test 1: the seed's public key. */
static void test_public_key_is_that_of_rfc_8032(void **state) {
    (void)state;
    const uint8_t rfc_seed[SITE_KEY_BYTES] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                              0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                              0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                              0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    const uint8_t expected[SITE_KEY_BYTES] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                              0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                              0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                              0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct site_key *key = site_key_new(rfc_seed);
    assert_non_null(key);
    assert_memory_equal(key->public_key, expected, SITE_KEY_BYTES);
    uint8_t exchange[SITE_KEY_BYTES];
    assert_true(site_key_exchange(key->public_key, exchange));
    assert_memory_equal(exchange, key->exchange_public, SITE_KEY_BYTES);
    site_key_free(key);
}

static void test_new_keys_differ(void **state) {
    (void)state;
    struct site_key *a = site_key_new(NULL);
    struct site_key *b = site_key_new(NULL);
    assert_memory_not_equal(a->seed, b->seed, SITE_KEY_BYTES);
    site_key_free(a);
    site_key_free(b);
    site_key_free(NULL);
}

static void test_points_of_small_order_are_no_keys(void **state) {
    (void)state;
    uint8_t exchange[SITE_KEY_BYTES];
    const uint8_t identity[SITE_KEY_BYTES] = {1};
    const uint8_t zero[SITE_KEY_BYTES] = {0};
    assert_false(site_key_exchange(identity, exchange));
    assert_false(site_key_exchange(zero, exchange));
}

static void test_signature_binds_every_byte_context_and_signer(void **state) {
    (void)state;
    struct site_key *key = site_key_new(seed);
    struct site_key *other = site_key_new(NULL);
    uint8_t text[64] = {9};
    uint8_t signature[SIGNATURE_BYTES];
    site_sign(key, "root", text, sizeof text, signature);
    assert_true(site_verify(key->public_key, "root", text, sizeof text, signature));
    assert_false(site_verify(key->public_key, "boot", text, sizeof text, signature));
    assert_false(site_verify(key->public_key, "roo", text, sizeof text, signature));
    assert_false(site_verify(other->public_key, "root", text, sizeof text, signature));
    assert_false(site_verify(key->public_key, "root", text, sizeof text - 1, signature));
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] ^= 1;
        assert_false(site_verify(key->public_key, "root", text, sizeof text, signature));
        text[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof signature; i++) {
        signature[i] ^= 1;
        assert_false(site_verify(key->public_key, "root", text, sizeof text, signature));
        signature[i] ^= 1;
    }
    site_key_free(key);
    site_key_free(other);
}

static void test_digest_in_pieces_is_the_digest(void **state) {
    (void)state;
    uint8_t data[1000];
    struct random random = random_of(5, 0);
    random_bytes(&random, data, sizeof data);
    uint8_t whole[DIGEST_BYTES];
    uint8_t pieces[DIGEST_BYTES];
    digest_of(data, sizeof data, whole);
    struct digest digest;
    digest_init(&digest);
    for (size_t at = 0; at < sizeof data;) {
        size_t piece = 1 + (size_t)random_below(&random, sizeof data - at);
        digest_update(&digest, data + at, piece);
        at += piece;
    }
    digest_final(&digest, pieces);
    assert_memory_equal(whole, pieces, DIGEST_BYTES);
}

/* BLAKE2b-256 of the empty input, as other implementations give it. */
static void test_digest_of_nothing_is_the_known_one(void **state) {
    (void)state;
    const uint8_t expected[DIGEST_BYTES] = {0x0e, 0x57, 0x51, 0xc0, 0x26, 0xe5, 0x43, 0xb2,
                                            0xe8, 0xab, 0x2e, 0xb0, 0x60, 0x99, 0xda, 0xa1,
                                            0xd1, 0xe5, 0xdf, 0x47, 0x77, 0x8f, 0x77, 0x87,
                                            0xfa, 0xab, 0x45, 0xcd, 0xf1, 0x2f, 0xe3, 0xa8};
    uint8_t sum[DIGEST_BYTES];
    digest_of("", 0, sum);
    assert_memory_equal(sum, expected, DIGEST_BYTES);
}

static void test_wrapped_key_opens_for_its_recipient_only(void **state) {
    (void)state;
    struct site_key *key = site_key_new(seed);
    struct site_key *other = site_key_new(NULL);
    uint8_t data_key[DATA_KEY_BYTES];
    uint8_t opened[DATA_KEY_BYTES];
    uint8_t wrapped[WRAPPED_KEY_BYTES];
    const uint8_t zero[DATA_KEY_BYTES] = {0};
    secret_random(data_key, sizeof data_key);
    assert_int_equal(key_wrap(key->public_key, data_key, wrapped), SATSYNC_OK);
    assert_int_equal(key_unwrap(key, wrapped, opened), SATSYNC_OK);
    assert_true(secret_equal(opened, data_key, DATA_KEY_BYTES));
    assert_int_equal(key_unwrap(other, wrapped, opened), SATSYNC_NO_KEY);
    assert_memory_equal(opened, zero, DATA_KEY_BYTES);
    for (size_t i = 0; i < sizeof wrapped; i++) {
        wrapped[i] ^= 0x10;
        assert_int_equal(key_unwrap(key, wrapped, opened), SATSYNC_NO_KEY);
        wrapped[i] ^= 0x10;
    }
    assert_int_equal(key_wrap(zero, data_key, wrapped), SATSYNC_INVALID);
    site_key_free(key);
    site_key_free(other);
}

static void check_opens_in_its_place_only(enum seal_algorithm algorithm,
                                          enum seal_library library) {
    struct seal_key key = {{4}, algorithm, library};
    struct seal_place place = some_place();
    uint8_t text[TEXT_BYTES] = {1, 2, 3};
    uint8_t sealed[TEXT_BYTES + SEAL_TAG_BYTES];
    uint8_t opened[TEXT_BYTES];
    const uint8_t zero[TEXT_BYTES] = {0};
    seal_close(&key, &place, text, TEXT_BYTES, sealed);
    assert_int_equal(seal_open(&key, &place, sealed, sizeof sealed, opened), SATSYNC_OK);
    assert_memory_equal(opened, text, TEXT_BYTES);

    struct seal_place wrong[8];
    for (int i = 0; i < 8; i++) {
        wrong[i] = place;
    }
    wrong[0].store_id[15] ^= 1;
    wrong[1].step++;
    wrong[2].kind = SEAL_BLOB;
    wrong[3].codec ^= 1;
    wrong[4].item++;
    wrong[5].position++;
    wrong[6].raw_bytes++;
    wrong[7].extent++;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(seal_open(&key, &wrong[i], sealed, sizeof sealed, opened),
                         SATSYNC_CORRUPT);
        assert_memory_equal(opened, zero, TEXT_BYTES);
    }
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x80;
        assert_int_equal(seal_open(&key, &place, sealed, sizeof sealed, opened), SATSYNC_CORRUPT);
        sealed[i] ^= 0x80;
    }
    for (size_t bytes = 0; bytes < sizeof sealed; bytes++) {
        assert_int_equal(seal_open(&key, &place, sealed, bytes, opened), SATSYNC_CORRUPT);
    }
    key.bytes[31] ^= 1;
    assert_int_equal(seal_open(&key, &place, sealed, sizeof sealed, opened), SATSYNC_CORRUPT);
}

static void test_sealed_extent_opens_in_its_place_only(void **state) {
    (void)state;
    for (int library = SEAL_LIBSODIUM; library <= SEAL_LIBCRYPTO; library++) {
        check_opens_in_its_place_only(SEAL_CHACHA20_POLY1305, (enum seal_library)library);
        if (seal_best() == SEAL_AES256_GCM) {
            check_opens_in_its_place_only(SEAL_AES256_GCM, (enum seal_library)library);
        }
    }
}

static void test_sealing_in_place_gives_the_same(void **state) {
    (void)state;
    struct seal_key key = {{4}, seal_best(), SEAL_LIBSODIUM};
    struct seal_place place = some_place();
    uint8_t text[TEXT_BYTES] = {1, 2, 3};
    uint8_t apart[TEXT_BYTES + SEAL_TAG_BYTES];
    uint8_t within[TEXT_BYTES + SEAL_TAG_BYTES];
    memcpy(within, text, TEXT_BYTES);
    seal_close(&key, &place, text, TEXT_BYTES, apart);
    seal_close(&key, &place, within, TEXT_BYTES, within);
    assert_memory_equal(apart, within, sizeof apart);
    assert_int_equal(seal_open(&key, &place, within, sizeof within, within), SATSYNC_OK);
    assert_memory_equal(within, text, TEXT_BYTES);
}

static void test_unknown_cipher_is_unsupported_with_a_sentence(void **state) {
    (void)state;
    struct satsync_error error;
    assert_int_equal(seal_can((uint8_t)seal_best(), "p", &error), SATSYNC_OK);
    assert_int_equal(seal_can(SEAL_CHACHA20_POLY1305, "p", &error), SATSYNC_OK);
    assert_int_equal(seal_can(0, "p", &error), SATSYNC_UNSUPPORTED);
    assert_int_equal(seal_can(9, "p", &error), SATSYNC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "cipher 9"));
}

static void test_base64_round_trips_and_rejects_the_rest(void **state) {
    (void)state;
    char text[64];
    uint8_t data[6];
    base64_encode((const uint8_t *)"foobar", 6, text);
    assert_string_equal(text, "Zm9vYmFy"); /* RFC 4648 section 10 */
    assert_true(base64_decode(text, 8, data, 6));
    assert_memory_equal(data, "foobar", 6);
    assert_false(base64_decode(text, 7, data, 6));
    assert_false(base64_decode(text, 8, data, 5));
    assert_false(base64_decode("Zm9vYmF=", 8, data, 6));
    assert_false(base64_decode("Zm9v mFy", 8, data, 6));
}

/* A clock by which the first four trials, libsodium's, take `libsodium_ns` each, the others 1000.
 */
static uint64_t libsodium_ns;
static uint64_t clock_calls;

static uint64_t scripted_ns(void) {
    static uint64_t now_ns;
    uint64_t call = clock_calls++;
    return now_ns += call % 2 == 0 ? 0 : call < 8 ? libsodium_ns : 1000;
}

static void test_the_faster_library_is_taken(void **state) {
    (void)state;
    clock_calls = 0;
    libsodium_ns = 999;
    assert_int_equal(seal_fastest(scripted_ns), SEAL_LIBSODIUM);
    clock_calls = 0;
    libsodium_ns = 1001;
    enum seal_library faster = libcrypto_is_there() ? SEAL_LIBCRYPTO : SEAL_LIBSODIUM;
    assert_int_equal(seal_fastest(scripted_ns), faster);
}

static int set_up(void **state) {
    (void)state;
    return seal_ready(NULL) != SATSYNC_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_key_is_that_of_rfc_8032),
        cmocka_unit_test(test_new_keys_differ),
        cmocka_unit_test(test_points_of_small_order_are_no_keys),
        cmocka_unit_test(test_signature_binds_every_byte_context_and_signer),
        cmocka_unit_test(test_digest_in_pieces_is_the_digest),
        cmocka_unit_test(test_digest_of_nothing_is_the_known_one),
        cmocka_unit_test(test_wrapped_key_opens_for_its_recipient_only),
        cmocka_unit_test(test_sealed_extent_opens_in_its_place_only),
        cmocka_unit_test(test_sealing_in_place_gives_the_same),
        cmocka_unit_test(test_the_faster_library_is_taken),
        cmocka_unit_test(test_unknown_cipher_is_unsupported_with_a_sentence),
        cmocka_unit_test(test_base64_round_trips_and_rejects_the_rest),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
