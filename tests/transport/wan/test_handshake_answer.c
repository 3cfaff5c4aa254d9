#include "support/cmocka.h"
#include "support/handshakes.h"
#include "transport/wan/cookie.h"
#include "transport/wan/handshake.h"

#include <string.h>

struct world {
    struct handshake_site sites[2];
    struct handshake_peer peer;
    struct handshake_responder responder;
    struct handshake handshake;
    struct handshake_answer answer;
};

static void set_up(struct world *world) {
    world->sites[1] = handshakes_site(2);
    world->peer = handshakes_peer(1);
    world->responder = handshakes_responder(&world->sites[1], &world->peer, 1);
    handshakes_begin(&world->handshake, &world->sites[0], 1, 2);
}

static void answer(struct world *world, const uint8_t *datagram, size_t bytes) {
    struct handshake_arrival arrival = handshakes_arrival(datagram, bytes);
    handshake_answer(&world->responder, &arrival, &world->answer);
}

static void assert_nothing_secret_is_left(const struct handshake_answer *answer) {
    const struct handshake_secrets zero = {0};
    assert_memory_equal(answer->secrets.send, zero.send, sizeof zero.send);
    assert_memory_equal(answer->secrets.early, zero.early, sizeof zero.early);
}

static void test_no_flipped_bit_gets_a_session(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    uint8_t hello[HANDSHAKE_HELLO_BYTES];
    memcpy(hello, world.handshake.hello, sizeof hello);
    for (size_t bit = 0; bit < sizeof hello * 8; bit += bit < 27 * 8 ? 1 : 13) {
        bool is_cookie = bit / 8 >= 11 && bit / 8 < 27;
        hello[bit / 8] ^= (uint8_t)(1u << bit % 8);
        answer(&world, hello, sizeof hello);
        /* A cookie is not looked at while there is no load. */
        assert_int_equal(world.answer.accepted, is_cookie);
        assert_true(world.answer.bytes <= (is_cookie ? sizeof hello : HANDSHAKE_REPLY_BYTES));
        if (!is_cookie) {
            assert_nothing_secret_is_left(&world.answer);
        }
        hello[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    answer(&world, hello, sizeof hello);
    assert_true(world.answer.accepted);
}

static void test_short_and_long_hellos_get_silence(void **state) {
    (void)state;
    struct world world;
    uint8_t hello[HANDSHAKE_HELLO_BYTES + 200] = {0};
    set_up(&world);
    memcpy(hello, world.handshake.hello, HANDSHAKE_HELLO_BYTES);
    for (size_t bytes = 0; bytes <= sizeof hello; bytes++) {
        if (bytes != HANDSHAKE_HELLO_BYTES) {
            answer(&world, hello, bytes);
            assert_int_equal(world.answer.bytes, 0);
            assert_false(world.answer.accepted);
        }
    }
    hello[1]++;
    answer(&world, hello, HANDSHAKE_HELLO_BYTES - 1);
    assert_int_equal(world.answer.bytes, 0);
    answer(&world, hello, sizeof hello);
    assert_int_equal(world.answer.bytes, 10);
}

static void test_other_kinds_get_silence(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (int kind = 0; kind < 256; kind++) {
        if (kind != DATAGRAM_HELLO) {
            world.handshake.hello[0] = (uint8_t)kind;
            answer(&world, world.handshake.hello, sizeof world.handshake.hello);
            assert_int_equal(world.answer.bytes, 0);
        }
    }
}

static void test_no_answer_is_longer_than_what_asked_for_it(void **state) {
    (void)state;
    struct world world;
    uint8_t parameters[HANDSHAKE_PARAMETERS] = {0};
    set_up(&world);
    world.responder.parameters = parameters;
    world.responder.parameter_bytes = sizeof parameters;
    answer(&world, world.handshake.hello, sizeof world.handshake.hello);
    assert_true(world.answer.accepted);
    assert_true(world.answer.bytes <= HANDSHAKE_HELLO_BYTES);
}

static void test_unknown_suites_are_refused(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    for (int suite = 0; suite < 256; suite++) {
        world.handshake.hello[10] = (uint8_t)suite;
        answer(&world, world.handshake.hello, sizeof world.handshake.hello);
        bool own = suite == (noise_has_aesgcm() ? 1 : 2);
        assert_int_equal(world.answer.accepted, own);
    }
}

static void test_unknown_key_costs_the_same_answer_with_any_list(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    struct handshake_peer others[5];
    for (uint8_t i = 0; i < 5; i++) {
        others[i] = handshakes_peer((uint8_t)(10 + i));
    }
    world.responder.peers = others;
    for (size_t count = 0; count <= 5; count++) {
        world.responder.peer_count = count;
        answer(&world, world.handshake.hello, sizeof world.handshake.hello);
        assert_false(world.answer.accepted);
        assert_int_equal(world.answer.bytes, 27);
        assert_nothing_secret_is_left(&world.answer);
    }
}

static void test_under_load_nothing_costly_happens_without_a_cookie(void **state) {
    (void)state;
    struct world world;
    struct cookie_jar jar;
    set_up(&world);
    cookie_jar_init(&jar, (const uint8_t[32]){5}, 0);
    world.responder.jar = &jar;
    world.responder.under_load = true;
    memset(world.handshake.hello + 40, 0, 500);
    answer(&world, world.handshake.hello, sizeof world.handshake.hello);
    assert_int_equal(world.answer.bytes, 26);
    assert_int_equal(world.answer.datagram[0], DATAGRAM_COOKIE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_flipped_bit_gets_a_session),
        cmocka_unit_test(test_short_and_long_hellos_get_silence),
        cmocka_unit_test(test_other_kinds_get_silence),
        cmocka_unit_test(test_no_answer_is_longer_than_what_asked_for_it),
        cmocka_unit_test(test_unknown_suites_are_refused),
        cmocka_unit_test(test_unknown_key_costs_the_same_answer_with_any_list),
        cmocka_unit_test(test_under_load_nothing_costly_happens_without_a_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
