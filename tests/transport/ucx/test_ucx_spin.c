#include "transport/ucx/ucx_spin.h"

#include "support/cmocka.h"

#define SECOND_NS UINT64_C(1000000000)

/* Whatever the pauses are, at most SPIN_SHARE of the time, and what was saved up, is spent in vain.
 */
static void test_looking_in_vain_is_bounded(void **state) {
    (void)state;
    static const uint64_t pauses_ns[] = {100, 5000, 100000, 1000000, 50000000};
    for (size_t i = 0; i < sizeof pauses_ns / sizeof *pauses_ns; i++) {
        uint64_t now_ns = 5;
        uint64_t spent_ns = 0;
        struct ucx_spin spin = ucx_spin_of(now_ns);
        while (now_ns < SECOND_NS) {
            uint64_t allowed_ns = ucx_spin_allowed(&spin, now_ns);
            assert_true(allowed_ns <= SPIN_ONCE_NS);
            ucx_spin_in_vain(&spin, allowed_ns);
            spent_ns += allowed_ns;
            now_ns += allowed_ns + pauses_ns[i];
        }
        assert_true(spent_ns <= now_ns / SPIN_SHARE + SPIN_SAVED_NS);
    }
}

static void test_looking_that_pays_is_free(void **state) {
    (void)state;
    struct ucx_spin spin = ucx_spin_of(0);
    for (uint64_t now_ns = 0; now_ns < 100000; now_ns += 10) {
        assert_int_equal(ucx_spin_allowed(&spin, now_ns), SPIN_ONCE_NS);
    }
}

static void test_spent_time_comes_back_at_its_share(void **state) {
    (void)state;
    struct ucx_spin spin = ucx_spin_of(0);
    ucx_spin_in_vain(&spin, SECOND_NS);
    assert_int_equal(ucx_spin_allowed(&spin, 0), 0);
    for (uint64_t now_ns = 1; now_ns <= 100 * SPIN_SHARE; now_ns++) {
        assert_int_equal(ucx_spin_allowed(&spin, now_ns), now_ns / SPIN_SHARE);
    }
    assert_int_equal(ucx_spin_allowed(&spin, 1), 100); /* a clock that went back */
}

static void test_each_find_pays_for_one_look_in_vain(void **state) {
    (void)state;
    struct ucx_spin spin = ucx_spin_of(0);
    ucx_spin_in_vain(&spin, SECOND_NS);
    for (unsigned i = 0; i < 1000; i++) {
        ucx_spin_paid(&spin);
        assert_int_equal(ucx_spin_allowed(&spin, 0), SPIN_ONCE_NS);
        ucx_spin_in_vain(&spin, SPIN_ONCE_NS);
    }
    assert_int_equal(ucx_spin_allowed(&spin, 0), 0);
    for (unsigned i = 0; i < 1000; i++) {
        ucx_spin_paid(&spin); /* however many, no more than SPIN_SAVED_NS is kept */
    }
    ucx_spin_in_vain(&spin, SPIN_SAVED_NS);
    assert_int_equal(ucx_spin_allowed(&spin, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looking_in_vain_is_bounded),
        cmocka_unit_test(test_looking_that_pays_is_free),
        cmocka_unit_test(test_each_find_pays_for_one_look_in_vain),
        cmocka_unit_test(test_spent_time_comes_back_at_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
