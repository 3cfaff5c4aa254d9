#include "transport/wan/wan.h"

#include "codec/parity.h"
#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/handshakes.h"
#include "support/wan_pair.h"
#include "transport/wan/wan_state.h"

#include <stdio.h>
#include <string.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

static void set_path(struct wan_pair *pair, uint64_t rate_bps, uint64_t rtt_ns) {
    for (int i = 0; i < 2; i++) {
        pair->paths[i].rate_bps = rate_bps;
        pair->paths[i].delay_ns = rtt_ns / 2;
        pair->paths[i].queue_bytes = rate_bps / 8 * (rtt_ns / PAIR_MS) / 1000 + 100000;
        pair->ends[i].options.rate_bps = rate_bps;
    }
}

static struct link_stats stats_of(const struct wan_pair *pair, int end) {
    struct link_stats stats;
    wan_stats(pair->ends[end].wan, pair->now_ns, &stats);
    return stats;
}

static void test_first_flight_carries_data(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 1);
    set_path(&pair, 100000000, 600 * PAIR_MS);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CONTROL, 1000);
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    uint64_t took = pair.ends[1].incoming[0].received_ns - PAIR_SECOND;
    assert_in_range(took, 300 * PAIR_MS, 302 * PAIR_MS);
    assert_int_equal(stats_of(&pair, 0).repeated_bytes, 0);
    pair_fini(&pair);
}

static void test_a_covered_message_needs_no_second_round_trip(void **state) {
    (void)state;
    int late = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct wan_pair pair;
        pair_init(&pair, seed);
        set_path(&pair, 100000000, 600 * PAIR_MS);
        pair_start(&pair);
        pair_run_to(&pair, 5 * PAIR_SECOND);
        pair.paths[0].loss_ppm = 10000;
        pair_submit(&pair, 0, LINK_GRADIENT, MIB);
        assert_true(pair_run(&pair, 100 * PAIR_SECOND));
        uint64_t took = pair.ends[1].incoming[0].received_ns - 5 * PAIR_SECOND;
        late += took > 500 * PAIR_MS;
        pair_fini(&pair);
    }
    printf("%d of 40 needed one\n", late);
    assert_true(late <= 1);
}

static void test_control_passes_bulk_within_a_datagram(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 3);
    set_path(&pair, 10000000, 100 * PAIR_MS);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 8 * MIB);
    pair_run_to(&pair, 3 * PAIR_SECOND);
    uint64_t number = pair_submit(&pair, 0, LINK_CONTROL, 500);
    uint64_t asked = pair.now_ns;
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    /* One datagram of 1500 bytes takes 1.2 ms, the control message itself 0.5 ms; the pacer runs up
     * to half a millisecond ahead of the line. */
    uint64_t took = pair.ends[1].incoming[number].received_ns - asked;
    assert_in_range(took, 50 * PAIR_MS, 50 * PAIR_MS + 3 * PAIR_MS + 500000);
    pair_fini(&pair);
}

static void test_no_class_starves(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 4);
    set_path(&pair, 50000000, 20 * PAIR_MS);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 100 * KIB);
    pair_submit(&pair, 0, LINK_GRADIENT, 100 * KIB);
    pair_submit(&pair, 0, LINK_CONTROL, 8 * MIB);
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    const struct pair_incoming *in = pair.ends[1].incoming;
    assert_true(in[0].received_ns < in[2].received_ns && in[1].received_ns < in[2].received_ns);
    pair_fini(&pair);
}

static void test_unreleased_bytes_stop_bulk_but_not_control(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 5);
    set_path(&pair, UINT64_C(1000000000), 10 * PAIR_MS);
    pair.ends[1].options.receive_window_bytes = 32 * MIB;
    pair.ends[1].hold = true;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 40 * MIB);
    pair_run_to(&pair, 5 * PAIR_SECOND);
    assert_in_range(pair.ends[1].held_back, 29 * MIB, 30 * MIB);
    uint64_t number = pair_submit(&pair, 0, LINK_CONTROL, 5000);
    pair_run_to(&pair, 6 * PAIR_SECOND);
    assert_true(pair.ends[1].incoming[number].received_ns > 0);
    assert_int_equal(pair.ends[1].received, 1);
    pair.ends[1].hold = false;
    wan_release(pair.ends[1].wan, pair.ends[1].held_back);
    assert_true(pair_run(&pair, 20 * PAIR_SECOND));
    pair_fini(&pair);
}

static void test_tiny_slices_make_whole_symbols(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 6);
    set_path(&pair, 100000000, 20 * PAIR_MS);
    pair.paths[0].loss_ppm = 20000;
    pair_start(&pair);
    uint64_t number = pair_submit(&pair, 0, LINK_GRADIENT, 1);
    assert_true(pair_run(&pair, 5 * PAIR_SECOND));
    struct pair_end *end = &pair.ends[0];
    struct link_message message = {.class = LINK_GRADIENT, .bytes = 60000};
    assert_int_equal(wan_submit(end->wan, pair.now_ns, &message, &number), SATSYNC_OK);
    end->outgoing_count = number + 1;
    end->outgoing[number] =
        (struct pair_outgoing){.bytes = 60000, .slice_bytes = 100, .waits_for_writable = true};
    static uint8_t first[700];
    assert_int_equal(wan_write(end->wan, number, &(struct link_slice){first, 60001, NULL}),
                     SATSYNC_INVALID);
    assert_int_equal(wan_write(end->wan, number, &(struct link_slice){first, 0, NULL}),
                     SATSYNC_INVALID);
    assert_int_equal(wan_write(end->wan, 99, &(struct link_slice){first, 1, NULL}),
                     SATSYNC_INVALID);
    pair_write(&pair, 0, number);
    assert_true(pair_run(&pair, 10 * PAIR_SECOND));
    struct link_stats stats = stats_of(&pair, 0);
    /* A datagram for each of its 100-byte slices would be 600. */
    assert_true(stats.wire_bytes < 200000);
    pair_fini(&pair);
}

static void test_close_reaches_the_peer_and_returns_every_slice(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 7);
    set_path(&pair, 10000000, 100 * PAIR_MS);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 4 * MIB);
    pair_run_to(&pair, 2 * PAIR_SECOND);
    wan_close(pair.ends[0].wan, pair.now_ns, SATSYNC_CANCELLED);
    wan_close(pair.ends[0].wan, pair.now_ns, SATSYNC_OK);
    pair_run_to(&pair, 3 * PAIR_SECOND);
    assert_true(pair.ends[0].down && pair.ends[1].down);
    assert_int_equal(pair.ends[0].down_status, SATSYNC_CANCELLED);
    assert_int_equal(pair.ends[1].down_status, SATSYNC_PEER_FAILED);
    assert_int_equal(pair.ends[0].outgoing[0].returned, pair.ends[0].outgoing[0].written);
    assert_int_equal(pair.ends[0].delivered, 0);
    uint64_t number;
    assert_int_equal(wan_submit(pair.ends[0].wan, pair.now_ns,
                                &(struct link_message){.class = LINK_CONTROL, .bytes = 5}, &number),
                     SATSYNC_WRONG_STATE);
    pair_fini(&pair);
}

static void shower(struct wan_pair *pair, unsigned datagrams) {
    struct random random = random_of(5, 5);
    uint8_t noise[1200];
    for (unsigned i = 0; i < datagrams; i++) {
        random_bytes(&random, noise, sizeof noise);
        noise[0] = i % 2 ? DATAGRAM_DATA : DATAGRAM_HELLO;
        memcpy(noise + 1, &pair->handshake.options.session, 8);
        wan_recv(pair->ends[1].wan, pair->now_ns, noise, sizeof noise);
    }
}

/* Whoever repeats a recorded HELLO from an address of somebody else. */
static void test_an_acceptor_sends_three_times_what_came_until_its_peer_is_proven(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 12);
    set_path(&pair, 100000000, 40 * PAIR_MS);
    pair.paths[0].dark_from_ns = PAIR_SECOND + 5 * PAIR_MS;
    pair.paths[0].dark_until_ns = 5 * PAIR_SECOND;
    pair_start(&pair);
    pair_run_to(&pair, PAIR_SECOND + 25 * PAIR_MS);
    pair_submit(&pair, 1, LINK_CHECKPOINT, MIB);
    shower(&pair, 100);
    pair_run_to(&pair, 5 * PAIR_SECOND);
    assert_false(wan_is_confirmed(pair.ends[1].wan));
    struct link_stats stats = stats_of(&pair, 1);
    assert_in_range(stats.wire_bytes, HANDSHAKE_HELLO_BYTES, 3 * HANDSHAKE_HELLO_BYTES);

    assert_true(pair_run(&pair, 20 * PAIR_SECOND));
    assert_true(wan_is_confirmed(pair.ends[1].wan));
    pair_fini(&pair);
}

static void test_too_many_messages_are_refused_until_one_is_delivered(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 8);
    set_path(&pair, 10000000, 100 * PAIR_MS);
    pair.ends[0].options.max_messages = 8;
    pair_start(&pair);
    for (int i = 0; i < 8; i++) {
        pair_submit(&pair, 0, LINK_CONTROL, 100);
    }
    uint64_t number;
    struct link_message message = {.class = LINK_CONTROL, .bytes = 100};
    assert_int_equal(wan_submit(pair.ends[0].wan, pair.now_ns, &message, &number), SATSYNC_LIMIT);
    assert_true(pair_run(&pair, 10 * PAIR_SECOND));
    pair_submit(&pair, 0, LINK_CONTROL, 100);
    assert_true(pair_run(&pair, 20 * PAIR_SECOND));
    assert_int_equal(wan_submit(pair.ends[0].wan, pair.now_ns,
                                &(struct link_message){.class = LINK_CONTROL, .bytes = 0}, &number),
                     SATSYNC_INVALID);
    assert_int_equal(
        wan_submit(pair.ends[0].wan, pair.now_ns,
                   &(struct link_message){.class = LINK_CONTROL, .bytes = UINT64_C(1) << 62},
                   &number),
        SATSYNC_INVALID);
    pair_fini(&pair);
}

static void test_a_stranger_is_refused_with_a_reason(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 9);
    set_path(&pair, 10000000, 100 * PAIR_MS);
    pair.peers[1] = handshakes_peer(7);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CONTROL, 100);
    assert_false(pair_run(&pair, 10 * PAIR_SECOND));
    assert_null(pair.ends[1].wan);
    assert_true(pair.ends[0].down);
    assert_int_equal(pair.ends[0].down_status, SATSYNC_REFUSED);
    pair_fini(&pair);
}

static void test_bad_options_are_refused(void **state) {
    (void)state;
    struct handshake_secrets secrets = {.session = 1, .initiator = true};
    struct handshake_answer answer = {0};
    const struct wan_options bad[] = {
        {0},
        {.secrets = &secrets, .answer = &answer},
        {.secrets = &secrets, .max_datagram_bytes = 575},
        {.secrets = &secrets, .max_datagram_bytes = 9217},
        {.secrets = &secrets, .controller = LINK_CONTROLLER_RATED, .rate_bps = 100},
        {.secrets = &secrets, .limit_bps = {[LINK_GRADIENT] = 7999}},
        {.secrets = &secrets, .receive_window_bytes = MIB},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wan *wan = (struct wan *)&wan;
        struct satsync_error error = {0};
        assert_int_equal(wan_new(&bad[i], &wan, &error), SATSYNC_INVALID);
        assert_null(wan);
        assert_true(strlen(error.message) > 10);
    }
}

static void test_keys_are_renewed_while_data_flows(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 10);
    set_path(&pair, 100000000, 40 * PAIR_MS);
    pair.paths[0].loss_ppm = pair.paths[1].loss_ppm = 20000;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 32 * MIB);
    pair_submit(&pair, 0, LINK_CONTROL, 100);
    for (uint64_t i = 1; i <= 6; i++) {
        pair_run_to(&pair, PAIR_SECOND + i * 300 * PAIR_MS);
        for (int end = 0; end < 2; end++) {
            pair.ends[end].wan->crypto.keys.sealed = WAN_KEY_SEALS;
        }
    }
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    for (int end = 0; end < 2; end++) {
        struct wan_counters counters;
        wan_counters(pair.ends[end].wan, &counters);
        assert_int_equal(counters.forged, 0);
        assert_true(pair.ends[1 - end].wan->crypto.keys.receive_generation >= 3 || end == 1);
    }
    pair_fini(&pair);
}

static void test_every_failed_allocation_leaves_nothing_behind(void **state) {
    (void)state;
    struct handshake_secrets secrets = {.session = 1, .initiator = true};
    struct parity *parity = parity_open(NULL);
    size_t fail_at = 0;
    enum satsync_status status = SATSYNC_NO_MEMORY;
    while (status != SATSYNC_OK) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, ++fail_at);
        struct wan_options options = {.allocator = &counting.allocator,
                                      .secrets = &secrets,
                                      .parity = parity,
                                      .max_in_flight = 256,
                                      .max_messages = 3,
                                      .max_message_ranges = 8,
                                      .repair_memory_bytes = 1};
        struct wan *wan;
        struct satsync_error error;
        status = wan_new(&options, &wan, &error);
        assert_true(status == SATSYNC_OK || status == SATSYNC_NO_MEMORY);
        assert_int_equal(wan == NULL, status != SATSYNC_OK);
        wan_free(wan);
        assert_int_equal(counting.live, 0);
    }
    assert_true(fail_at > 15);
    parity_close(parity);
}

static void test_a_link_takes_no_more_memory_than_it_says(void **state) {
    (void)state;
    static const struct wan_options CASES[] = {
        {.seed = 1},
        {.max_in_flight = 1024, .max_messages = 3},
        {.max_datagram_bytes = 9216, .max_slices = 10, .repair_memory_bytes = 1},
        {.max_message_ranges = 100000, .max_messages = 20, .repair_memory_bytes = 100 << 20}};
    struct handshake_secrets secrets = {.cipher = WAN_CHACHA20POLY1305};
    struct parity *parity = parity_open(NULL);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct wan_options options = CASES[i];
        struct counting_allocator counting;
        struct satsync_error error;
        struct wan *wan;
        counting_allocator_init(&counting, 0);
        options.allocator = &counting.allocator;
        options.secrets = &secrets;
        options.parity = parity;
        assert_int_equal(wan_new(&options, &wan, &error), SATSYNC_OK);
        uint64_t said = wan_memory_bytes(&options);
        printf("said %llu KiB, took %llu\n", (unsigned long long)said >> 10,
               (unsigned long long)counting.bytes >> 10);
        assert_true(counting.bytes <= said && said <= counting.bytes * 2 + 4 * MIB);
        wan_free(wan);
    }
    parity_close(parity);
}

static void test_no_verb_allocates(void **state) {
    (void)state;
    struct wan_pair pair;
    struct counting_allocator counting;
    counting_allocator_init(&counting, 0);
    pair_init(&pair, 11);
    set_path(&pair, 50000000, 100 * PAIR_MS);
    pair.paths[0].loss_ppm = 50000;
    pair.ends[0].options.allocator = pair.ends[1].options.allocator = &counting.allocator;
    pair_start(&pair);
    pair_run_to(&pair, 2 * PAIR_SECOND);
    size_t before = counting.calls;
    for (int i = 0; i < 60; i++) {
        pair_submit(&pair, i % 2, (enum link_class)(i % LINK_CLASSES), 1000 + (uint64_t)i * 9000);
    }
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    assert_int_equal(counting.calls, before);
    pair_fini(&pair);
    assert_int_equal(counting.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_flight_carries_data),
        cmocka_unit_test(test_a_covered_message_needs_no_second_round_trip),
        cmocka_unit_test(test_control_passes_bulk_within_a_datagram),
        cmocka_unit_test(test_no_class_starves),
        cmocka_unit_test(test_unreleased_bytes_stop_bulk_but_not_control),
        cmocka_unit_test(test_tiny_slices_make_whole_symbols),
        cmocka_unit_test(test_close_reaches_the_peer_and_returns_every_slice),
        cmocka_unit_test(test_an_acceptor_sends_three_times_what_came_until_its_peer_is_proven),
        cmocka_unit_test(test_too_many_messages_are_refused_until_one_is_delivered),
        cmocka_unit_test(test_a_stranger_is_refused_with_a_reason),
        cmocka_unit_test(test_bad_options_are_refused),
        cmocka_unit_test(test_keys_are_renewed_while_data_flows),
        cmocka_unit_test(test_every_failed_allocation_leaves_nothing_behind),
        cmocka_unit_test(test_a_link_takes_no_more_memory_than_it_says),
        cmocka_unit_test(test_no_verb_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
