#include "sim-link/emulation.h"

#include "port/carrier.h"
#include "support/cmocka.h"

#include <string.h>

static void test_both_ends_exchange_and_are_counted(void **state) {
    (void)state;
    struct satsync_sim *sim;
    struct net *nets[2];
    assert_int_equal(satsync_sim_open("plain?rtt=20ms&start=3s", &sim, NULL), SATSYNC_OK);
    for (int i = 0; i < 2; i++) {
        struct satsync_carrier *carrier = satsync_sim_carrier(sim, i);
        assert_int_equal(carrier->open(carrier, &nets[i], NULL), SATSYNC_OK);
    }
    uint8_t data[3] = {1, 2, 3};
    struct net_batch batch = {.data = data, .bytes = 3, .segment_bytes = 3};
    assert_int_equal(nets[0]->ops->resolve(nets[0], "sim:1", &batch.peer, NULL), SATSYNC_OK);
    assert_int_equal(nets[0]->ops->send(nets[0], &batch), SATSYNC_OK);
    assert_true(satsync_sim_step(sim));
    assert_int_equal(satsync_sim_now_ns(sim), 3010000000);
    struct net_batch got;
    assert_true(nets[1]->ops->receive(nets[1], &got));
    assert_memory_equal(got.data, data, 3);
    struct satsync_sim_counts counts = {.size = sizeof counts};
    satsync_sim_get_counts(sim, 0, &counts);
    assert_int_equal(counts.delivered_packets, 1);
    assert_int_equal(counts.delivered_bytes, 3);
    satsync_sim_close(sim);
}

static void test_an_end_is_opened_once_at_a_time(void **state) {
    (void)state;
    struct satsync_sim *sim;
    struct net *net;
    struct net *second;
    assert_int_equal(satsync_sim_open("lan", &sim, NULL), SATSYNC_OK);
    struct satsync_carrier *carrier = satsync_sim_carrier(sim, 1);
    assert_int_equal(carrier->open(carrier, &net, NULL), SATSYNC_OK);
    assert_int_equal(carrier->open(carrier, &second, NULL), SATSYNC_BUSY);
    net->ops->close(net);
    assert_int_equal(carrier->open(carrier, &net, NULL), SATSYNC_OK);
    satsync_sim_close(sim);
}

static void test_an_older_caller_gets_what_it_knows(void **state) {
    (void)state;
    struct satsync_sim *sim;
    assert_int_equal(satsync_sim_open("lan", &sim, NULL), SATSYNC_OK);
    struct satsync_sim_counts counts;
    memset(&counts, 0xee, sizeof counts);
    counts.size = 2 * sizeof(uint64_t);
    satsync_sim_get_counts(sim, 0, &counts);
    assert_int_equal(counts.entered_packets, 0);
    assert_true(counts.entered_bytes == 0xeeeeeeeeeeeeeeeeu);
    satsync_sim_close(sim);
}

static void test_a_wrong_link_opens_nothing(void **state) {
    (void)state;
    struct satsync_sim *sim;
    struct satsync_error error;
    assert_int_equal(satsync_sim_open("gео", &sim, &error), SATSYNC_NOT_FOUND);
    assert_null(sim);
    satsync_sim_close(sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends_exchange_and_are_counted),
        cmocka_unit_test(test_an_end_is_opened_once_at_a_time),
        cmocka_unit_test(test_an_older_caller_gets_what_it_knows),
        cmocka_unit_test(test_a_wrong_link_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
