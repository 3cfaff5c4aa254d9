#include "transport/wan/handshake.h"

#include "support/cmocka.h"
#include "support/handshakes.h"
#include "transport/wan/cookie.h"

#include <string.h>

/* Site 1 greets site 2, which knows sites 1 and 3. */
struct world {
    struct handshake_site sites[2];
    struct handshake_peer peers[2];
    struct handshake_responder responder;
    struct handshake handshake;
    struct handshake_answer answer;
    struct handshake_secrets secrets;
    struct satsync_error error;
};

static void set_up(struct world *world) {
    memset(world, 0, sizeof *world);
    world->sites[1] = handshakes_site(2);
    world->peers[0] = handshakes_peer(3);
    world->peers[1] = handshakes_peer(1);
    world->responder = handshakes_responder(&world->sites[1], world->peers, 2);
    handshakes_begin(&world->handshake, &world->sites[0], 1, 2);
}

static void answer(struct world *world) {
    struct handshake_arrival arrival =
        handshakes_arrival(world->handshake.hello, sizeof world->handshake.hello);
    handshake_answer(&world->responder, &arrival, &world->answer);
}

static enum handshake_step receive(struct world *world) {
    return handshake_recv(&world->handshake, world->answer.datagram, world->answer.bytes,
                          &world->secrets, &world->error);
}

static void assert_agreement(const struct world *world) {
    const struct handshake_secrets *a = &world->secrets;
    const struct handshake_secrets *b = &world->answer.secrets;
    assert_memory_equal(a->send, b->receive, WAN_KEY_BYTES);
    assert_memory_equal(a->receive, b->send, WAN_KEY_BYTES);
    assert_memory_not_equal(a->send, a->receive, WAN_KEY_BYTES);
    assert_memory_equal(a->early, b->early, WAN_KEY_BYTES);
    assert_memory_not_equal(a->early, a->send, WAN_KEY_BYTES);
    assert_int_equal(a->cipher, b->cipher);
    assert_int_equal(a->session, b->session);
    assert_memory_equal(a->peer_ed25519, world->sites[1].ed25519, NOISE_KEY_BYTES);
    assert_memory_equal(b->peer_ed25519, world->sites[0].ed25519, NOISE_KEY_BYTES);
    assert_int_equal(a->parameter_bytes, 9);
    assert_memory_equal(a->parameters, "responder", 9);
    assert_int_equal(b->parameter_bytes, 9);
    assert_memory_equal(b->parameters, "initiator", 9);
}

static void test_both_ends_agree_on_keys_names_and_parameters(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    answer(&world);
    assert_true(world.answer.accepted);
    assert_memory_equal(world.handshake.early, world.answer.secrets.early, WAN_KEY_BYTES);
    assert_int_equal(receive(&world), HANDSHAKE_DONE);
    assert_agreement(&world);
}

static void test_chacha_is_agreed_on_where_either_end_has_no_aes(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    handshakes_begin_without_aes(&world.handshake, &world.sites[0], 1, 2);
    answer(&world);
    assert_int_equal(receive(&world), HANDSHAKE_DONE);
    assert_int_equal(world.secrets.cipher, WAN_CHACHA20POLY1305);
    assert_agreement(&world);
    if (!noise_has_aesgcm()) {
        return;
    }
    set_up(&world);
    uint8_t first_early[WAN_KEY_BYTES];
    memcpy(first_early, world.handshake.early, sizeof first_early);
    world.responder.without_aes = true;
    answer(&world);
    assert_false(world.answer.accepted);
    assert_int_equal(receive(&world), HANDSHAKE_AGAIN);
    assert_int_equal(world.handshake.cipher, WAN_CHACHA20POLY1305);
    assert_memory_not_equal(first_early, world.handshake.early, sizeof first_early);
    /* The same refusal once more, duplicated by the network, changes nothing. */
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    answer(&world);
    assert_int_equal(receive(&world), HANDSHAKE_DONE);
    assert_agreement(&world);
}

static void test_changed_suite_in_flight_is_no_downgrade(void **state) {
    (void)state;
    if (!noise_has_aesgcm()) {
        skip();
    }
    struct world world;
    set_up(&world);
    world.handshake.hello[10] = 2;
    answer(&world);
    assert_false(world.answer.accepted);
}

static void test_unknown_key_is_told_so_with_proof(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.responder.peer_count = 1;
    answer(&world);
    assert_false(world.answer.accepted);
    assert_true(world.answer.bytes > 0 && world.answer.bytes <= HANDSHAKE_REPLY_BYTES);
    /* Each flipped bit spoils it. */
    for (size_t bit = 0; bit < world.answer.bytes * 8; bit++) {
        world.answer.datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum handshake_step step = receive(&world);
        world.answer.datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (step == HANDSHAKE_AGAIN) {
            handshakes_begin(&world.handshake, &world.sites[0], 1, 2);
        } else {
            assert_int_equal(step, HANDSHAKE_IGNORED);
        }
    }
    assert_int_equal(receive(&world), HANDSHAKE_FAILED);
    assert_int_equal(world.error.status, SATSYNC_REFUSED);
    assert_non_null(strstr(world.error.message, "does not know"));
}

static void test_full_responder_says_so(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.responder.full = true;
    answer(&world);
    assert_int_equal(receive(&world), HANDSHAKE_FAILED);
    assert_int_equal(world.error.status, SATSYNC_LIMIT);
}

static void test_another_site_at_the_address_is_named_after_three_refusals(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    handshakes_begin(&world.handshake, &world.sites[0], 1, 9);
    for (int i = 0; i < 2; i++) {
        answer(&world);
        assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    }
    answer(&world);
    assert_int_equal(receive(&world), HANDSHAKE_FAILED);
    assert_int_equal(world.error.status, SATSYNC_REFUSED);
    assert_non_null(strstr(world.error.message, "another key"));
}

static void test_other_versions_are_named(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    world.handshake.hello[1] = HANDSHAKE_VERSION + 1;
    answer(&world);
    assert_int_equal(world.answer.bytes, 10);
    assert_int_equal(world.answer.datagram[1], HANDSHAKE_VERSION);
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    world.answer.datagram[1] = HANDSHAKE_VERSION + 1;
    assert_int_equal(receive(&world), HANDSHAKE_FAILED);
    assert_int_equal(world.error.status, SATSYNC_NEWER_VERSION);
    world.answer.datagram[1] = HANDSHAKE_VERSION - 1;
    assert_int_equal(receive(&world), HANDSHAKE_FAILED);
    assert_int_equal(world.error.status, SATSYNC_PROTOCOL);
    /* Not longer, and only for our session. */
    world.answer.datagram[10] = 0;
    world.answer.bytes++;
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    world.answer.bytes--;
    world.answer.datagram[5] ^= 1;
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
}

static void test_cookie_is_asked_for_under_load_and_accepted(void **state) {
    (void)state;
    struct world world;
    struct cookie_jar jar;
    set_up(&world);
    cookie_jar_init(&jar, (const uint8_t[32]){5}, 0);
    world.responder.jar = &jar;
    world.responder.under_load = true;
    answer(&world);
    assert_false(world.answer.accepted);
    uint8_t early[WAN_KEY_BYTES];
    memcpy(early, world.handshake.early, sizeof early);
    assert_int_equal(receive(&world), HANDSHAKE_AGAIN);
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    assert_memory_equal(early, world.handshake.early, sizeof early);

    /* The cookie is worth nothing from elsewhere. */
    struct handshake_arrival arrival =
        handshakes_arrival(world.handshake.hello, sizeof world.handshake.hello);
    arrival.address_bytes--;
    handshake_answer(&world.responder, &arrival, &world.answer);
    assert_false(world.answer.accepted);
    answer(&world);
    assert_true(world.answer.accepted);
    assert_int_equal(receive(&world), HANDSHAKE_DONE);
    assert_agreement(&world);
}

static void test_flipped_or_cut_welcome_is_ignored_and_the_true_one_still_works(void **state) {
    (void)state;
    struct world world;
    set_up(&world);
    answer(&world);
    for (size_t bit = 0; bit < world.answer.bytes * 8; bit++) {
        world.answer.datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
        world.answer.datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    size_t whole = world.answer.bytes;
    for (size_t bytes = 0; bytes < whole; bytes++) {
        world.answer.bytes = bytes;
        assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
    }
    world.answer.bytes = whole;
    assert_int_equal(receive(&world), HANDSHAKE_DONE);
    assert_agreement(&world);
}

static void test_welcome_of_another_handshake_or_site_is_ignored(void **state) {
    (void)state;
    struct world world;
    struct world other;
    set_up(&world);
    set_up(&other);
    const struct handshake_options second = {.site = &other.sites[0],
                                             .peer = handshakes_peer(2),
                                             .session = world.handshake.options.session,
                                             .seed = {1}};
    assert_int_equal(handshake_begin(&other.handshake, &second, NULL), SATSYNC_OK);
    answer(&other);
    assert_true(other.answer.accepted);
    world.answer = other.answer;
    assert_int_equal(receive(&world), HANDSHAKE_IGNORED);
}

static void test_parameters_up_to_the_limit_fit_both_ways(void **state) {
    (void)state;
    const size_t sizes[] = {0, 1, HANDSHAKE_PARAMETERS};
    uint8_t parameters[HANDSHAKE_PARAMETERS];
    memset(parameters, 0xEE, sizeof parameters);
    for (size_t i = 0; i < 3; i++) {
        struct world world;
        set_up(&world);
        struct handshake_options options = world.handshake.options;
        options.parameters = parameters;
        options.parameter_bytes = sizes[i];
        assert_int_equal(handshake_begin(&world.handshake, &options, NULL), SATSYNC_OK);
        world.responder.parameters = parameters;
        world.responder.parameter_bytes = sizes[i];
        answer(&world);
        assert_int_equal(receive(&world), HANDSHAKE_DONE);
        assert_int_equal(world.secrets.parameter_bytes, sizes[i]);
        assert_int_equal(world.answer.secrets.parameter_bytes, sizes[i]);
        assert_memory_equal(world.secrets.parameters, parameters, sizes[i]);
    }
}

static void test_peer_key_that_is_no_key_is_refused_at_once(void **state) {
    (void)state;
    const uint8_t no_point[NOISE_KEY_BYTES] = {2};
    struct handshake_peer peer;
    struct satsync_error error;
    assert_int_equal(handshake_peer_of(&peer, no_point, &error), SATSYNC_INVALID);
    assert_non_null(strstr(error.message, ".pub"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ends_agree_on_keys_names_and_parameters),
        cmocka_unit_test(test_chacha_is_agreed_on_where_either_end_has_no_aes),
        cmocka_unit_test(test_changed_suite_in_flight_is_no_downgrade),
        cmocka_unit_test(test_unknown_key_is_told_so_with_proof),
        cmocka_unit_test(test_full_responder_says_so),
        cmocka_unit_test(test_another_site_at_the_address_is_named_after_three_refusals),
        cmocka_unit_test(test_other_versions_are_named),
        cmocka_unit_test(test_cookie_is_asked_for_under_load_and_accepted),
        cmocka_unit_test(test_flipped_or_cut_welcome_is_ignored_and_the_true_one_still_works),
        cmocka_unit_test(test_welcome_of_another_handshake_or_site_is_ignored),
        cmocka_unit_test(test_parameters_up_to_the_limit_fit_both_ways),
        cmocka_unit_test(test_peer_key_that_is_no_key_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
