#include "transport/udp/udp.h"

#include "base/timers.h"
#include "support/cmocka.h"
#include "transport/udp/udp_address.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT = 1200 };

static struct net *open_net(const char *listen, enum udp_mode mode) {
    struct net *net;
    struct satsync_error error = {.status = SATSYNC_OK};
    struct udp_options options = {.listen = listen, .mode = mode};
    if (udp_open(&options, &net, &error) != SATSYNC_OK) {
        print_message("%s: %s\n", listen, error.message);
        return NULL;
    }
    return net;
}

static void fill(uint8_t *data, size_t bytes, unsigned seed) {
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(i * 31 + (i >> 8) + seed);
    }
}

/* Receives until `bytes` came; they must be those of `expected`, in order. */
static void expect(struct net *net, const uint8_t *expected, size_t bytes, uint8_t ecn) {
    size_t got = 0;
    while (got < bytes) {
        struct net_batch batch;
        if (!net->ops->receive(net, &batch)) {
            net->ops->wait(net, TIME_NEVER);
            continue;
        }
        assert_true(got + batch.bytes <= bytes);
        assert_memory_equal(batch.data, expected + got, batch.bytes);
        assert_int_equal(batch.ecn, ecn);
        assert_true(batch.time_ns > 0 && batch.time_ns <= net->ops->now_ns(net));
        assert_true(batch.segment_bytes > 0 && batch.segment_bytes <= SEGMENT);
        got += batch.bytes;
    }
}

static void exchange(const char *host, enum udp_mode mode, size_t bytes, uint8_t ecn) {
    struct net *a = open_net(host, mode);
    struct net *b = open_net(host, mode);
    if (a == NULL || b == NULL) {
        skip();
    }
    static uint8_t data[128 * SEGMENT];
    assert_true(bytes <= sizeof data);
    fill(data, bytes, (unsigned)mode);
    struct net_batch batch = {.data = data, .bytes = bytes, .segment_bytes = SEGMENT, .ecn = ecn};
    b->ops->local(b, &batch.peer);
    assert_int_equal(a->ops->send(a, &batch), SATSYNC_OK);
    expect(b, data, bytes, ecn);
    a->ops->close(a);
    b->ops->close(b);
}

static const char *const HOSTS[] = {"127.0.0.1:0", "[::1]:0"};

static void each_mode(size_t bytes, uint8_t ecn) {
    for (size_t host = 0; host < 2; host++) {
        for (enum udp_mode mode = UDP_AUTO; mode <= UDP_MMSG; mode++) {
            exchange(HOSTS[host], mode, bytes, ecn);
        }
    }
}

static void test_one_datagram_arrives(void **state) {
    (void)state;
    each_mode(1, 0);
    each_mode(SEGMENT, 0);
}

static void test_44_segments_and_a_short_one_arrive_in_order(void **state) {
    (void)state;
    each_mode(44 * SEGMENT + 7, 0);
}

static void test_more_than_one_offload_arrives_in_order(void **state) {
    (void)state;
    each_mode(127 * SEGMENT + 1, 0);
}

static void test_ecn_bits_arrive(void **state) {
    (void)state;
    each_mode(SEGMENT, 2);
    each_mode(3 * SEGMENT, 1);
}

static void test_a_socket_of_both_families_answers_an_ipv4_peer(void **state) {
    (void)state;
    struct net *server = open_net(NULL, UDP_AUTO);
    struct net *client = open_net("127.0.0.1:0", UDP_AUTO);
    struct net_address local;
    char text[UDP_ADDRESS_TEXT_BYTES];
    server->ops->local(server, &local);
    server->ops->format(server, &local, text, sizeof text);
    char target[80];
    snprintf(target, sizeof target, "127.0.0.1%s", strrchr(text, ':'));
    uint8_t data[100];
    fill(data, sizeof data, 3);
    struct net_batch batch = {.data = data, .bytes = sizeof data, .segment_bytes = sizeof data};
    assert_int_equal(client->ops->resolve(client, target, &batch.peer, NULL), SATSYNC_OK);
    assert_int_equal(client->ops->send(client, &batch), SATSYNC_OK);
    struct net_batch got;
    while (!server->ops->receive(server, &got)) {
        server->ops->wait(server, TIME_NEVER);
    }
    client->ops->local(client, &local);
    assert_true(net_address_equal(&got.peer, &local));
    batch.peer = got.peer;
    assert_int_equal(server->ops->send(server, &batch), SATSYNC_OK);
    expect(client, data, sizeof data, 0);
    client->ops->close(client);
    server->ops->close(server);
}

static void *wake_it(void *net) {
    ((struct net *)net)->ops->wake(net);
    return NULL;
}

static void test_wake_from_another_thread_ends_a_wait(void **state) {
    (void)state;
    for (enum udp_mode mode = UDP_AUTO; mode <= UDP_MMSG; mode++) {
        struct net *net = open_net("127.0.0.1:0", mode);
        if (net == NULL) {
            continue;
        }
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, wake_it, net), 0);
        net->ops->wait(net, TIME_NEVER);
        pthread_join(thread, NULL);
        net->ops->close(net);
    }
}

static void test_a_wait_ends_at_its_time_and_not_before(void **state) {
    (void)state;
    struct net *net = open_net("127.0.0.1:0", UDP_AUTO);
    uint64_t until_ns = net->ops->now_ns(net) + 2000000;
    net->ops->wait(net, until_ns);
    assert_true(net->ops->now_ns(net) >= until_ns);
    net->ops->wait(net, 0);
    net->ops->close(net);
}

static void test_a_peer_that_is_gone_does_not_break_the_net(void **state) {
    (void)state;
    for (enum udp_mode mode = UDP_AUTO; mode <= UDP_MMSG; mode++) {
        struct net *net = open_net("127.0.0.1:0", mode);
        struct net *gone = open_net("127.0.0.1:0", UDP_MMSG);
        struct net *there = open_net("127.0.0.1:0", UDP_MMSG);
        if (net == NULL) {
            continue;
        }
        uint8_t data[10] = {1, 2, 3};
        struct net_batch batch = {.data = data, .bytes = 10, .segment_bytes = 10};
        gone->ops->local(gone, &batch.peer);
        gone->ops->close(gone);
        for (int i = 0; i < 5; i++) {
            enum satsync_status status = net->ops->send(net, &batch);
            assert_true(status == SATSYNC_OK || status == SATSYNC_NO_PATH);
        }
        net->ops->local(net, &batch.peer);
        assert_int_equal(there->ops->send(there, &batch), SATSYNC_OK);
        expect(net, data, sizeof data, 0);
        there->ops->close(there);
        net->ops->close(net);
    }
}

static void test_a_datagram_above_the_limit_is_a_matter_of_the_path(void **state) {
    (void)state;
    struct net *net = open_net("127.0.0.1:0", UDP_AUTO);
    static uint8_t data[70000];
    struct net_batch batch = {.data = data, .bytes = 70000, .segment_bytes = 70000};
    net->ops->local(net, &batch.peer);
    assert_int_equal(net->ops->send(net, &batch), SATSYNC_NO_PATH);
    net->ops->close(net);
}

static void test_a_port_in_use_is_told_as_such(void **state) {
    (void)state;
    struct net *first = open_net("127.0.0.1:0", UDP_AUTO);
    struct net_address local;
    char text[UDP_ADDRESS_TEXT_BYTES];
    first->ops->local(first, &local);
    first->ops->format(first, &local, text, sizeof text);
    struct net *second;
    struct satsync_error error;
    struct udp_options options = {.listen = text};
    assert_int_equal(udp_open(&options, &second, &error), SATSYNC_ADDRESS);
    assert_null(second);
    assert_non_null(strstr(error.message, text));
    assert_non_null(strstr(error.message, "is in use"));
    first->ops->close(first);
}

static void test_an_address_of_another_machine_is_refused(void **state) {
    (void)state;
    struct net *net;
    struct satsync_error error;
    struct udp_options options = {.listen = "192.0.2.1:0"};
    assert_int_equal(udp_open(&options, &net, &error), SATSYNC_ADDRESS);
    assert_non_null(strstr(error.message, "not an address of this machine"));
}

static void test_the_environment_chooses_the_receiver(void **state) {
    (void)state;
    setenv("SATSYNC_UDP", "mmsg", 1);
    struct net *net = open_net("127.0.0.1:0", UDP_AUTO);
    assert_string_equal(udp_receiver_name(net), "recvmmsg");
    net->ops->close(net);
    setenv("SATSYNC_UDP", "carrier-pigeon", 1);
    struct udp_options options = {.listen = NULL};
    assert_int_equal(udp_open(&options, &net, NULL), SATSYNC_INVALID);
    unsetenv("SATSYNC_UDP");
}

struct countdown {
    int left;
};

static void *failing_allocate(void *context, size_t bytes) {
    struct countdown *countdown = context;
    return countdown->left-- > 0 ? malloc(bytes) : NULL;
}

static void failing_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

static void test_each_failed_allocation_is_told_or_worked_around(void **state) {
    (void)state;
    for (int n = 0; n < 6; n++) {
        struct countdown countdown = {n};
        struct allocator allocator = {failing_allocate, failing_release, &countdown};
        struct net *net;
        struct udp_options options = {.listen = "127.0.0.1:0", .allocator = &allocator};
        enum satsync_status status = udp_open(&options, &net, NULL);
        if (status == SATSYNC_OK) {
            net->ops->close(net);
        } else {
            assert_int_equal(status, SATSYNC_NO_MEMORY);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_datagram_arrives),
        cmocka_unit_test(test_44_segments_and_a_short_one_arrive_in_order),
        cmocka_unit_test(test_more_than_one_offload_arrives_in_order),
        cmocka_unit_test(test_ecn_bits_arrive),
        cmocka_unit_test(test_a_socket_of_both_families_answers_an_ipv4_peer),
        cmocka_unit_test(test_wake_from_another_thread_ends_a_wait),
        cmocka_unit_test(test_a_wait_ends_at_its_time_and_not_before),
        cmocka_unit_test(test_a_peer_that_is_gone_does_not_break_the_net),
        cmocka_unit_test(test_a_datagram_above_the_limit_is_a_matter_of_the_path),
        cmocka_unit_test(test_a_port_in_use_is_told_as_such),
        cmocka_unit_test(test_an_address_of_another_machine_is_refused),
        cmocka_unit_test(test_the_environment_chooses_the_receiver),
        cmocka_unit_test(test_each_failed_allocation_is_told_or_worked_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
