#include "codec/seal_libcrypto.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 5000 };

static uint8_t text[BYTES];
static uint8_t ours[BYTES + SEAL_TAG_BYTES];
static uint8_t theirs[BYTES + SEAL_TAG_BYTES];
static uint8_t opened[BYTES + SEAL_TAG_BYTES];

static int set_up(void **state) {
    (void)state;
    return seal_ready(NULL) != SATSYNC_OK;
}

static struct seal_key key_of(struct random *random, enum seal_algorithm algorithm,
                              enum seal_library library) {
    struct seal_key key = {.algorithm = algorithm, .library = library};
    random_bytes(random, key.bytes, sizeof key.bytes);
    return key;
}

/* Each opens what the other closed, of every size around the ciphers' blocks and some at random. */
static void test_both_libraries_give_the_same_bytes(void **state) {
    (void)state;
    if (!libcrypto_is_there() || seal_best() != SEAL_AES256_GCM) {
        skip();
    }
    struct random random = random_of(51, 0);
    random_bytes(&random, text, BYTES);
    for (size_t trial = 0; trial < 600; trial++) {
        size_t bytes = trial < 300 ? trial : (size_t)random_below(&random, BYTES + 1);
        enum seal_algorithm algorithm = trial % 2 ? SEAL_AES256_GCM : SEAL_CHACHA20_POLY1305;
        struct seal_key sodium = key_of(&random, algorithm, SEAL_LIBSODIUM);
        struct seal_key crypto = sodium;
        crypto.library = SEAL_LIBCRYPTO;
        struct seal_place place = {.kind = SEAL_BLOB, .item = trial, .extent = trial * 77777};
        seal_close(&sodium, &place, text, bytes, theirs);
        seal_close(&crypto, &place, text, bytes, ours);
        assert_memory_equal(ours, theirs, bytes + SEAL_TAG_BYTES);
        size_t sealed = bytes + SEAL_TAG_BYTES;
        assert_int_equal(seal_open(&crypto, &place, theirs, sealed, opened), SATSYNC_OK);
        assert_memory_equal(opened, text, bytes);
        ours[trial % sealed] ^= 1;
        assert_int_equal(seal_open(&crypto, &place, ours, sealed, opened), SATSYNC_CORRUPT);
        assert_int_equal(seal_open(&sodium, &place, ours, sealed, opened), SATSYNC_CORRUPT);
    }
}

static void test_what_it_cannot_do_is_failed_not_forged(void **state) {
    (void)state;
    struct seal_key key = {{1}, SEAL_CHACHA20_POLY1305, SEAL_LIBCRYPTO};
    struct seal_input input = {.key = &key, .in = text, .bytes = (size_t)1 << 40, .out = ours};
    assert_int_equal(libcrypto_close(&input), SEAL_FAILED); /* longer than its interface can say */
    assert_int_equal(libcrypto_open(&input), SEAL_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_libraries_give_the_same_bytes),
        cmocka_unit_test(test_what_it_cannot_do_is_failed_not_forged),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
