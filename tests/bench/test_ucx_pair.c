#include "bench/ucx_pair.h"

#include "bench/ucx_messages.h"
#include "bench/ucx_reduce.h"
#include "support/cmocka.h"

#include <string.h>
#include <unistd.h>

static void test_messages_are_timed_over_each_transport(void **state) {
    (void)state;
    static const char *const transports[] = {"posix", "tcp"};
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        const struct ucx_messages messages = {transports[i], 100000, 50};
        uint64_t time_ns = 0;
        assert_int_equal(ucx_messages_stream(&messages, &time_ns, NULL), SATSYNC_OK);
        assert_true(time_ns > 0);
    }
}

static void test_sums_are_right_and_timed(void **state) {
    (void)state;
    uint64_t time_ns = 0;
    assert_int_equal(ucx_reduce("posix", 1 << 20, &time_ns, NULL), SATSYNC_OK);
    assert_true(time_ns > 0);
}

static void test_a_transport_that_is_not_here_is_an_error(void **state) {
    (void)state;
    const struct ucx_messages messages = {"nothing", 1, 1};
    struct satsync_error error = {0};
    uint64_t time_ns;
    assert_int_equal(ucx_messages_stream(&messages, &time_ns, &error), SATSYNC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "UCX_TLS"));
}

static enum satsync_status leave_early(struct ucx_pair_end *end, struct satsync_error *error) {
    (void)error;
    if (end->rank == 1) {
        _exit(1);
    }
    return SATSYNC_OK;
}

static void test_a_process_that_dies_is_an_error(void **state) {
    (void)state;
    const struct ucx_pair pair = {.transports = "posix", .run = leave_early};
    struct satsync_error error;
    assert_int_equal(ucx_pair_run(&pair, &error), SATSYNC_TIMED_OUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_are_timed_over_each_transport),
        cmocka_unit_test(test_sums_are_right_and_timed),
        cmocka_unit_test(test_a_transport_that_is_not_here_is_an_error),
        cmocka_unit_test(test_a_process_that_dies_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
