#include "support/cmocka.h"
#include "support/two_sites.h"

#include <stdio.h>

static void test_new_link_of_the_same_peer_takes_over_its_transfer(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=200ms&seed=6");
    two_sites_save(&sites, 3, 4000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    /* Three pushers that die without a word, a second apart: the server still holds their links. */
    for (uint64_t second = 1; second <= 3; second++) {
        assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                         SATSYNC_OK);
        if (two_sites_run(&sites, operation, second * 700000000) == SATSYNC_AGAIN) {
            satsync_operation_free(operation);
        }
    }
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
    two_sites_assert_equal(&sites, 3);
    two_sites_close(&sites);
}

static void test_another_checkpoint_of_a_step_is_refused_with_both_digests(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=20ms&seed=6");
    two_sites_save(&sites, 3, 40000);
    /* End 1 saves a step 3 of its own. */
    struct satsync_save_options save_options;
    satsync_save_options_init(&save_options);
    save_options.step = 3;
    struct satsync_save *save;
    struct satsync_operation *operation;
    assert_int_equal(satsync_save_begin(sites.store[1], &save_options, &save, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(satsync_save_commit(save, &operation, &sites.error), SATSYNC_OK);
    assert_int_equal(satsync_operation_wait(operation, 0, &sites.error), SATSYNC_OK);
    satsync_operation_free(operation);

    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_checkpoint_info info[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(satsync_store_info(sites.store[i], 3, &info[i], &sites.error), SATSYNC_OK);
    }
    struct satsync_site_options options = two_sites_options(&sites);
    assert_int_equal(satsync_push(sites.store[0], 3, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_CONFLICT);
    for (int i = 0; i < 2; i++) {
        char digest[17];
        for (int k = 0; k < 8; k++) {
            snprintf(digest + 2 * k, 3, "%02x", info[i].digest[k]);
        }
        assert_non_null(strstr(sites.error.message, digest));
    }
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_link_of_the_same_peer_takes_over_its_transfer),
        cmocka_unit_test(test_another_checkpoint_of_a_step_is_refused_with_both_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
