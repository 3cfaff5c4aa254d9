#include "transport/ucx/ucx_address.h"

#include "support/cmocka.h"

#include <string.h>

static void test_a_worker_survives_the_round_trip(void **state) {
    (void)state;
    const uint8_t worker[] = {0, 1, 0xfe, 0xff};
    char text[64];
    struct ucx_address address;
    assert_true(ucx_address_format(0x0123456789abcdef, worker, sizeof worker, text, sizeof text));
    assert_string_equal(text, "ucx:0123456789abcdef:0001feff");
    assert_int_equal(ucx_address_parse(text, &address, NULL), SATSYNC_OK);
    assert_true(address.is_worker);
    assert_true(address.machine == 0x0123456789abcdef);
    assert_int_equal(address.worker_bytes, sizeof worker);
    assert_memory_equal(address.worker, worker, sizeof worker);
    assert_false(ucx_address_format(0, worker, sizeof worker, text, 29));
}

static void test_damaged_addresses_are_refused(void **state) {
    (void)state;
    static const char *const damaged[] = {"",
                                          "host",
                                          "host:",
                                          "ucx:",
                                          "ucx:0123456789abcdef",
                                          "ucx:0123456789abcdef:",
                                          "ucx:0123456789abcdef:0",
                                          "ucx:0123456789abcdef:0g",
                                          "ucx:0123456789abcdef:ABCD",
                                          "ucx:0123456789abcde:00"};
    struct ucx_address address;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_int_equal(ucx_address_parse(damaged[i], &address, NULL), SATSYNC_ADDRESS);
    }
    static char longest[30 + 2 * UCX_ADDRESS_BYTES + 3];
    strcpy(longest, "ucx:0123456789abcdef:");
    memset(longest + strlen(longest), 'a', (size_t)2 * UCX_ADDRESS_BYTES);
    assert_int_equal(ucx_address_parse(longest, &address, NULL), SATSYNC_OK);
    strcat(longest, "aa");
    assert_int_equal(ucx_address_parse(longest, &address, NULL), SATSYNC_ADDRESS);
}

static void test_sockets_are_read_and_written(void **state) {
    (void)state;
    static const char *const texts[] = {"127.0.0.1:4600", "[::1]:4600"};
    struct ucx_address address;
    char text[64];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ucx_address_parse(texts[i], &address, NULL), SATSYNC_OK);
        assert_false(address.is_worker);
        ucx_address_format_socket(&address.socket, text, sizeof text);
        assert_string_equal(text, texts[i]);
    }
}

static void test_the_machine_is_the_same_each_time(void **state) {
    (void)state;
    assert_true(ucx_address_machine() == ucx_address_machine());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_worker_survives_the_round_trip),
        cmocka_unit_test(test_damaged_addresses_are_refused),
        cmocka_unit_test(test_sockets_are_read_and_written),
        cmocka_unit_test(test_the_machine_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
