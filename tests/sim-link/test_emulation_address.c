#include "sim-link/emulation_address.h"

#include "support/cmocka.h"

#include <string.h>

static void test_a_link_is_found_while_it_is_open(void **state) {
    (void)state;
    struct satsync_sim *a;
    struct satsync_sim *b;
    assert_null(satsync_sim_find_carrier("sim:geo?seed=7", 0));
    assert_int_equal(satsync_sim_open("sim:geo?seed=7", &a, NULL), SATSYNC_OK);
    assert_int_equal(satsync_sim_open("sim:geo?seed=8", &b, NULL), SATSYNC_OK);
    assert_ptr_equal(satsync_sim_find_carrier("sim:geo?seed=7", 0), satsync_sim_carrier(a, 0));
    assert_ptr_equal(satsync_sim_find_carrier("sim:geo?seed=8", 1), satsync_sim_carrier(b, 1));
    assert_null(satsync_sim_find_carrier("sim:geo?seed=7", 2));
    assert_null(satsync_sim_find_carrier("geo?seed=7", 0));
    satsync_sim_close(a);
    assert_null(satsync_sim_find_carrier("sim:geo?seed=7", 0));
    assert_non_null(satsync_sim_find_carrier("sim:geo?seed=8", 0));
    satsync_sim_close(b);
}

static void test_an_address_is_taken_once(void **state) {
    (void)state;
    struct satsync_sim *a;
    struct satsync_sim *b;
    struct satsync_error error;
    assert_int_equal(satsync_sim_open("sim:lan", &a, NULL), SATSYNC_OK);
    assert_int_equal(satsync_sim_open("sim:lan", &b, &error), SATSYNC_CONFLICT);
    assert_null(b);
    assert_non_null(strstr(error.message, "sim:lan"));
    /* Without an address there may be as many as one likes. */
    assert_int_equal(satsync_sim_open("lan", &b, NULL), SATSYNC_OK);
    satsync_sim_close(b);
    satsync_sim_close(a);
    assert_int_equal(satsync_sim_open("sim:lan", &a, NULL), SATSYNC_OK);
    satsync_sim_close(a);
}

static void test_a_wrong_link_takes_no_address(void **state) {
    (void)state;
    struct satsync_sim *sim;
    assert_int_equal(satsync_sim_open("sim:goe", &sim, NULL), SATSYNC_NOT_FOUND);
    assert_null(sim);
    assert_null(satsync_sim_find_carrier("sim:goe", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_link_is_found_while_it_is_open),
        cmocka_unit_test(test_an_address_is_taken_once),
        cmocka_unit_test(test_a_wrong_link_takes_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
