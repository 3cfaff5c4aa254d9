#include "transport/wan/cookie.h"

#include "support/cmocka.h"
#include "transport/wan/noise.h"

#include <string.h>

static const uint8_t seed[32] = {42};
static const uint8_t address[6] = {192, 0, 2, 1, 0x1f, 0x90};

static struct cookie_claim claim_at(uint64_t now_ns) {
    return (struct cookie_claim){
        .address = address, .address_bytes = sizeof address, .session = 7, .now_ns = now_ns};
}

static void test_cookie_holds_for_one_slot_more_and_not_for_two(void **state) {
    (void)state;
    struct cookie_jar jar;
    uint8_t cookie[COOKIE_BYTES];
    cookie_jar_init(&jar, seed, 0);
    struct cookie_claim claim = claim_at(COOKIE_SLOT_NS / 2);
    cookie_bake(&jar, &claim, cookie);
    assert_true(cookie_holds(&jar, &claim, cookie));
    claim.now_ns = COOKIE_SLOT_NS * 2 - 1;
    assert_true(cookie_holds(&jar, &claim, cookie));
    claim.now_ns = COOKIE_SLOT_NS * 2;
    assert_false(cookie_holds(&jar, &claim, cookie));
}

static void test_cookie_dies_in_a_long_sleep(void **state) {
    (void)state;
    struct cookie_jar jar;
    uint8_t cookie[COOKIE_BYTES];
    cookie_jar_init(&jar, seed, 0);
    struct cookie_claim claim = claim_at(0);
    cookie_bake(&jar, &claim, cookie);
    claim.now_ns = UINT64_MAX;
    assert_false(cookie_holds(&jar, &claim, cookie));
    cookie_bake(&jar, &claim, cookie);
    assert_true(cookie_holds(&jar, &claim, cookie));
}

static void test_cookie_is_bound_to_address_session_and_jar(void **state) {
    (void)state;
    struct cookie_jar jar;
    struct cookie_jar other;
    uint8_t cookie[COOKIE_BYTES];
    const uint8_t other_seed[32] = {43};
    cookie_jar_init(&jar, seed, 0);
    cookie_jar_init(&other, other_seed, 0);
    const struct cookie_claim claim = claim_at(5);
    cookie_bake(&jar, &claim, cookie);

    struct cookie_claim changed = claim;
    changed.session++;
    assert_false(cookie_holds(&jar, &changed, cookie));
    changed = claim;
    changed.address_bytes--;
    assert_false(cookie_holds(&jar, &changed, cookie));
    uint8_t port[sizeof address];
    memcpy(port, address, sizeof port);
    port[5] ^= 1;
    changed = claim;
    changed.address = port;
    assert_false(cookie_holds(&jar, &changed, cookie));
    assert_false(cookie_holds(&other, &claim, cookie));
    for (int bit = 0; bit < COOKIE_BYTES * 8; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(cookie_holds(&jar, &claim, cookie));
        cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(cookie_holds(&jar, &claim, cookie));
}

static void test_zeros_are_no_cookie(void **state) {
    (void)state;
    struct cookie_jar jar;
    const uint8_t zeros[COOKIE_BYTES] = {0};
    cookie_jar_init(&jar, seed, 0);
    struct cookie_claim claim = claim_at(5);
    assert_false(cookie_holds(&jar, &claim, zeros));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie_holds_for_one_slot_more_and_not_for_two),
        cmocka_unit_test(test_cookie_dies_in_a_long_sleep),
        cmocka_unit_test(test_cookie_is_bound_to_address_session_and_jar),
        cmocka_unit_test(test_zeros_are_no_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
