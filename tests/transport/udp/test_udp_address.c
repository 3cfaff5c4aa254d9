#include "transport/udp/udp_address.h"

#include "support/cmocka.h"

#include <netinet/in.h>
#include <string.h>

static void test_text_round_trips_through_an_address(void **state) {
    (void)state;
    const char *texts[] = {"127.0.0.1:9", "[::1]:65535", "255.1.2.3:0", "[2001:db8::7]:4433"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct net_address address;
        char out[UDP_ADDRESS_TEXT_BYTES];
        assert_int_equal(udp_address_resolve(texts[i], AF_UNSPEC, false, &address, NULL), 0);
        udp_address_format(&address, out, sizeof out);
        assert_string_equal(out, texts[i]);
    }
}

static void test_what_is_no_address_is_refused_and_named(void **state) {
    (void)state;
    const char *texts[] = {"",           "1.2.3.4",    "1.2.3.4:", "1.2.3.4:65536",
                           "::1:5",      "[::1]",      "[::1]5",   "[::1:5",
                           "1.2.3.4:-1", "1.2.3.4:1x", ":5",       "1.2.3.4:5:6",
                           "1.2.3.4: 5", "5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct net_address address;
        struct satsync_error error;
        assert_int_equal(udp_address_resolve(texts[i], AF_UNSPEC, false, &address, &error),
                         SATSYNC_INVALID);
        assert_string_equal(error.subject, texts[i]);
    }
}

static void test_a_port_alone_is_enough_to_listen(void **state) {
    (void)state;
    struct net_address address;
    char out[UDP_ADDRESS_TEXT_BYTES];
    assert_int_equal(udp_address_resolve(":7", AF_INET, true, &address, NULL), 0);
    udp_address_format(&address, out, sizeof out);
    assert_string_equal(out, "0.0.0.0:7");
    assert_int_equal(udp_address_resolve("7", AF_INET, true, &address, NULL), 0);
    udp_address_format(&address, out, sizeof out);
    assert_string_equal(out, "0.0.0.0:7");
}

static void test_ipv4_is_mapped_for_a_socket_of_both_and_back(void **state) {
    (void)state;
    struct net_address address;
    struct sockaddr_storage storage;
    assert_int_equal(udp_address_resolve("10.1.2.3:99", AF_INET, false, &address, NULL), 0);
    assert_int_equal(udp_address_to(&address, AF_INET6, &storage), sizeof(struct sockaddr_in6));
    assert_int_equal(storage.ss_family, AF_INET6);
    struct net_address back = udp_address_from(&storage);
    assert_true(net_address_equal(&address, &back));
}

static void test_an_ipv4_socket_cannot_reach_ipv6(void **state) {
    (void)state;
    struct net_address address;
    struct sockaddr_storage storage;
    assert_int_equal(udp_address_resolve("[2001:db8::1]:9", AF_INET6, false, &address, NULL), 0);
    assert_int_equal(udp_address_to(&address, AF_INET, &storage), 0);
    memset(&address, 0, sizeof address);
    assert_int_equal(udp_address_to(&address, AF_INET, &storage), 0);
    assert_int_equal(udp_address_family(&address), AF_UNSPEC);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_round_trips_through_an_address),
        cmocka_unit_test(test_what_is_no_address_is_refused_and_named),
        cmocka_unit_test(test_a_port_alone_is_enough_to_listen),
        cmocka_unit_test(test_ipv4_is_mapped_for_a_socket_of_both_and_back),
        cmocka_unit_test(test_an_ipv4_socket_cannot_reach_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
