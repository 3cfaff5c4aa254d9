#include "sim-link/trace_hash.h"

#include "support/cmocka.h"

#include <string.h>

static void test_every_byte_of_a_payload_counts(void **state) {
    (void)state;
    uint8_t data[100] = {0};
    for (size_t bytes = 1; bytes <= sizeof data; bytes++) {
        uint64_t plain = content_hash(data, bytes);
        assert_true(plain != content_hash(data, bytes - 1));
        for (size_t i = 0; i < bytes; i++) {
            data[i] = 1;
            assert_true(plain != content_hash(data, bytes));
            data[i] = 0;
        }
    }
}

static void test_order_counts_and_equal_runs_are_equal(void **state) {
    (void)state;
    struct trace_hash a = trace_hash_start();
    struct trace_hash b = trace_hash_start();
    struct trace_hash c = trace_hash_start();
    trace_hash_add(&a, 1);
    trace_hash_add(&a, 2);
    trace_hash_add(&b, 1);
    trace_hash_add(&b, 2);
    trace_hash_add(&c, 2);
    trace_hash_add(&c, 1);
    char text[3][TRACE_HASH_TEXT_BYTES];
    trace_hash_text(&a, text[0]);
    trace_hash_text(&b, text[1]);
    trace_hash_text(&c, text[2]);
    assert_string_equal(text[0], text[1]);
    assert_string_not_equal(text[0], text[2]);
    assert_int_equal(strlen(text[0]), TRACE_HASH_TEXT_BYTES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_of_a_payload_counts),
        cmocka_unit_test(test_order_counts_and_equal_runs_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
