#include "base/random.h"
#include "support/cmocka.h"
#include "support/two_sites.h"

#include <stdlib.h>

static enum satsync_status push(struct two_sites *sites, uint64_t step, uint64_t until_ns) {
    struct satsync_site_options options = two_sites_options(sites);
    struct satsync_operation *operation;
    enum satsync_status status =
        satsync_push(sites->store[0], step, &options, &operation, &sites->error);
    return status == SATSYNC_OK ? two_sites_run(sites, operation, until_ns) : status;
}

static void test_push_crosses_a_lossy_link_whole(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=600ms&loss=2%&seed=3");
    two_sites_save(&sites, 7, 3000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(push(&sites, 7, 0), SATSYNC_OK);
    two_sites_assert_equal(&sites, 7);
    /* Again: it is there, and that is success. */
    assert_int_equal(push(&sites, 7, 0), SATSYNC_OK);
    two_sites_close(&sites);
}

static uint64_t pushes_in_ns(struct two_sites *sites, uint64_t step) {
    uint64_t start_ns = satsync_sim_now_ns(sites->sim);
    assert_int_equal(push(sites, step, 0), SATSYNC_OK);
    return satsync_sim_now_ns(sites->sim) - start_ns;
}

static void test_every_controller_gets_it_across(void **state) {
    (void)state;
    uint64_t took_ns[SATSYNC_CONTROLLER_SCAVENGER + 1];
    for (int i = 0; i <= SATSYNC_CONTROLLER_SCAVENGER; i++) {
        struct two_sites sites;
        struct satsync_operation *operation;
        two_sites_open(&sites, "plain?rate=20M&rtt=50ms&loss=1%&seed=3");
        two_sites_save(&sites, 1, 2000000);
        two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
        struct satsync_site_options options = two_sites_options(&sites);
        options.controller = (enum satsync_controller)i;
        options.rate_bps = i == SATSYNC_CONTROLLER_RATED ? 20000000 : 0;
        uint64_t start_ns = satsync_sim_now_ns(sites.sim);
        assert_int_equal(satsync_push(sites.store[0], 1, &options, &operation, &sites.error),
                         SATSYNC_OK);
        assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
        took_ns[i] = satsync_sim_now_ns(sites.sim) - start_ns;
        two_sites_assert_equal(&sites, 1);
        two_sites_close(&sites);
    }
    /* Which of them it was shows where loss is random. */
    assert_int_equal(took_ns[SATSYNC_CONTROLLER_AUTO], took_ns[SATSYNC_CONTROLLER_MODEL]);
    assert_true(took_ns[SATSYNC_CONTROLLER_RATED] < took_ns[SATSYNC_CONTROLLER_CUBIC]);
    assert_true(took_ns[SATSYNC_CONTROLLER_MODEL] < took_ns[SATSYNC_CONTROLLER_CUBIC]);
    assert_true(took_ns[SATSYNC_CONTROLLER_CUBIC] != took_ns[SATSYNC_CONTROLLER_SCAVENGER]);
}

static void test_a_limited_push_takes_its_time(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=20ms&seed=3");
    two_sites_save(&sites, 1, 2000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    options.limit_bps = 4000000;
    uint64_t start_ns = satsync_sim_now_ns(sites.sim);
    assert_int_equal(satsync_push(sites.store[0], 1, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
    /* 2 MB and the headers at 4 Mbit/s. */
    assert_in_range(satsync_sim_now_ns(sites.sim) - start_ns, 4100000000, 4500000000);
    two_sites_close(&sites);
}

static void test_second_push_remembers_the_path_of_the_first(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=600ms&seed=3");
    two_sites_save(&sites, 1, 12000000);
    two_sites_save(&sites, 2, 12000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    uint64_t first_ns = pushes_in_ns(&sites, 1);
    uint64_t second_ns = pushes_in_ns(&sites, 2);
    /* The round trip in which the first found the rate out; and no more was lost. */
    assert_in_range(first_ns - second_ns, 400000000, 700000000);
    two_sites_close(&sites);
}

/* The same at each step but for one byte in 4096. */
static uint8_t *content_of(uint64_t step, size_t bytes) {
    uint8_t *data = malloc(bytes);
    struct random random = random_of(1, 0);
    assert_non_null(data);
    random_bytes(&random, data, bytes);
    for (size_t i = 0; i < bytes; i += 4096) {
        data[i] = (uint8_t)step;
    }
    return data;
}

static void save_difference(struct two_sites *sites, uint64_t step, size_t bytes) {
    uint8_t *data = content_of(step, bytes);
    const struct satsync_tensor tensor = {
        .name = "weights", .dtype = SATSYNC_U8, .dimensions = 1, .shape = {bytes}, .data = data};
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_operation *operation;
    satsync_save_options_init(&options);
    options.step = step;
    options.base = SATSYNC_BASE_AUTO;
    assert_int_equal(satsync_save_begin(sites->store[0], &options, &save, &sites->error), 0);
    assert_int_equal(satsync_save_put(save, &tensor, &sites->error), 0);
    assert_int_equal(satsync_save_commit(save, &operation, &sites->error), 0);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, &sites->error), 0);
    satsync_operation_free(operation);
    free(data);
}

static void expect_there(struct two_sites *sites, uint64_t step, size_t bytes) {
    uint8_t *data = content_of(step, bytes);
    uint8_t *got = malloc(bytes);
    struct satsync_reader *reader;
    assert_non_null(got);
    assert_int_equal(satsync_reader_open(sites->store[1], step, &reader, &sites->error), 0);
    assert_int_equal(satsync_reader_read(reader, 0, 0, got, bytes, &sites->error), 0);
    assert_memory_equal(got, data, bytes);
    satsync_reader_close(reader);
    free(got);
    free(data);
}

static void test_a_difference_travels_with_its_base_and_alone_when_that_is_there(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=10M&rtt=100ms&seed=3");
    for (uint64_t step = 1; step <= 3; step++) {
        save_difference(&sites, step, 3000000);
    }
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(push(&sites, 2, 0), SATSYNC_OK); /* step 1 itself never goes there */
    expect_there(&sites, 2, 3000000);
    uint64_t before_ns = satsync_sim_now_ns(sites.sim);
    assert_int_equal(push(&sites, 3, 0), SATSYNC_OK);
    assert_true(satsync_sim_now_ns(sites.sim) - before_ns < 800000000); /* whole it takes 2.5 s */
    expect_there(&sites, 3, 3000000);
    two_sites_close(&sites);
}

static void test_small_push_takes_little_more_than_its_round_trips(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=100M&rtt=600ms&seed=3");
    two_sites_save(&sites, 7, 100000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    uint64_t before_ns = satsync_sim_now_ns(sites.sim);
    assert_int_equal(push(&sites, 7, 0), SATSYNC_OK);
    /* Offer in the first flight and its answer; bytes and result. */
    assert_in_range(satsync_sim_now_ns(sites.sim) - before_ns, 1200000000, 1400000000);
    two_sites_assert_equal(&sites, 7);
    two_sites_close(&sites);
}

static void test_push_survives_an_outage_and_the_server_restarting(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&loss=1%&seed=5");
    two_sites_save(&sites, 9, 5000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    assert_int_equal(satsync_push(sites.store[0], 9, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 700000000), SATSYNC_AGAIN);
    satsync_sim_shut(sites.sim, 5000000000);
    assert_int_equal(two_sites_run(&sites, operation, 5500000000), SATSYNC_AGAIN);
    /* Freed without a goodbye: as when its process dies. */
    two_sites_stop_serving(&sites);
    assert_int_equal(two_sites_run(&sites, operation, 6500000000), SATSYNC_AGAIN);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_OK);
    two_sites_assert_equal(&sites, 9);
    two_sites_close(&sites);
}

static void test_interrupted_push_sends_only_the_rest(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&seed=5");
    two_sites_save(&sites, 9, 5000000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    options.rate_bps = 20000000;
    struct satsync_operation *operation;
    assert_int_equal(satsync_push(sites.store[0], 9, &options, &operation, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(two_sites_run(&sites, operation, 1200000000), SATSYNC_AGAIN);
    satsync_operation_free(operation);

    assert_int_equal(satsync_push(sites.store[0], 9, &options, &operation, &sites.error),
                     SATSYNC_OK);
    struct satsync_progress progress;
    enum satsync_status status;
    do {
        while (satsync_engine_poll(sites.engine)) {
        }
        satsync_operation_progress(operation, &progress);
        status = satsync_operation_result(operation, &sites.error);
    } while (status == SATSYNC_AGAIN && satsync_sim_step(sites.sim));
    assert_int_equal(status, SATSYNC_OK);
    satsync_operation_free(operation);
    /* About a second of 20 Mbit/s was there. */
    assert_true(progress.present_bytes > 1500000);
    assert_true(progress.payload_bytes < progress.total_bytes - progress.present_bytes + 100000);
    two_sites_assert_equal(&sites, 9);
    two_sites_close(&sites);
}

static void test_without_a_path_it_gives_up_in_time(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&seed=5");
    two_sites_save(&sites, 9, 5000000);
    satsync_sim_shut(sites.sim, UINT64_MAX);
    struct satsync_site_options options = two_sites_options(&sites);
    options.give_up_ns = 30000000000;
    struct satsync_operation *operation;
    assert_int_equal(satsync_push(sites.store[0], 9, &options, &operation, &sites.error),
                     SATSYNC_OK);
    uint64_t before_ns = satsync_sim_now_ns(sites.sim);
    assert_int_equal(two_sites_run(&sites, operation, 0), SATSYNC_NO_PATH);
    uint64_t took_ns = satsync_sim_now_ns(sites.sim) - before_ns;
    assert_in_range(took_ns, 30000000000, 33000000000);
    two_sites_close(&sites);
}

static void test_missing_step_is_refused_before_anything_is_sent(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&seed=5");
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    assert_int_equal(push(&sites, 77, 0), SATSYNC_NOT_FOUND);
    two_sites_close(&sites);
}

static void test_peer_without_the_right_to_write_is_told_so(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&seed=5");
    two_sites_save(&sites, 9, 500000);
    two_sites_serve(&sites, SATSYNC_RIGHT_READ);
    assert_int_equal(push(&sites, 9, 0), SATSYNC_REFUSED);
    assert_non_null(strstr(sites.error.message, "--allow-write"));
    size_t count;
    assert_int_equal(satsync_store_steps(sites.store[1], NULL, 0, &count, &sites.error),
                     SATSYNC_OK);
    assert_int_equal(count, 0);
    two_sites_close(&sites);
}

static void test_plan_says_what_is_missing_and_sends_nothing(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=100ms&seed=5");
    two_sites_save(&sites, 9, 500000);
    two_sites_serve(&sites, SATSYNC_RIGHT_WRITE);
    struct satsync_site_options options = two_sites_options(&sites);
    struct satsync_operation *operation;
    assert_int_equal(satsync_push_plan(sites.store[0], 9, &options, &operation, &sites.error),
                     SATSYNC_OK);
    struct satsync_progress progress;
    do {
        while (satsync_engine_poll(sites.engine)) {
        }
        satsync_operation_progress(operation, &progress);
    } while (satsync_operation_result(operation, NULL) == SATSYNC_AGAIN &&
             satsync_sim_step(sites.sim));
    assert_int_equal(satsync_operation_result(operation, &sites.error), SATSYNC_OK);
    satsync_operation_free(operation);
    assert_true(progress.total_bytes > 500000);
    assert_int_equal(progress.present_bytes, 0);
    assert_true(progress.wire_bytes < 20000);
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_crosses_a_lossy_link_whole),
        cmocka_unit_test(test_every_controller_gets_it_across),
        cmocka_unit_test(test_a_limited_push_takes_its_time),
        cmocka_unit_test(test_second_push_remembers_the_path_of_the_first),
        cmocka_unit_test(test_a_difference_travels_with_its_base_and_alone_when_that_is_there),
        cmocka_unit_test(test_small_push_takes_little_more_than_its_round_trips),
        cmocka_unit_test(test_push_survives_an_outage_and_the_server_restarting),
        cmocka_unit_test(test_interrupted_push_sends_only_the_rest),
        cmocka_unit_test(test_without_a_path_it_gives_up_in_time),
        cmocka_unit_test(test_missing_step_is_refused_before_anything_is_sent),
        cmocka_unit_test(test_peer_without_the_right_to_write_is_told_so),
        cmocka_unit_test(test_plan_says_what_is_missing_and_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
