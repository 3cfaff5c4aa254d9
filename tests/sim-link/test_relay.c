#include "sim-link/relay.h"

#include "support/cmocka.h"
#include "support/fates.h"
#include "support/relay_world.h"

#include <string.h>

static void send_from(struct net *net, const struct net_address *to, uint8_t *data, size_t bytes) {
    struct net_batch batch = {.data = data, .bytes = bytes, .segment_bytes = 1000, .peer = *to};
    assert_int_equal(net->ops->send(net, &batch), SATSYNC_OK);
}

static void test_datagrams_go_up_and_answers_come_back(void **state) {
    (void)state;
    struct relay_world world;
    struct net_address from;
    uint8_t data[20500];
    uint8_t got[20500];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7 + i / 1000);
    }
    relay_world_open(&world, "plain?rtt=4ms");
    uint64_t sent_ns = world.client->ops->now_ns(world.client);
    send_from(world.client, &world.relay_address, data, sizeof data);
    relay_world_receive(&world, world.target, got, sizeof got, &from);
    assert_memory_equal(got, data, sizeof data);
    assert_true(world.client->ops->now_ns(world.client) - sent_ns >= 2000000);
    send_from(world.target, &from, data, 700);
    relay_world_receive(&world, world.client, got, 700, &from);
    assert_memory_equal(got, data, 700);
    assert_true(net_address_equal(&from, &world.relay_address));
    relay_world_close(&world);
}

static void test_loss_is_counted_and_nothing_vanishes(void **state) {
    (void)state;
    struct relay_world world;
    uint8_t data[40000] = {0};
    relay_world_open(&world, "plain?loss=20%&seed=5");
    for (uint64_t i = 1; i <= 50; i++) {
        send_from(world.client, &world.relay_address, data, sizeof data);
        relay_world_enter(&world, i * 40);
    }
    struct relay_report report;
    relay_report(world.relay, &report);
    assert_int_equal(report.up.entered_packets, 2000);
    assert_in_range(report.up.dropped_packets[DROP_LOSS], 320, 480);
    assert_int_equal(report.up.delivered_packets + report.up.dropped_packets[DROP_LOSS], 2000);
    assert_int_equal(report.late.count, report.up.delivered_packets);
    assert_int_equal(report.clients, 1);
    relay_world_close(&world);
}

static void test_a_shut_relay_drops_and_an_open_one_passes(void **state) {
    (void)state;
    struct relay_world world;
    struct net_address from;
    uint8_t data[10] = {0};
    relay_world_open(&world, "plain?rtt=1ms");
    relay_shut(world.relay, UINT64_MAX);
    assert_true(relay_is_shut(world.relay));
    send_from(world.client, &world.relay_address, data, 10);
    relay_world_enter(&world, 1);
    relay_shut(world.relay, 0);
    assert_false(relay_is_shut(world.relay));
    send_from(world.client, &world.relay_address, data, 10);
    relay_world_receive(&world, world.target, data, 10, &from);
    struct relay_report report;
    relay_report(world.relay, &report);
    assert_int_equal(report.up.dropped_packets[DROP_GATE], 1);
    assert_int_equal(report.up.delivered_packets, 1);
    relay_world_close(&world);
}

static void test_strangers_cannot_answer_for_the_target(void **state) {
    (void)state;
    struct relay_world world;
    struct net_address from;
    uint8_t data[10] = {1};
    relay_world_open(&world, "plain");
    send_from(world.client, &world.relay_address, data, 10);
    relay_world_receive(&world, world.target, data, 10, &from);
    send_from(world.client, &from, data, 10); /* the client itself, to the upstream port */
    send_from(world.target, &from, data, 10);
    relay_world_receive(&world, world.client, data, 10, &from);
    struct relay_report report;
    relay_report(world.relay, &report);
    assert_int_equal(report.down.entered_packets, 1);
    relay_world_close(&world);
}

/* Whenever this machine let the relay run: what became of a packet is a function of when it came.
 */
static void test_virtual_time_gives_every_packet_the_same_fate(void **state) {
    (void)state;
    static const char *const links[] = {
        "plain?rate=300M&rtt=4ms&jitter=1ms&loss=3%&burst=4&queue=2ms&reorder=2%&duplicate=2%&"
        "corrupt=1%&outage=3ms&outage-hold=3ms&outage-at=1ms&outage-every=25ms&seed=21",
        "leo-bent?up.rate=400M&start=11900ms&seed=22",
        "plain?rate=200M&rtt=2ms&aqm=codel&codel-target=1ms&codel-interval=5ms&police=250M&"
        "fade=3ms&fade-every=10ms&fade-loss=50%",
    };
    static struct fates fates;
    uint8_t data[20500] = {0};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct relay_world world;
        struct profile profile;
        struct net_batch batch;
        assert_int_equal(profile_parse(links[i], &profile, NULL), SATSYNC_OK);
        fates_init(&fates);
        relay_world_open_watched(&world, &profile, &fates.watch);
        for (uint64_t k = 1; k <= 120; k++) {
            send_from(world.client, &world.relay_address, data, sizeof data);
            relay_world_enter(&world, k * 21);
        }
        while (relay_next_ns(world.relay) != UINT64_MAX) {
            relay_poll(world.relay);
            while (world.target->ops->receive(world.target, &batch)) {
                continue;
            }
        }
        relay_world_close(&world);
        assert_in_range(fates.count, 2520, 2700);
        assert_int_equal(fates_that_differ(&fates, &profile, false), 0);
        profile.seed++; /* another seed is another link: the comparison can fail */
        assert_true(i > 0 || fates_that_differ(&fates, &profile, false) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datagrams_go_up_and_answers_come_back),
        cmocka_unit_test(test_loss_is_counted_and_nothing_vanishes),
        cmocka_unit_test(test_a_shut_relay_drops_and_an_open_one_passes),
        cmocka_unit_test(test_strangers_cannot_answer_for_the_target),
        cmocka_unit_test(test_virtual_time_gives_every_packet_the_same_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
