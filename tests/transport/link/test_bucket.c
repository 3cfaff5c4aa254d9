#include "transport/link/bucket.h"

#include "support/cmocka.h"

static const uint64_t second = 1000000000;

static unsigned take_all(struct bucket *bucket, uint64_t now_ns) {
    unsigned taken = 0;
    while (bucket_take(bucket, now_ns)) {
        taken++;
    }
    return taken;
}

static void test_full_bucket_gives_a_seconds_worth_at_once_and_no_more(void **state) {
    (void)state;
    const uint32_t rates[] = {1, 3, 100, 200, 999999};
    for (int i = 0; i < 5; i++) {
        struct bucket bucket;
        bucket_init(&bucket, rates[i], 5);
        assert_int_equal(take_all(&bucket, 5), rates[i]);
        assert_int_equal(take_all(&bucket, 5 + 100 * second), rates[i]);
    }
}

static void test_tokens_come_back_at_the_rate(void **state) {
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 0);
    take_all(&bucket, 0);
    assert_false(bucket_take(&bucket, second / 10 - 1));
    assert_true(bucket_take(&bucket, second / 10));
    assert_false(bucket_take(&bucket, second / 10));
    assert_int_equal(take_all(&bucket, second / 10 + second / 2), 5);
}

static void test_time_that_goes_back_gives_nothing(void **state) {
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 10, 50 * second);
    take_all(&bucket, 50 * second);
    assert_false(bucket_take(&bucket, 0));
    assert_true(bucket_take(&bucket, 51 * second));
    bucket_take(&bucket, UINT64_MAX);
}

static void test_low_means_less_than_half(void **state) {
    (void)state;
    struct bucket bucket;
    bucket_init(&bucket, 4, 0);
    assert_true(bucket_take(&bucket, 0));
    assert_true(bucket_take(&bucket, 0));
    assert_false(bucket_is_low(&bucket, 0));
    assert_true(bucket_take(&bucket, 0));
    assert_true(bucket_is_low(&bucket, 0));
    assert_false(bucket_is_low(&bucket, second));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_bucket_gives_a_seconds_worth_at_once_and_no_more),
        cmocka_unit_test(test_tokens_come_back_at_the_rate),
        cmocka_unit_test(test_time_that_goes_back_gives_nothing),
        cmocka_unit_test(test_low_means_less_than_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
