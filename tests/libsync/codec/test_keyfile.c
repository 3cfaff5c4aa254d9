#include "codec/keyfile.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

static char key_text[KEYFILE_TEXT_BYTES];
static char public_text[KEYFILE_TEXT_BYTES];
static struct site_key *key;

static int set_up(void **state) {
    (void)state;
    static const uint8_t seed[SITE_KEY_BYTES] = {42};
    if (seal_ready(NULL) != SATSYNC_OK || !(key = site_key_new(seed))) {
        return 1;
    }
    keyfile_format_key(key, NULL, key_text);
    keyfile_format_public(key->public_key, "memphis\n2", public_text);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    site_key_free(key);
    return 0;
}

static void test_keys_round_trip_through_their_text(void **state) {
    (void)state;
    struct satsync_error error;
    struct site_key *got;
    uint8_t public_key[SITE_KEY_BYTES];
    assert_int_equal(keyfile_parse_key(key_text, strlen(key_text), "k", &got, &error), SATSYNC_OK);
    assert_memory_equal(got->seed, key->seed, SITE_KEY_BYTES);
    assert_memory_equal(got->public_key, key->public_key, SITE_KEY_BYTES);
    site_key_free(got);
    assert_int_equal(
        keyfile_parse_public(public_text, strlen(public_text), "p", public_key, &error),
        SATSYNC_OK);
    assert_memory_equal(public_key, key->public_key, SITE_KEY_BYTES);
    assert_non_null(strstr(public_text, " memphis2\n"));
}

static void test_line_ends_of_editors_are_accepted(void **state) {
    (void)state;
    uint8_t public_key[SITE_KEY_BYTES];
    char text[KEYFILE_TEXT_BYTES + 8];
    size_t line = strlen(public_text) - 1;
    const char *const ends[] = {"", "\n", "\r\n", "\n\n"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%.*s%s", (int)line, public_text, ends[i]);
        assert_int_equal(keyfile_parse_public(text, strlen(text), "p", public_key, NULL),
                         SATSYNC_OK);
    }
}

static void test_each_kind_of_file_is_told_from_the_other(void **state) {
    (void)state;
    struct satsync_error error;
    struct site_key *got;
    uint8_t public_key[SITE_KEY_BYTES];
    assert_int_equal(keyfile_parse_key(public_text, strlen(public_text), "a.pub", &got, &error),
                     SATSYNC_INVALID);
    assert_null(got);
    assert_string_equal(error.subject, "a.pub");
    assert_non_null(strstr(error.message, "public key where"));
    assert_int_equal(keyfile_parse_public(key_text, strlen(key_text), "a.key", public_key, &error),
                     SATSYNC_INVALID);
    assert_non_null(strstr(error.message, "secret key where"));
    assert_null(strstr(error.message, key_text + 15));
}

static void test_other_versions_and_other_files_are_refused(void **state) {
    (void)state;
    struct site_key *got;
    struct satsync_error error;
    char text[KEYFILE_TEXT_BYTES];
    memcpy(text, key_text, sizeof text);
    text[strlen("satsync-key-v")] = '2';
    assert_int_equal(keyfile_parse_key(text, strlen(text), "k", &got, &error),
                     SATSYNC_NEWER_VERSION);
    const char *const others[] = {
        "", "\n", "ssh-ed25519 AAAA", "satsync-key-v1", "satsync-key-v1 ", "satsync-key-v1 AAAA"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(keyfile_parse_key(others[i], strlen(others[i]), "k", &got, &error),
                         SATSYNC_INVALID);
    }
}

static void test_cut_or_mistyped_line_is_refused(void **state) {
    (void)state;
    struct site_key *got;
    size_t line = strlen(key_text) - 1;
    for (size_t bytes = 0; bytes < line; bytes++) {
        assert_int_not_equal(keyfile_parse_key(key_text, bytes, "k", &got, NULL), SATSYNC_OK);
    }
    for (size_t i = 0; i < line; i++) {
        char text[KEYFILE_TEXT_BYTES];
        memcpy(text, key_text, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(keyfile_parse_key(text, line, "k", &got, NULL), SATSYNC_OK);
        assert_null(got);
    }
}

static void test_second_line_is_refused(void **state) {
    (void)state;
    struct site_key *got;
    char text[2 * KEYFILE_TEXT_BYTES];
    snprintf(text, sizeof text, "%s%s", key_text, key_text);
    assert_int_equal(keyfile_parse_key(text, strlen(text), "k", &got, NULL), SATSYNC_INVALID);
}

static void test_long_comment_is_cut_to_fit(void **state) {
    (void)state;
    char comment[1000];
    char text[KEYFILE_TEXT_BYTES];
    struct site_key *got;
    memset(comment, 'x', sizeof comment - 1);
    comment[sizeof comment - 1] = '\0';
    keyfile_format_key(key, comment, text);
    assert_int_equal(strlen(text), KEYFILE_TEXT_BYTES - 1);
    assert_int_equal(keyfile_parse_key(text, strlen(text), "k", &got, NULL), SATSYNC_OK);
    site_key_free(got);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_round_trip_through_their_text),
        cmocka_unit_test(test_line_ends_of_editors_are_accepted),
        cmocka_unit_test(test_each_kind_of_file_is_told_from_the_other),
        cmocka_unit_test(test_other_versions_and_other_files_are_refused),
        cmocka_unit_test(test_cut_or_mistyped_line_is_refused),
        cmocka_unit_test(test_second_line_is_refused),
        cmocka_unit_test(test_long_comment_is_cut_to_fit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
