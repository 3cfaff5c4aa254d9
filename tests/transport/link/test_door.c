#include "transport/link/door.h"

#include "support/cmocka.h"
#include "support/handshakes.h"

#include <string.h>

struct world {
    struct handshake_site sites[2];
    struct handshake_peer peer;
    struct handshake handshake;
    struct wan_options wan;
    struct door_options options;
    struct door door;
    struct net_address address;
    struct door_knock knock;
    struct handshake_answer answer;
};

static void set_up(struct world *world) {
    memset(world, 0, sizeof *world);
    world->sites[1] = handshakes_site(2);
    world->peer = handshakes_peer(1);
    handshakes_begin(&world->handshake, &world->sites[0], 1, 2);
    world->options = (struct door_options){.site = &world->sites[1],
                                           .peers = &world->peer,
                                           .peer_count = 1,
                                           .accept = true,
                                           .max_half_open = 4,
                                           .handshakes_per_s = 10,
                                           .seed = {9},
                                           .wan = &world->wan};
    door_init(&world->door, &world->options, 0);
    world->address = (struct net_address){.bytes = {1, 2}, .length = 2};
    world->knock = (struct door_knock){.datagram = world->handshake.hello,
                                       .bytes = sizeof world->handshake.hello,
                                       .peer = &world->address,
                                       .seed = {3}};
}

static void answer(struct world *world) {
    door_answer(&world->door, &world->knock, &world->answer);
}

static void test_known_peer_is_let_in_and_told_what_fits_here(void **state) {
    (void)state;
    struct world world;
    struct handshake_secrets secrets;
    uint8_t parameters[HANDSHAKE_PARAMETERS];
    set_up(&world);
    answer(&world);
    assert_true(world.answer.accepted);
    assert_int_equal(
        handshake_recv(&world.handshake, world.answer.datagram, world.answer.bytes, &secrets, NULL),
        HANDSHAKE_DONE);
    assert_int_equal(secrets.parameter_bytes, wan_parameters(&world.wan, parameters));
    assert_memory_equal(secrets.parameters, parameters, secrets.parameter_bytes);
}

static void test_door_that_lets_nobody_in_is_silent(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.options.accept = false;
    door_init(&world.door, &world.options, 0);
    answer(&world);
    assert_false(world.answer.accepted);
    assert_int_equal(world.answer.bytes, 0);
}

static void test_half_open_sessions_bring_cookies_then_refusals(void **state) {
    (void)state;
    struct world world;
    struct handshake_secrets secrets;
    struct satsync_error error;
    set_up(&world);
    world.knock.half_open = 1;
    answer(&world);
    assert_true(world.answer.accepted);
    world.knock.half_open = 2;
    answer(&world);
    assert_false(world.answer.accepted);
    assert_int_equal(world.answer.datagram[0], DATAGRAM_COOKIE);
    assert_int_equal(handshake_recv(&world.handshake, world.answer.datagram, world.answer.bytes,
                                    &secrets, &error),
                     HANDSHAKE_AGAIN);
    answer(&world);
    assert_true(world.answer.accepted);
    world.knock.half_open = 4;
    answer(&world);
    assert_false(world.answer.accepted);
    assert_int_equal(handshake_recv(&world.handshake, world.answer.datagram, world.answer.bytes,
                                    &secrets, &error),
                     HANDSHAKE_FAILED);
    assert_int_equal(error.status, SATSYNC_LIMIT);
}

static void test_flood_of_hellos_gets_cookies_and_uses_up_nothing(void **state) {
    (void)state;
    struct world world;
    struct handshake_secrets secrets;
    set_up(&world);
    int accepted = 0;
    int cookies = 0;
    for (int i = 0; i < 1000; i++) {
        answer(&world);
        accepted += world.answer.accepted;
        cookies += world.answer.bytes > 0 && world.answer.datagram[0] == DATAGRAM_COOKIE;
    }
    assert_int_equal(accepted + cookies, 1000);
    assert_int_equal(accepted, 6);
    /* Who sends the cookie back still gets in. */
    assert_int_equal(
        handshake_recv(&world.handshake, world.answer.datagram, world.answer.bytes, &secrets, NULL),
        HANDSHAKE_AGAIN);
    answer(&world);
    assert_true(world.answer.accepted);
}

static void test_handshakes_beyond_the_rate_wait_for_their_time(void **state) {
    (void)state;
    struct world world;
    struct handshake_secrets secrets;
    set_up(&world);
    int accepted = 0;
    for (int i = 0; i < 30; i++) {
        answer(&world);
        accepted += world.answer.accepted;
        if (world.answer.bytes > 0 && world.answer.datagram[0] == DATAGRAM_COOKIE) {
            assert_int_equal(handshake_recv(&world.handshake, world.answer.datagram,
                                            world.answer.bytes, &secrets, NULL),
                             HANDSHAKE_AGAIN);
        }
    }
    assert_int_equal(accepted, 10);
    assert_int_equal(world.answer.bytes, 0);
    world.knock.now_ns = 100000000;
    answer(&world);
    assert_true(world.answer.accepted);
    answer(&world);
    assert_int_equal(world.answer.bytes, 0);
}

static void test_data_of_an_unknown_session_gets_a_rated_reset(void **state) {
    (void)state;
    struct world world;
    uint8_t data[100] = {0};
    set_up(&world);
    world.knock.datagram = data;
    world.knock.bytes = sizeof data;
    int resets = 0;
    for (int i = 0; i < 300; i++) {
        answer(&world);
        resets += world.answer.bytes > 0;
    }
    assert_int_equal(resets, 100);
    world.knock.now_ns = 1000000000;
    answer(&world);
    assert_int_equal(world.answer.datagram[0], DATAGRAM_RESET_BY_RESPONDER);
    world.knock.bytes = 20;
    answer(&world);
    assert_int_equal(world.answer.bytes, 0);
}

static void test_answers_to_nobody_are_never_answered(void **state) {
    (void)state;
    const uint8_t kinds[] = {DATAGRAM_WELCOME,
                             DATAGRAM_COOKIE,
                             DATAGRAM_REFUSED,
                             DATAGRAM_VERSION,
                             DATAGRAM_RESET_BY_INITIATOR,
                             DATAGRAM_RESET_BY_RESPONDER,
                             0xFF};
    struct world world;
    set_up(&world);
    for (size_t i = 0; i < sizeof kinds; i++) {
        world.handshake.hello[0] = kinds[i];
        answer(&world);
        assert_int_equal(world.answer.bytes, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_peer_is_let_in_and_told_what_fits_here),
        cmocka_unit_test(test_door_that_lets_nobody_in_is_silent),
        cmocka_unit_test(test_half_open_sessions_bring_cookies_then_refusals),
        cmocka_unit_test(test_flood_of_hellos_gets_cookies_and_uses_up_nothing),
        cmocka_unit_test(test_handshakes_beyond_the_rate_wait_for_their_time),
        cmocka_unit_test(test_data_of_an_unknown_session_gets_a_rated_reset),
        cmocka_unit_test(test_answers_to_nobody_are_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
