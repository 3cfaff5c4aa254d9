#include "group/state_letter.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static const struct rounds_blob blobs[ROUNDS_BLOBS] = {{"rounds.agreed", "aaaabbbb", 8},
                                                       {"rounds.momentum", "mmmmnnnn", 8},
                                                       {"rounds.error", "secret", 6},
                                                       {"rounds.position", "pos", 3}};

static uint8_t *written(size_t *bytes) {
    *bytes = state_letter_bytes(blobs);
    uint8_t *letter = malloc(*bytes);
    state_letter_write(blobs, letter, *bytes);
    return letter;
}

static void test_state_comes_as_it_went_without_the_own_error(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *letter = written(&bytes);
    struct rounds_blob read[STATE_LETTER_BLOBS];
    assert_int_equal(state_letter_read(letter, bytes, read), SATSYNC_OK);
    static const size_t from[STATE_LETTER_BLOBS] = {0, 1, 3};
    for (size_t i = 0; i < STATE_LETTER_BLOBS; i++) {
        assert_string_equal(read[i].name, blobs[from[i]].name);
        assert_int_equal(read[i].bytes, blobs[from[i]].bytes);
        assert_memory_equal(read[i].data, blobs[from[i]].data, read[i].bytes);
        assert_true((uintptr_t)read[i].data % sizeof(float) == 0);
    }
    for (size_t i = 0; i + 6 <= bytes; i++) {
        assert_memory_not_equal(letter + i, "secret", 6);
    }
    free(letter);
}

static void test_every_cut_and_every_changed_head_is_refused(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *letter = written(&bytes);
    struct rounds_blob read[STATE_LETTER_BLOBS];
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(state_letter_read(letter, cut, read), SATSYNC_PROTOCOL);
    }
    for (size_t i = 0; i < 32; i++) {
        letter[i] ^= 0x40;
        assert_int_equal(state_letter_read(letter, bytes, read), SATSYNC_PROTOCOL);
        letter[i] ^= 0x40;
    }
    letter[bytes - 1] = 1; /* of the padding */
    assert_int_equal(state_letter_read(letter, bytes, read), SATSYNC_PROTOCOL);
    free(letter);
}

static void test_request_is_told_from_the_machines_messages(void **state) {
    (void)state;
    uint8_t request[STATE_LETTER_REQUEST_BYTES];
    state_letter_put_request(request);
    assert_true(state_letter_is_request(request, sizeof request));
    assert_false(state_letter_is_request(request, 1));
    assert_false(state_letter_is_request(request, 0));
    for (unsigned kind = 0; kind < 0x80; kind++) {
        request[0] = (uint8_t)kind;
        assert_false(state_letter_is_request(request, sizeof request));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_comes_as_it_went_without_the_own_error),
        cmocka_unit_test(test_every_cut_and_every_changed_head_is_refused),
        cmocka_unit_test(test_request_is_told_from_the_machines_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
