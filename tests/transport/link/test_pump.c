#include "transport/link/pump.h"

#include "base/timers.h"
#include "support/cmocka.h"
#include "transport/wan/handshake.h"

#include <string.h>

enum { ROOM = 1 << 17 };

/* A net that records, refuses on demand, and gives what the test puts in. */
struct fake_net {
    struct net net;
    uint64_t now_ns;
    bool refuse;
    unsigned refusals;
    uint8_t sent[ROOM];
    size_t sent_bytes;
    size_t sent_segment;
    size_t total_bytes; /* of all sends */
    unsigned sends;
    struct net_address sent_to;
    struct net_address first_to;
    uint8_t *inbox;
    struct net_batch arriving;
    uint64_t waited_until_ns;
};

static uint64_t fake_now(struct net *net) {
    return ((struct fake_net *)net)->now_ns;
}

static enum satsync_status fake_send(struct net *net, const struct net_batch *batch) {
    struct fake_net *fake = (struct fake_net *)net;
    if (fake->refuse) {
        fake->refusals++;
        return SATSYNC_AGAIN;
    }
    assert_true(batch->bytes <= sizeof fake->sent);
    memcpy(fake->sent, batch->data, batch->bytes);
    fake->sent_bytes = batch->bytes;
    fake->sent_segment = batch->segment_bytes;
    fake->total_bytes += batch->bytes;
    fake->first_to = fake->sends == 0 ? batch->peer : fake->first_to;
    fake->sent_to = batch->peer;
    fake->sends++;
    return SATSYNC_OK;
}

static bool fake_receive(struct net *net, struct net_batch *batch) {
    struct fake_net *fake = (struct fake_net *)net;
    if (fake->arriving.bytes == 0) {
        return false;
    }
    *batch = fake->arriving;
    fake->arriving.bytes = 0;
    return true;
}

static void fake_wait(struct net *net, uint64_t until_ns) {
    ((struct fake_net *)net)->waited_until_ns = until_ns;
}

static const struct net_ops fake_ops = {
    .now_ns = fake_now, .send = fake_send, .receive = fake_receive, .wait = fake_wait};

/* A pump with one session, whose peer is a bare wan. */
struct world {
    struct fake_net net;
    struct pump pump;
    struct pump_route route;
    struct wan *far;
    struct net_address home;
    uint8_t buffer[ROOM];
    unsigned received; /* bytes of messages that the near end was given */
};

static struct wan *wan_of(uint64_t session, bool initiator) {
    struct handshake_secrets secrets = {
        .session = session, .initiator = initiator, .cipher = WAN_CHACHA20POLY1305};
    secrets.send[0] = initiator;
    secrets.receive[0] = !initiator;
    struct wan *wan;
    const struct wan_options options = {.secrets = &secrets, .seed = 1, .rate_bps = 100000000};
    struct satsync_error error;
    if (wan_new(&options, &wan, &error) != SATSYNC_OK) {
        fail_msg("%s", error.message);
    }
    return wan;
}

static struct net_address address_of(uint8_t n) {
    return (struct net_address){.bytes = {n}, .length = 1};
}

static void set_up(struct world *world) {
    memset(world, 0, sizeof *world);
    world->net.net.ops = &fake_ops;
    world->net.now_ns = 1000;
    world->home = address_of(1);
    pump_init(&world->pump, &world->net.net, 12345, NULL);
    world->far = wan_of(7, true);
    world->route = (struct pump_route){.wan = wan_of(7, false), .session = 7, .peer = world->home};
    assert_int_equal(pump_add(&world->pump, &world->route), SATSYNC_OK);
}

static void tear_down(struct world *world) {
    pump_remove(&world->pump, &world->route);
    pump_fini(&world->pump);
    wan_free(world->route.wan);
    wan_free(world->far);
}

static void say(struct world *world, struct wan *wan, size_t bytes) {
    static const uint8_t text[1 << 16];
    uint64_t number;
    const struct link_message message = {.class = LINK_CONTROL, .bytes = bytes};
    const struct link_slice slice = {.data = text, .bytes = bytes};
    assert_int_equal(wan_submit(wan, world->net.now_ns, &message, &number), SATSYNC_OK);
    assert_int_equal(wan_write(wan, number, &slice), SATSYNC_OK);
}

/* The far end's next batch arrives from `from`; its bytes, or 0 when it has none. */
static size_t arrive(struct world *world, struct net_address from) {
    struct wan_batch batch = {.data = world->buffer, .capacity = PUMP_BATCH_BYTES};
    if (!wan_send(world->far, world->net.now_ns, &batch)) {
        return 0;
    }
    world->net.arriving = (struct net_batch){.data = world->buffer,
                                             .bytes = batch.bytes,
                                             .segment_bytes = batch.segment_bytes,
                                             .peer = from,
                                             .time_ns = world->net.now_ns};
    return batch.bytes;
}

static unsigned drain(struct world *world) {
    struct pump_route *route;
    struct pump_stranger stranger;
    unsigned datagrams = 0;
    while (pump_receive(&world->pump, &route, &stranger) == PUMP_SESSION) {
        struct link_event event;
        datagrams++;
        while (wan_event(route->wan, &event)) {
            world->received += event.kind == LINK_EVENT_DATA ? (unsigned)event.bytes : 0;
        }
    }
    return datagrams;
}

static void test_refused_batch_is_kept_and_sent_unchanged(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    say(&world, world.route.wan, 3000);
    world.net.refuse = true;
    pump_send(&world.pump);
    assert_int_equal(world.net.refusals, 1);
    assert_true(world.route.holds);
    size_t held = world.route.batch.bytes;
    memcpy(world.buffer, world.route.batch.data, held);
    pump_wait(&world.pump, TIME_NEVER);
    assert_true(world.net.waited_until_ns > world.net.now_ns);
    pump_send(&world.pump);
    assert_int_equal(world.net.refusals, 2);
    world.net.refuse = false;
    pump_send(&world.pump);
    assert_false(world.pump.blocked);
    assert_true(world.net.sends >= 1);
    if (world.net.sends == 1) {
        assert_int_equal(world.net.sent_bytes, held);
        assert_memory_equal(world.net.sent, world.buffer, held);
    }
    tear_down(&world);
}

static void test_held_batch_leaves_at_its_time_and_not_before(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    pump_send(&world.pump);
    unsigned before = world.net.sends;
    world.route.holds = true;
    world.route.batch.bytes = world.route.batch.segment_bytes = 100;
    world.route.batch.departure_ns = world.net.now_ns + 500;
    pump_send(&world.pump);
    assert_int_equal(world.net.sends, before);
    pump_wait(&world.pump, TIME_NEVER);
    assert_int_equal(world.net.waited_until_ns, world.net.now_ns + 500);
    world.net.now_ns += 500;
    pump_send(&world.pump);
    assert_true(world.net.sends > before);
    tear_down(&world);
}

static void test_joined_datagrams_are_taken_one_by_one(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    say(&world, world.far, 20000);
    unsigned datagrams = 0;
    for (int i = 0; i < 200 && world.received < 20000; i++) {
        size_t bytes = arrive(&world, world.home);
        unsigned taken = drain(&world);
        assert_int_equal(taken, bytes == 0 ? 0 : (bytes + 1471) / 1472);
        datagrams += taken;
        world.net.now_ns += 200000;
    }
    assert_int_equal(world.received, 20000);
    assert_true(datagrams >= 14);
    tear_down(&world);
}

/* The far end says something from elsewhere; the bytes that came. */
static size_t move_to(struct world *world, uint8_t address) {
    say(world, world->far, 100);
    size_t bytes = arrive(world, address_of(address));
    assert_true(bytes > 0);
    assert_int_equal(drain(world), 1);
    return bytes;
}

static void test_peer_that_moved_is_answered_at_its_new_address(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    (void)move_to(&world, 2);
    assert_int_equal(world.route.moves, 1);
    say(&world, world.route.wan, 100);
    world.net.now_ns += 1000000;
    pump_send(&world.pump);
    const struct net_address moved = address_of(2);
    assert_true(net_address_equal(&world.net.sent_to, &moved));
    tear_down(&world);
}

/* Lets time pass while the near end sends; the bytes that left. */
static size_t send_for(struct world *world, uint64_t time_ns) {
    size_t before = world->net.total_bytes;
    for (uint64_t end_ns = world->net.now_ns + time_ns; world->net.now_ns < end_ns;) {
        world->net.now_ns += 100000;
        pump_send(&world->pump);
    }
    return world->net.total_bytes - before;
}

static void far_takes_what_was_sent(struct world *world) {
    for (size_t at = 0; at < world->net.sent_bytes; at += world->net.sent_segment) {
        size_t left = world->net.sent_bytes - at;
        size_t bytes = left < world->net.sent_segment ? left : world->net.sent_segment;
        wan_recv(world->far, world->net.now_ns, world->net.sent + at, bytes);
    }
}

static void test_no_stream_is_turned_on_an_address_that_did_not_ask_for_it(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    size_t asked = move_to(&world, 2);
    say(&world, world.route.wan, 60000);
    size_t sent = send_for(&world, 20000000);
    assert_in_range(sent, 1, 3 * asked > 1472 ? 3 * asked : 1472);
    assert_true(wan_is_on_trial(world.route.wan));

    /* It answers: it is there. */
    far_takes_what_was_sent(&world);
    world.net.now_ns += 30000000;
    assert_true(arrive(&world, address_of(2)) > 0);
    assert_int_equal(drain(&world), 1);
    assert_false(wan_is_on_trial(world.route.wan));
    assert_true(send_for(&world, 20000000) > 20000);
    const struct net_address moved = address_of(2);
    assert_true(net_address_equal(&world.net.sent_to, &moved));
    tear_down(&world);
}

/* Who hears a packet and is faster than its path gets nothing for what is still on that path. */
static void test_what_comes_late_from_the_former_address_turns_no_stream_on_the_new(void **state) {
    (void)state;
    enum { LATE = 20 };
    struct world world;
    static uint8_t late[LATE][1472];
    size_t sizes[LATE];
    set_up(&world);
    for (size_t i = 0; i < LATE; i++) {
        say(&world, world.far, 1400);
        sizes[i] = arrive(&world, world.home);
        assert_in_range(sizes[i], 1, sizeof late[i]);
        memcpy(late[i], world.buffer, sizes[i]);
        world.net.arriving.bytes = 0;
        world.net.now_ns += 200000;
    }
    size_t asked = move_to(&world, 2);
    for (size_t i = 0; i < LATE; i++) {
        memcpy(world.buffer, late[i], sizes[i]);
        world.net.arriving = (struct net_batch){
            .data = world.buffer, .bytes = sizes[i], .segment_bytes = sizes[i], .peer = world.home};
        assert_int_equal(drain(&world), 1);
    }
    assert_int_equal(world.route.moves, 1);
    say(&world, world.route.wan, 60000);
    assert_in_range(send_for(&world, 20000000), 1, 3 * asked > 1472 ? 3 * asked : 1472);
    tear_down(&world);
}

static void test_peer_that_comes_back_is_sent_to_at_once(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    (void)move_to(&world, 2);
    assert_true(wan_is_on_trial(world.route.wan));
    world.net.now_ns += 1000000;
    (void)move_to(&world, 1);
    assert_false(wan_is_on_trial(world.route.wan));
    say(&world, world.route.wan, 60000);
    assert_true(send_for(&world, 20000000) > 20000);
    assert_true(net_address_equal(&world.net.sent_to, &world.home));
    tear_down(&world);
}

static bool far_has_received(struct world *world) {
    struct link_event event;
    bool received = false;
    while (wan_event(world->far, &event)) {
        received |= event.kind == LINK_EVENT_RECEIVED;
        if (event.kind == LINK_EVENT_DATA) {
            wan_release(world->far, event.bytes);
        }
    }
    return received;
}

static void test_peer_that_moves_on_and_on_gets_all(void **state) {
    (void)state;
    struct world world;
    bool received = false;
    set_up(&world);
    say(&world, world.route.wan, 60000);
    for (int i = 0; i < 100000 && !received; i++) {
        world.net.now_ns += 100000;
        world.net.sent_bytes = 0;
        wan_tick(world.route.wan, world.net.now_ns);
        wan_tick(world.far, world.net.now_ns);
        pump_send(&world.pump);
        far_takes_what_was_sent(&world); /* what left before the last batch was lost */
        received = far_has_received(&world);
        (void)arrive(&world, address_of((uint8_t)(1 + i / 20)));
        (void)drain(&world);
    }
    assert_true(received);
    assert_true(world.route.moves > 1);
    tear_down(&world);
}

static void test_what_was_held_for_an_address_goes_there(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    say(&world, world.route.wan, 3000);
    world.net.refuse = true;
    pump_send(&world.pump);
    assert_true(world.route.holds);
    (void)move_to(&world, 2);
    world.net.refuse = false;
    (void)pump_flush(&world.pump, &world.route);
    assert_true(world.net.sends > 0);
    assert_true(net_address_equal(&world.net.first_to, &world.home));
    tear_down(&world);
}

static void test_forged_replayed_late_and_handshake_datagrams_move_nobody(void **state) {
    (void)state;
    struct world world;
    uint8_t first[2000];
    set_up(&world);
    say(&world, world.far, 100);
    size_t bytes = arrive(&world, world.home);
    assert_in_range(bytes, 1, sizeof first);
    memcpy(first, world.buffer, bytes);
    const struct net_batch late = world.net.arriving;

    /* Forged. */
    world.buffer[bytes - 1] ^= 1;
    world.net.arriving.peer = address_of(3);
    assert_int_equal(drain(&world), 1);
    assert_int_equal(world.route.moves, 0);

    /* A newer one moves it; then the first, true but late, comes from the former address. */
    world.net.now_ns += 1000000;
    (void)move_to(&world, 2);
    assert_int_equal(world.route.moves, 1);
    memcpy(world.buffer, first, bytes);
    world.net.arriving = late;
    assert_int_equal(drain(&world), 1);
    assert_int_equal(world.route.moves, 1);

    /* Replayed from elsewhere. */
    memcpy(world.buffer, first, bytes);
    world.net.arriving = late;
    world.net.arriving.peer = address_of(4);
    assert_int_equal(drain(&world), 1);
    assert_int_equal(world.route.moves, 1);

    /* A handshake datagram with the session's id. */
    memset(world.buffer, 0, HANDSHAKE_HELLO_BYTES);
    world.buffer[0] = DATAGRAM_HELLO;
    world.buffer[1] = HANDSHAKE_VERSION;
    world.buffer[2] = 7;
    world.net.arriving = (struct net_batch){.data = world.buffer,
                                            .bytes = HANDSHAKE_HELLO_BYTES,
                                            .segment_bytes = HANDSHAKE_HELLO_BYTES,
                                            .peer = address_of(5)};
    assert_int_equal(drain(&world), 1);
    assert_int_equal(world.route.moves, 1);
    tear_down(&world);
}

static void test_strangers_are_handed_back_and_noise_is_dropped(void **state) {
    (void)state;
    struct world world;
    struct pump_route *route;
    struct pump_stranger stranger;
    set_up(&world);
    world.buffer[0] = 0xFF;
    world.buffer[30] = DATAGRAM_DATA;
    world.buffer[31] = 8;
    world.net.arriving = (struct net_batch){
        .data = world.buffer, .bytes = 50, .segment_bytes = 30, .peer = address_of(9)};
    assert_int_equal(pump_receive(&world.pump, &route, &stranger), PUMP_STRANGER);
    assert_ptr_equal(stranger.data, world.buffer + 30);
    assert_int_equal(stranger.bytes, 20);
    assert_int_equal(pump_receive(&world.pump, &route, &stranger), PUMP_NOTHING);
    tear_down(&world);
}

static void test_session_is_kept_once_in_each_direction(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    struct pump_route again = {.session = 7, .initiator = false};
    struct pump_route other = {.session = 7, .initiator = true};
    assert_int_equal(pump_add(&world.pump, &again), SATSYNC_CONFLICT);
    assert_int_equal(pump_add(&world.pump, &other), SATSYNC_OK);
    pump_remove(&world.pump, &other);
    tear_down(&world);
}

static void test_time_never_goes_back(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.net.now_ns = 5000;
    assert_int_equal(pump_now(&world.pump), 5000);
    world.net.now_ns = 4000;
    assert_int_equal(pump_now(&world.pump), 5000);
    tear_down(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_batch_is_kept_and_sent_unchanged),
        cmocka_unit_test(test_held_batch_leaves_at_its_time_and_not_before),
        cmocka_unit_test(test_joined_datagrams_are_taken_one_by_one),
        cmocka_unit_test(test_peer_that_moved_is_answered_at_its_new_address),
        cmocka_unit_test(test_no_stream_is_turned_on_an_address_that_did_not_ask_for_it),
        cmocka_unit_test(test_what_comes_late_from_the_former_address_turns_no_stream_on_the_new),
        cmocka_unit_test(test_peer_that_comes_back_is_sent_to_at_once),
        cmocka_unit_test(test_peer_that_moves_on_and_on_gets_all),
        cmocka_unit_test(test_what_was_held_for_an_address_goes_there),
        cmocka_unit_test(test_forged_replayed_late_and_handshake_datagrams_move_nobody),
        cmocka_unit_test(test_strangers_are_handed_back_and_noise_is_dropped),
        cmocka_unit_test(test_session_is_kept_once_in_each_direction),
        cmocka_unit_test(test_time_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
