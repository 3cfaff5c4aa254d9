#include "support/cmocka.h"
#include "support/two_sites.h"

/* End 0 as the one that pulls from end 1, which has the checkpoint by an earlier push. */
static enum satsync_status pull(struct two_sites *sites, uint64_t step) {
    struct satsync_site_options options = two_sites_options(sites);
    struct satsync_operation *operation;
    enum satsync_status status =
        satsync_pull(sites->store[0], step, &options, &operation, &sites->error);
    return status == SATSYNC_OK ? two_sites_run(sites, operation, 0) : status;
}

static enum satsync_status push(struct two_sites *sites, uint64_t step) {
    struct satsync_site_options options = two_sites_options(sites);
    struct satsync_operation *operation;
    enum satsync_status status =
        satsync_push(sites->store[0], step, &options, &operation, &sites->error);
    return status == SATSYNC_OK ? two_sites_run(sites, operation, 0) : status;
}

static void test_pulling_what_is_here_already_is_success(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&loss=1%&seed=3");
    two_sites_save(&sites, 4, 300000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE | SATSYNC_RIGHT_READ);
    assert_int_equal(push(&sites, 4), SATSYNC_OK);
    assert_int_equal(pull(&sites, 4), SATSYNC_OK);
    two_sites_close(&sites);
}

static void test_pull_of_a_step_that_is_not_there_says_so(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&seed=3");
    two_sites_serve(&sites, SATSYNC_RIGHT_READ);
    assert_int_equal(pull(&sites, 4), SATSYNC_NOT_FOUND);
    two_sites_close(&sites);
}

static void test_pull_without_the_right_to_read_is_refused(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&seed=3");
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(pull(&sites, 4), SATSYNC_REFUSED);
    assert_non_null(strstr(sites.error.message, "--allow-read"));
    two_sites_close(&sites);
}

static void test_every_transfer_begins_and_ends_with_an_event(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&seed=3");
    two_sites_save(&sites, 4, 300000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(push(&sites, 4), SATSYNC_OK);
    struct satsync_serve_event event;
    struct satsync_public_key pusher;
    satsync_key_public(sites.key[0], &pusher);
    assert_int_equal(satsync_serve_next(sites.serve, &event), SATSYNC_OK);
    assert_false(event.finished);
    assert_true(event.received);
    assert_int_equal(event.step, 4);
    assert_int_equal(satsync_serve_next(sites.serve, &event), SATSYNC_OK);
    assert_true(event.finished);
    assert_int_equal(event.status, SATSYNC_OK);
    assert_memory_equal(event.peer.bytes, pusher.bytes, sizeof pusher.bytes);
    assert_int_equal(satsync_serve_next(sites.serve, &event), SATSYNC_AGAIN);
    two_sites_close(&sites);
}

static void test_address_is_known_once_it_listens(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=50ms&seed=3");
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    char address[64];
    assert_int_equal(satsync_serve_address(sites.serve, address, sizeof address), SATSYNC_OK);
    assert_string_equal(address, "sim:1");
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pulling_what_is_here_already_is_success),
        cmocka_unit_test(test_pull_of_a_step_that_is_not_there_says_so),
        cmocka_unit_test(test_pull_without_the_right_to_read_is_refused),
        cmocka_unit_test(test_every_transfer_begins_and_ends_with_an_event),
        cmocka_unit_test(test_address_is_known_once_it_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
