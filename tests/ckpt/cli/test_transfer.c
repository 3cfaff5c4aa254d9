#include "ckpt/cli/transfer.h"

#include "support/cmocka.h"

static struct satsync_progress hundred_megabytes(void) {
    struct satsync_progress progress = {
        .total_bytes = 150000000, .present_bytes = 50000000, .min_rtt_ns = 600000000};
    return progress;
}

static void test_the_floor_is_half_a_round_trip_and_the_missing_bytes(void **state) {
    (void)state;
    struct satsync_progress progress = hundred_megabytes();
    /* 0.3 s + 8e8 bit / (100e6 * 1420/1500) bit/s */
    assert_in_range(transfer_floor_ns(&progress, 100000000), 8750704000, 8750705000);
    progress.loss_ppm = 500000;
    assert_in_range(transfer_floor_ns(&progress, 100000000), 17201407000, 17201409000);
}

static void test_the_floor_of_what_is_there_is_half_a_round_trip(void **state) {
    (void)state;
    struct satsync_progress progress = hundred_megabytes();
    progress.present_bytes = progress.total_bytes + 1;
    assert_int_equal(transfer_floor_ns(&progress, 100000000), 300000000);
}

static void test_no_floor_from_guesses(void **state) {
    (void)state;
    struct satsync_progress progress = hundred_megabytes();
    assert_int_equal(transfer_floor_ns(&progress, 0), 0);
    progress.loss_ppm = 1000000;
    assert_int_equal(transfer_floor_ns(&progress, 100000000), 0);
    progress = hundred_megabytes();
    progress.min_rtt_ns = 0;
    assert_int_equal(transfer_floor_ns(&progress, 100000000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_floor_is_half_a_round_trip_and_the_missing_bytes),
        cmocka_unit_test(test_the_floor_of_what_is_there_is_half_a_round_trip),
        cmocka_unit_test(test_no_floor_from_guesses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
