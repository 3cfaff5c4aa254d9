#include "engine/site_carrier.h"

#include "support/cmocka.h"
#include "support/two_sites.h"

#include <string.h>

static const char LINK[] = "sim:plain?rate=100M&rtt=40ms&loss=1%&seed=5";

static void test_both_sites_name_the_link_and_no_carrier(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, LINK);
    two_sites_save(&sites, 3, 500000);
    struct satsync_peer peer = {.rights = SATSYNC_RIGHT_WRITE};
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_site_options serve = options;
    satsync_key_public(sites.key[0], &peer.key);
    options.address = serve.address = LINK;
    options.carrier = serve.carrier = NULL;
    serve.key = sites.key[1];
    serve.peers = &peer;
    serve.peer_count = 1;
    struct satsync_operation *push;
    assert_int_equal(satsync_serve(sites.store[1], &serve, &sites.serve, &sites.error), SATSYNC_OK);
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &push, &sites.error), SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, push, 0), SATSYNC_OK);
    two_sites_assert_equal(&sites, 3);
    two_sites_close(&sites);
}

static void test_a_link_that_is_not_open_is_named(void **state) {
    (void)state;
    struct two_sites sites;
    struct satsync_operation *push;
    two_sites_open(&sites, LINK);
    two_sites_save(&sites, 3, 5000);
    struct satsync_site_options options = two_sites_options(&sites);
    options.address = "sim:plain?rate=100M&rtt=40ms&loss=1%&seed=6";
    options.carrier = NULL;
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &push, &sites.error),
                     SATSYNC_NOT_FOUND);
    assert_non_null(strstr(sites.error.message, "seed=6"));
    assert_non_null(strstr(sites.error.message, "satsync_sim_open"));
    two_sites_close(&sites);
}

static void test_a_carrier_that_is_given_stays(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, LINK);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_carrier *given = options.carrier;
    options.address = "sim:nothing";
    struct satsync_error error;
    const struct satsync_engine *engine = sites.engine;
    assert_int_equal(site_carrier_find(engine, false, &options, &error), SATSYNC_OK);
    assert_ptr_equal(options.carrier, given);
    options.address = LINK;
    options.carrier = NULL;
    assert_int_equal(site_carrier_find(engine, true, &options, &error), SATSYNC_OK);
    assert_ptr_equal(options.carrier, satsync_sim_carrier(sites.sim, 1));
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sites_name_the_link_and_no_carrier),
        cmocka_unit_test(test_a_link_that_is_not_open_is_named),
        cmocka_unit_test(test_a_carrier_that_is_given_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
