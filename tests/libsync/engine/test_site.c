#include "support/cmocka.h"
#include "support/two_sites.h"

static enum satsync_status start_push(struct two_sites *sites,
                                      const struct satsync_site_options *options,
                                      struct satsync_operation **operation) {
    return satsync_push(sites->store[0], 1, options, operation, &sites->error);
}

static void test_options_that_cannot_be_are_named(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "lan?seed=1");
    struct satsync_operation *operation;
    struct satsync_site_options options = two_sites_options(&sites);
    options.key = NULL;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_INVALID);
    assert_string_equal(sites.error.subject, "key");
    assert_null(operation);

    options = two_sites_options(&sites);
    options.address = "";
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_INVALID);
    assert_string_equal(sites.error.subject, "address");

    options = two_sites_options(&sites);
    options.limit_bps = 7999;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_INVALID);
    assert_string_equal(sites.error.subject, "limit");

    options = two_sites_options(&sites);
    options.controller = (enum satsync_controller)5;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_UNSUPPORTED);
    assert_string_equal(sites.error.subject, "controller");

    options = two_sites_options(&sites);
    options.controller = SATSYNC_CONTROLLER_RATED;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_INVALID);
    assert_string_equal(sites.error.subject, "rate");

    options = two_sites_options(&sites);
    assert_int_equal(satsync_serve(sites.store[1], &options, &operation, &sites.error),
                     SATSYNC_INVALID);
    assert_string_equal(sites.error.subject, "allow");

    options = two_sites_options(&sites);
    options.size = 0;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_INVALID);
    two_sites_close(&sites);
}

static void test_manual_engine_does_not_wait_on_udp(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "lan?seed=1");
    struct satsync_site_options options = two_sites_options(&sites);
    options.carrier = NULL;
    options.address = "127.0.0.1:9";
    struct satsync_operation *operation;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_UNSUPPORTED);
    two_sites_close(&sites);
}

static void test_stranger_is_refused_in_words(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&seed=2");
    two_sites_save(&sites, 1, 1000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    /* Site 0 comes with the key of site 1: not in the list. */
    struct satsync_site_options options = two_sites_options(&sites);
    options.key = sites.key[1];
    struct satsync_operation *operation;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_REFUSED);
    assert_non_null(strstr(sites.error.message, "--allow"));
    two_sites_close(&sites);
}

static void test_cancelled_push_says_goodbye_and_ends(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=10M&rtt=50ms&seed=2");
    two_sites_save(&sites, 1, 5000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 500000000), SATSYNC_AGAIN);
    satsync_operation_cancel(operation);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_CANCELLED);
    assert_true(satsync_sim_now_ns(sites.sim) < 2000000000);
    two_sites_close(&sites);
}

static void test_operation_can_be_freed_at_any_moment(void **state) {
    (void)state;
    for (uint64_t until_ns = 1; until_ns < 3000000000; until_ns = until_ns * 3 + 7000000) {
        struct two_sites sites;
        two_sites_open(&sites, "plain?rate=10M&rtt=300ms&loss=3%&seed=2");
        two_sites_save(&sites, 1, 400000);
        two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
        struct satsync_site_options options = two_sites_options(&sites);
        struct satsync_operation *operation;
        assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_OK);
        if (two_sites_run(&sites, operation, until_ns) == SATSYNC_AGAIN) {
            satsync_operation_free(operation);
        }
        /* What came so far is of use to the next attempt. */
        assert_int_equal(start_push(&sites, &options, &operation), SATSYNC_OK);
        assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
        two_sites_assert_equal(&sites, 1);
        two_sites_close(&sites);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_that_cannot_be_are_named),
        cmocka_unit_test(test_manual_engine_does_not_wait_on_udp),
        cmocka_unit_test(test_stranger_is_refused_in_words),
        cmocka_unit_test(test_cancelled_push_says_goodbye_and_ends),
        cmocka_unit_test(test_operation_can_be_freed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
