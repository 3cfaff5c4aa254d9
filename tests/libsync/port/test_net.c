#include "port/net.h"

#include "support/cmocka.h"

static void test_addresses_are_equal_when_every_byte_is(void **state) {
    (void)state;
    struct net_address a = {.bytes = {1, 2, 3}, .length = 3};
    struct net_address b = a;
    assert_true(net_address_equal(&a, &b));
    b.bytes[2] = 4;
    assert_false(net_address_equal(&a, &b));
    b = a;
    b.length = 4;
    assert_false(net_address_equal(&a, &b));
    b = a;
    b.bytes[27] = 1;
    assert_false(net_address_equal(&a, &b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_equal_when_every_byte_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
