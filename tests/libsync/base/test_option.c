#include "support/cmocka.h"

#include <satsync/option.h>
#include <string.h>

static struct satsync_option row_of(enum satsync_option_type type) {
    struct satsync_option row = {.name = "knob", .type = type, .max = UINT64_MAX};
    if (type == SATSYNC_OPTION_CHOICE) {
        row.unit = "slow|fast|off";
    }
    return row;
}

static void test_values_are_understood_exactly(void **state) {
    (void)state;
    static const struct {
        enum satsync_option_type type;
        const char *text;
        uint64_t value;
    } cases[] = {
        {SATSYNC_OPTION_BOOL, "yes", 1},
        {SATSYNC_OPTION_BOOL, "off", 0},
        {SATSYNC_OPTION_COUNT, "18446744073709551615", UINT64_MAX},
        {SATSYNC_OPTION_COUNT, "1e3", 1000},
        {SATSYNC_OPTION_BYTES, "64KiB", 65536},
        {SATSYNC_OPTION_BYTES, "1.5kB", 1500},
        {SATSYNC_OPTION_RATE, "2.5Gbit/s", 2500000000},
        {SATSYNC_OPTION_RATE, "100M", 100000000},
        {SATSYNC_OPTION_DURATION, "0", 0},
        {SATSYNC_OPTION_DURATION, "0.1ms", 100000},
        {SATSYNC_OPTION_DURATION, "10min", 600000000000},
        {SATSYNC_OPTION_FRACTION, "0.1%", 1000000},
        {SATSYNC_OPTION_FRACTION, "1e-6", 1000},
        {SATSYNC_OPTION_FRACTION, "3ppm", 3000},
        {SATSYNC_OPTION_CHOICE, "fast", 1},
        {SATSYNC_OPTION_TEXT, "four", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct satsync_option row = row_of(cases[i].type);
        uint64_t value = 99;
        assert_int_equal(satsync_option_parse(&row, cases[i].text, &value, NULL), SATSYNC_OK);
        assert_true(value == cases[i].value);
    }
}

static void test_what_is_not_understood_is_refused(void **state) {
    (void)state;
    static const struct {
        enum satsync_option_type type;
        const char *text;
    } cases[] = {
        {SATSYNC_OPTION_BOOL, ""},           {SATSYNC_OPTION_BOOL, "Yes"},
        {SATSYNC_OPTION_BOOL, "2"},          {SATSYNC_OPTION_COUNT, ""},
        {SATSYNC_OPTION_COUNT, "."},         {SATSYNC_OPTION_COUNT, "-1"},
        {SATSYNC_OPTION_COUNT, "+1"},        {SATSYNC_OPTION_COUNT, "1.5"},
        {SATSYNC_OPTION_COUNT, " 1"},        {SATSYNC_OPTION_COUNT, "18446744073709551616"},
        {SATSYNC_OPTION_COUNT, "1e20"},      {SATSYNC_OPTION_COUNT, "1e"},
        {SATSYNC_OPTION_COUNT, "0x10"},      {SATSYNC_OPTION_BYTES, "1kib"},
        {SATSYNC_OPTION_BYTES, "1 KiB"},     {SATSYNC_OPTION_BYTES, "99999999TiB"},
        {SATSYNC_OPTION_RATE, "1MB"},        {SATSYNC_OPTION_DURATION, "600"},
        {SATSYNC_OPTION_DURATION, "1.2.3s"}, {SATSYNC_OPTION_DURATION, "s"},
        {SATSYNC_OPTION_CHOICE, ""},         {SATSYNC_OPTION_CHOICE, "fas"},
        {SATSYNC_OPTION_CHOICE, "slow|fast"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct satsync_option row = row_of(cases[i].type);
        uint64_t value = 99;
        struct satsync_error error;
        assert_int_equal(satsync_option_parse(&row, cases[i].text, &value, &error),
                         SATSYNC_INVALID);
        assert_int_equal(value, 99);
        assert_string_equal(error.subject, "knob");
        assert_true(error.message[0] != '\0');
    }
}

static void test_bounds_are_inclusive_and_named(void **state) {
    (void)state;
    struct satsync_option row = {"knob", SATSYNC_OPTION_BYTES, "", NULL, 4096, 1 << 20, ""};
    uint64_t value;
    struct satsync_error error;
    assert_int_equal(satsync_option_parse(&row, "4096", &value, &error), SATSYNC_OK);
    assert_int_equal(satsync_option_parse(&row, "1MiB", &value, &error), SATSYNC_OK);
    assert_int_equal(satsync_option_parse(&row, "4095", &value, &error), SATSYNC_INVALID);
    assert_string_equal(error.message, "\"4095\" is outside 4KiB to 1MiB");
    assert_int_equal(satsync_option_parse(&row, "1048577", &value, &error), SATSYNC_INVALID);
    row.type = SATSYNC_OPTION_TEXT;
    assert_int_equal(satsync_option_parse(&row, "short", &value, &error), SATSYNC_INVALID);
}

static void test_what_is_written_is_read_as_the_same_value(void **state) {
    (void)state;
    static const uint64_t values[] = {0,          1,          999,        1000,    1024,
                                      1000000000, 1000000001, 3600000000, 1 << 30, UINT64_MAX};
    for (int type = SATSYNC_OPTION_BOOL; type < SATSYNC_OPTION_TEXT; type++) {
        struct satsync_option row = row_of((enum satsync_option_type)type);
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint64_t value = type == SATSYNC_OPTION_BOOL     ? values[i] % 2
                             : type == SATSYNC_OPTION_CHOICE ? values[i] % 3
                                                             : values[i];
            char text[64];
            uint64_t again = ~value;
            satsync_option_format(&row, value, text, sizeof text);
            assert_int_equal(satsync_option_parse(&row, text, &again, NULL), SATSYNC_OK);
            assert_true(again == value);
        }
    }
}

static void test_values_are_written_as_a_user_would(void **state) {
    (void)state;
    static const struct {
        enum satsync_option_type type;
        uint64_t value;
        const char *text;
    } cases[] = {
        {SATSYNC_OPTION_BYTES, 1000, "1kB"},
        {SATSYNC_OPTION_BYTES, 1025, "1025B"},
        {SATSYNC_OPTION_RATE, 100000000, "100Mbit"},
        {SATSYNC_OPTION_DURATION, 90000000000, "90s"},
        {SATSYNC_OPTION_FRACTION, 123456789, "12.3456789%"},
        {SATSYNC_OPTION_FRACTION, 10000000, "1%"},
        {SATSYNC_OPTION_FRACTION, 100, "0.00001%"},
        {SATSYNC_OPTION_CHOICE, 2, "off"},
        {SATSYNC_OPTION_CHOICE, 7, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct satsync_option row = row_of(cases[i].type);
        char text[64];
        satsync_option_format(&row, cases[i].value, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
    char small[3];
    struct satsync_option row = row_of(SATSYNC_OPTION_COUNT);
    satsync_option_format(&row, 12345, small, sizeof small);
    assert_string_equal(small, "12");
}

static void test_wrong_name_is_answered_with_the_nearest(void **state) {
    (void)state;
    static const struct satsync_option rows[] = {{.name = "rate"}, {.name = "chunk-bytes"}};
    const char *nearest = NULL;
    assert_ptr_equal(satsync_option_find(rows, 2, "rate", &nearest), &rows[0]);
    assert_null(satsync_option_find(rows, 2, "chunk-byte", &nearest));
    assert_string_equal(nearest, "chunk-bytes");
    assert_null(satsync_option_find(rows, 2, "zzzzzzzz", &nearest));
    assert_null(nearest);
    assert_null(satsync_option_find(rows, 2, "", &nearest));
    assert_null(nearest);
    static const struct satsync_option brief = {.name = "io"};
    assert_null(satsync_option_find(&brief, 1, "x", &nearest));
    assert_null(nearest);
    char endless[500];
    memset(endless, 'a', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    assert_null(satsync_option_find(rows, 2, endless, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_understood_exactly),
        cmocka_unit_test(test_what_is_not_understood_is_refused),
        cmocka_unit_test(test_bounds_are_inclusive_and_named),
        cmocka_unit_test(test_what_is_written_is_read_as_the_same_value),
        cmocka_unit_test(test_values_are_written_as_a_user_would),
        cmocka_unit_test(test_wrong_name_is_answered_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
