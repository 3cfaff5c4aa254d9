#include "sim-link/emulation.h"

#include "port/carrier.h"
#include "support/cmocka.h"
#include "support/recorded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static const char THREE[] = "site memphis\nsite atlanta\nsite abudhabi\n"
                            "link memphis atlanta plain?rtt=10ms\n"
                            "link abudhabi memphis plain?rtt=80ms\n";

static struct satsync_sim *open_three(char path[32]) {
    struct satsync_sim *sim;
    strcpy(path, "/tmp/satsync-topology-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, THREE, sizeof THREE - 1), sizeof THREE - 1);
    close(fd);
    assert_int_equal(satsync_sim_open_topology(path, &sim, NULL), SATSYNC_OK);
    return sim;
}

static struct net *net_of(struct satsync_sim *sim, int site) {
    struct net *net;
    struct satsync_carrier *carrier = satsync_sim_carrier(sim, site);
    assert_int_equal(carrier->open(carrier, &net, NULL), SATSYNC_OK);
    return net;
}

static enum satsync_status send_to(struct net *net, const char *address) {
    uint8_t data[100] = {0};
    struct net_batch batch = {.data = data, .bytes = 100, .segment_bytes = 100};
    assert_int_equal(net->ops->resolve(net, address, &batch.peer, NULL), SATSYNC_OK);
    return net->ops->send(net, &batch);
}

static void test_sites_send_each_other_by_name(void **state) {
    (void)state;
    char path[32];
    struct satsync_sim *sim = open_three(path);
    struct net *nets[3];
    for (int i = 0; i < 3; i++) {
        nets[i] = net_of(sim, i);
    }
    assert_int_equal(satsync_sim_sites(sim), 3);
    assert_int_equal(satsync_sim_find_site(sim, "abudhabi"), 2);
    assert_int_equal(satsync_sim_find_site(sim, "dubai"), -1);
    assert_string_equal(satsync_sim_site_name(sim, 1), "atlanta");
    assert_int_equal(send_to(nets[0], "sim:abudhabi"), SATSYNC_OK);
    assert_int_equal(send_to(nets[0], "sim:1"), SATSYNC_OK);
    assert_int_equal(send_to(nets[1], "sim:abudhabi"), SATSYNC_NO_PATH);
    struct net_batch got;
    char text[64];
    satsync_sim_run_until(sim, 39000000);
    assert_true(nets[1]->ops->receive(nets[1], &got));
    nets[1]->ops->format(nets[1], &got.peer, text, sizeof text);
    assert_string_equal(text, "sim:memphis");
    assert_false(nets[2]->ops->receive(nets[2], &got));
    satsync_sim_run_until(sim, 41000000);
    assert_true(nets[2]->ops->receive(nets[2], &got));
    struct satsync_sim_counts counts = {.size = sizeof counts};
    assert_int_equal(satsync_sim_get_link_counts(sim, 0, 2, &counts, NULL), SATSYNC_OK);
    assert_int_equal(counts.delivered_packets, 1);
    assert_int_equal(satsync_sim_get_link_counts(sim, 2, 0, &counts, NULL), SATSYNC_OK);
    assert_int_equal(counts.entered_packets, 0);
    assert_int_equal(satsync_sim_get_link_counts(sim, 1, 2, &counts, NULL), SATSYNC_NOT_FOUND);
    satsync_sim_close(sim);
    unlink(path);
}

static void test_one_link_of_several_is_shut(void **state) {
    (void)state;
    char path[32];
    struct satsync_sim *sim = open_three(path);
    struct net *memphis = net_of(sim, 0);
    struct satsync_sim_counts counts = {.size = sizeof counts};
    assert_int_equal(satsync_sim_shut_link(sim, 0, 2, UINT64_MAX, NULL), SATSYNC_OK);
    assert_int_equal(satsync_sim_shut_link(sim, 1, 2, UINT64_MAX, NULL), SATSYNC_NOT_FOUND);
    assert_int_equal(send_to(memphis, "sim:abudhabi"), SATSYNC_OK);
    assert_int_equal(send_to(memphis, "sim:atlanta"), SATSYNC_OK);
    satsync_sim_run_until(sim, 1000000000);
    assert_int_equal(satsync_sim_get_link_counts(sim, 0, 2, &counts, NULL), SATSYNC_OK);
    assert_int_equal(counts.dropped_packets, 1);
    assert_int_equal(satsync_sim_get_link_counts(sim, 0, 1, &counts, NULL), SATSYNC_OK);
    assert_int_equal(counts.delivered_packets, 1);
    satsync_sim_shut(sim, UINT64_MAX);
    assert_int_equal(send_to(memphis, "sim:atlanta"), SATSYNC_OK);
    assert_int_equal(satsync_sim_get_link_counts(sim, 0, 1, &counts, NULL), SATSYNC_OK);
    assert_int_equal(counts.dropped_packets, 1);
    satsync_sim_close(sim);
    unlink(path);
}

static void test_a_record_is_written_and_ended(void **state) {
    (void)state;
    char path[32];
    struct satsync_sim *sim = open_three(path);
    struct recorded recorded;
    struct satsync_error error;
    recorded_name(&recorded);
    struct satsync_sim_record_options options = {
        .size = sizeof options, .series_path = recorded.series, .step_ns = 20000000};
    assert_int_equal(satsync_sim_record(sim, &options, &error), SATSYNC_OK);
    assert_int_equal(satsync_sim_record(sim, &options, &error), SATSYNC_WRONG_STATE);
    assert_int_equal(send_to(net_of(sim, 0), "sim:abudhabi"), SATSYNC_OK);
    satsync_sim_run_until(sim, 100000000);
    assert_int_equal(satsync_sim_end_record(sim, &error), SATSYNC_OK);
    size_t bytes;
    char *text = recorded_read(recorded.series, &bytes);
    assert_non_null(strstr(text, "\n0.060000000,memphis to abudhabi,0,0,0,40000000,40000000,0,1,"));
    free(text);
    options.series_path = "/nowhere/at/all.csv";
    assert_int_equal(satsync_sim_record(sim, &options, &error), SATSYNC_NOT_FOUND);
    options.series_path = recorded.series;
    assert_int_equal(satsync_sim_record(sim, &options, &error), SATSYNC_OK);
    satsync_sim_close(sim);
    recorded_end(&recorded);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends_exchange_and_are_counted),
        cmocka_unit_test(test_an_end_is_opened_once_at_a_time),
        cmocka_unit_test(test_an_older_caller_gets_what_it_knows),
        cmocka_unit_test(test_a_wrong_link_opens_nothing),
        cmocka_unit_test(test_sites_send_each_other_by_name),
        cmocka_unit_test(test_one_link_of_several_is_shut),
        cmocka_unit_test(test_a_record_is_written_and_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
