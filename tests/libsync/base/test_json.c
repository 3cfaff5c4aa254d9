#include "base/json.h"

#include "support/allocator.h"
#include "support/cmocka.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static void write_everything(struct json *json) {
    json_put_object(json);
    json_put_key(json, "list");
    json_put_array(json);
    json_put_u64(json, UINT64_MAX);
    json_put_i64(json, INT64_MIN);
    json_put_array(json);
    json_end_array(json);
    json_put_object(json);
    json_end_object(json);
    json_end_array(json);
    json_put_key(json, "on");
    json_put_bool(json, true);
    json_put_key(json, "none");
    json_put_null(json);
    json_end_object(json);
}

static const char everything[] = "{\"list\":[18446744073709551615,-9223372036854775808,[],{}],"
                                 "\"on\":true,\"none\":null}";

static void test_commas_and_nesting_come_by_themselves(void **state) {
    (void)state;
    struct json json;
    json_init(&json, NULL);
    write_everything(&json);
    assert_string_equal(json_finish(&json), everything);
    json_fini(&json);
}

static void test_members_are_keys_with_values(void **state) {
    (void)state;
    struct json json;
    json_init(&json, NULL);
    json_put_object(&json);
    json_member_string(&json, "s", "a\"b");
    json_member_u64(&json, "n", 7);
    json_member_bool(&json, "b", false);
    json_end_object(&json);
    assert_string_equal(json_finish(&json), "{\"s\":\"a\\\"b\",\"n\":7,\"b\":false}");
    json_fini(&json);
}

static void test_failed_allocation_is_seen_at_the_end(void **state) {
    (void)state;
    bool finished = false;
    for (size_t fail_at = 1; !finished; fail_at++) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, fail_at);
        struct json json;
        json_init(&json, &counting.allocator);
        write_everything(&json);
        finished = counting.calls < fail_at;
        const char *text = json_finish(&json);
        if (finished) {
            assert_string_equal(text, everything);
        } else {
            assert_null(text);
        }
        json_fini(&json);
        assert_int_equal(counting.live, 0);
    }
}

static void test_strings_are_escaped_and_made_valid_utf8(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
        {"\b\t\n\v\f\r", "\"\\b\\t\\n\\u000b\\f\\r\""},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9b\xb0", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9b\xb0\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xc3(", "\"\xef\xbf\xbd(\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json json;
        json_init(&json, NULL);
        json_put_string(&json, cases[i].text);
        assert_int_equal(json_is_utf8(cases[i].text), !strstr(cases[i].json, "\xef\xbf\xbd"));
        assert_string_equal(json_finish(&json), cases[i].json);
        json_fini(&json);
    }
}

static void test_numbers_have_a_point_in_every_locale(void **state) {
    (void)state;
    /* Where no such locale is installed this still checks the C locale. */
    static const char *const locales[] = {"C", "de_DE.UTF-8", "ps_AF.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        setlocale(LC_NUMERIC, locales[i]);
        struct json json;
        json_init(&json, NULL);
        json_put_array(&json);
        json_put_number(&json, -1.25, 3);
        json_put_number(&json, 7, 0);
        json_put_number(&json, 1e300, 1);
        json_put_number(&json, NAN, 2);
        json_put_number(&json, INFINITY, 2);
        json_end_array(&json);
        const char *text = json_finish(&json);
        assert_memory_equal(text, "[-1.250,7,1000000", 17);
        assert_non_null(strstr(text, ".0,null,null]"));
        json_fini(&json);
    }
    setlocale(LC_NUMERIC, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas_and_nesting_come_by_themselves),
        cmocka_unit_test(test_members_are_keys_with_values),
        cmocka_unit_test(test_failed_allocation_is_seen_at_the_end),
        cmocka_unit_test(test_strings_are_escaped_and_made_valid_utf8),
        cmocka_unit_test(test_numbers_have_a_point_in_every_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
