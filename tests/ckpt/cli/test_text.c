#include "ckpt/cli/text.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static void test_bytes_have_three_digits_and_binary_units(void **state) {
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.00 KiB"},
        {1536, "1.50 KiB"},
        {10 * 1048576, "10.0 MiB"},
        {1048575, "1.00 MiB"},
        {640ull << 20, "640 MiB"},
        {3ull << 30, "3.00 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_QUANTITY_BYTES];
        text_bytes(text, cases[i].bytes);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_rates_have_decimal_units(void **state) {
    (void)state;
    char text[TEXT_QUANTITY_BYTES];
    text_bit_rate(text, 999);
    assert_string_equal(text, "999 bit/s");
    text_bit_rate(text, 95200000);
    assert_string_equal(text, "95.2 Mbit/s");
    text_bit_rate(text, 2500000000);
    assert_string_equal(text, "2.50 Gbit/s");
}

static void test_durations_grow_units(void **state) {
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 us"},
        {310000, "310 us"},
        {42999999, "42 ms"},
        {3249999999, "3.2 s"},
        {59999999999, "59.9 s"},
        {250000000000, "4 min 10 s"},
        {7500000000000, "2 h 5 min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[TEXT_QUANTITY_BYTES];
        text_duration(text, cases[i].ns);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_times_are_utc(void **state) {
    (void)state;
    char text[TEXT_TIME_BYTES];
    text_time(text, 1769903999ull * 1000000000 + 999999999);
    assert_string_equal(text, "2026-01-31T23:59:59Z");
}

static void test_clean_text_cannot_steer_a_terminal(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *clean;
    } cases[] = {
        {"weight", "weight"},
        {"größe ±", "größe ±"},
        {"\033[2J", "?[2J"},
        {"a\r\nb\177", "a??b?"},
        {"\302\233"
         "2J",
         "?2J"},
        {"\377x", "\357\277\275x"},
        {"\300\200", "\357\277\275\357\277\275"},
        {"\355\240\200", "\357\277\275\357\277\275\357\277\275"},
        {"\360\237\232\200", "\360\237\232\200"},
        {"\360\237\232", "\357\277\275\357\277\275\357\277\275"},
        {"\364\220\200\200", "\357\277\275\357\277\275\357\277\275\357\277\275"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char clean[64];
        text_clean(clean, sizeof clean, cases[i].text);
        assert_string_equal(clean, cases[i].clean);
    }
}

static void test_clean_text_is_cut_between_characters(void **state) {
    (void)state;
    char clean[4];
    text_clean(clean, sizeof clean, "ab±");
    assert_string_equal(clean, "ab");
}

static void test_shell_words_read_back_as_they_were(void **state) {
    (void)state;
    const char *const words[] = {"satsync", "push", "it's", "", "a b", "$HOME", "host:1"};
    char *text = text_shell_words(7, (char *const *)words);
    assert_string_equal(text, "satsync push 'it'\\''s' '' 'a b' '$HOME' host:1");
    free(text);
}

static void test_json_takes_any_bytes(void **state) {
    (void)state;
    json_t *string = text_json("\377\033a");
    assert_string_equal(json_string_value(string), "\357\277\275\033a");
    json_decref(string);
}

static void test_json_integers_saturate(void **state) {
    (void)state;
    json_t *integer = text_json_u64(UINT64_MAX);
    assert_true(json_integer_value(integer) == INT64_MAX);
    json_decref(integer);
    integer = text_json_u64(7);
    assert_true(json_integer_value(integer) == 7);
    json_decref(integer);
}

static void test_hex_and_short_keys(void **state) {
    (void)state;
    char hex[7];
    text_hex(hex, (const uint8_t[]){0, 0xab, 0xff}, 3);
    assert_string_equal(hex, "00abff");
    struct satsync_public_key key = {{0}};
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(&key, text);
    char cut[16];
    text_key_short(cut, sizeof cut, &key, 6);
    assert_memory_equal(cut, text, 6);
    assert_string_equal(cut + 6, "…");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_have_three_digits_and_binary_units),
        cmocka_unit_test(test_rates_have_decimal_units),
        cmocka_unit_test(test_durations_grow_units),
        cmocka_unit_test(test_times_are_utc),
        cmocka_unit_test(test_clean_text_cannot_steer_a_terminal),
        cmocka_unit_test(test_clean_text_is_cut_between_characters),
        cmocka_unit_test(test_shell_words_read_back_as_they_were),
        cmocka_unit_test(test_json_takes_any_bytes),
        cmocka_unit_test(test_json_integers_saturate),
        cmocka_unit_test(test_hex_and_short_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
