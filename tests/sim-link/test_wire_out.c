#include "sim-link/wire_out.h"

#include "support/cmocka.h"
#include "support/ip_flow.h"

#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct sim *sim;
    struct histogram late;
    struct wire_out out;
    int reader; /* a socket in place of the device */
};

static void open_world(struct world *world) {
    static const struct lane_plan nothing = {.mtu_bytes = 1500};
    struct sim_options options = {.whole_packets = true, .untraced = true};
    struct sim_lane lane = {&nothing, {.seed = 1}, wire_out_add, &world->out};
    struct lane *made;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(sim_open(&options, &world->sim, NULL), SATSYNC_OK);
    assert_int_equal(sim_add(world->sim, &lane, &made, NULL), SATSYNC_OK);
    world->late = (struct histogram){.count = 0};
    world->out = (struct wire_out){.fd = pair[0], .sim = world->sim, .late = &world->late};
    world->reader = pair[1];
}

static void close_world(struct world *world) {
    sim_close(world->sim);
    close(world->out.fd);
    close(world->reader);
}

static void send_flow(struct world *world, struct ip_flow *flow, int packets) {
    for (int i = 0; i < packets; i++) {
        uint8_t data[IP_FLOW_BYTES];
        struct packet header = {.bytes = (uint32_t)ip_flow_next(flow, 1000, data)};
        sim_push(world->sim, sim_lane_at(world->sim, 0), &header, data);
    }
    sim_run_until(world->sim, sim_now_ns(world->sim) + 1);
}

static void test_what_leaves_together_is_one_write(void **state) {
    (void)state;
    static struct world world;
    static uint8_t data[70000];
    struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
    open_world(&world);
    send_flow(&world, &flow, 5);
    assert_int_equal(read(world.reader, data, sizeof data), -1);
    assert_int_equal(sim_packets(world.sim), 5);
    wire_out_flush(&world.out);
    assert_int_equal(read(world.reader, data, sizeof data), GSO_HEADER_BYTES + 52 + 5 * 1000);
    assert_int_equal(read(world.reader, data, sizeof data), -1);
    assert_int_equal(world.late.count, 5);
    assert_int_equal(sim_packets(world.sim), 0);
    close_world(&world);
}

static void test_another_flow_sends_the_first_on_its_way(void **state) {
    (void)state;
    static struct world world;
    static uint8_t data[70000];
    struct ip_flow flow = {IP_PROTOCOL_TCP, 0x10, 1, 5, 80, false};
    struct ip_flow other = {IP_PROTOCOL_TCP, 0x10, 1, 5, 81, false};
    open_world(&world);
    send_flow(&world, &flow, 2);
    send_flow(&world, &other, 1);
    assert_int_equal(read(world.reader, data, sizeof data), GSO_HEADER_BYTES + 52 + 2 * 1000);
    assert_int_equal(read(world.reader, data, sizeof data), -1);
    wire_out_flush(&world.out);
    assert_int_equal(read(world.reader, data, sizeof data), GSO_HEADER_BYTES + 52 + 1000);
    close_world(&world);
}

static void test_what_cannot_be_written_is_counted(void **state) {
    (void)state;
    static struct world world;
    struct ip_flow flow = {IP_PROTOCOL_UDP, 0, 1, 5, 80, false};
    open_world(&world);
    send_flow(&world, &flow, 3);
    int fd = world.out.fd;
    world.out.fd = -1;
    wire_out_flush(&world.out);
    wire_out_flush(&world.out);
    assert_int_equal(world.out.unsent_packets, 3);
    assert_int_equal(sim_packets(world.sim), 0);
    world.out.fd = fd;
    close_world(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_leaves_together_is_one_write),
        cmocka_unit_test(test_another_flow_sends_the_first_on_its_way),
        cmocka_unit_test(test_what_cannot_be_written_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
