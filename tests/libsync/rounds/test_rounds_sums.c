#include "rounds/message.h"
#include "support/cmocka.h"
#include "support/rounds_cases.h"
#include "support/rounds_world.h"

#include <string.h>

#define MS UINT64_C(1000000)

static struct rounds_world world;

static void run_to(uint64_t step) {
    if (!rounds_world_run_to_step(&world, step, world.now_ns + 120000 * MS)) {
        fail_msg("%s at %.3f s, newest step %llu", world.breach, (double)world.now_ns / 1e9,
                 (unsigned long long)world.newest);
    }
}

static struct rounds_status status_of(size_t site) {
    struct rounds_status status;
    rounds_status(world.site[site].rounds, &status);
    return status;
}

static struct rounds_world_plan reduced_plan(size_t sites, enum quantise_codec codec) {
    struct rounds_world_plan plan = rounds_case_plan(sites);
    plan.exchange = ROUNDS_OWNER_REDUCE;
    plan.codec = codec;
    plan.fragment_elements[0] = 3000;
    return plan;
}

static void open_reduced_world(enum quantise_codec codec) {
    struct rounds_world_plan plan = reduced_plan(3, codec);
    rounds_world_open(&world, &plan);
}

static uint64_t sent_by_all(void) {
    return status_of(0).sent_bytes + status_of(1).sent_bytes + status_of(2).sent_bytes;
}

static void test_steps_by_owner_reduce_are_taken_from_sums_and_send_less(void **state) {
    (void)state;
    uint64_t sent[2];
    for (int reduced = 0; reduced < 2; reduced++) {
        struct rounds_world_plan plan = reduced_plan(3, QUANTISE_FP32);
        plan.exchange = reduced ? ROUNDS_OWNER_REDUCE : ROUNDS_ALL_GATHER;
        rounds_world_open(&world, &plan);
        world.stop_at = 1;
        run_to(1); /* which has to wait for a leader */
        uint64_t before = sent_by_all();
        world.stop_at = 11;
        run_to(11);
        struct rounds_status status = status_of(1);
        sent[reduced] = sent_by_all() - before;
        assert_string_equal(status.exchange, reduced ? "owner-reduce" : "all-gather");
        assert_in_range(status.summed, reduced ? 10 : 0, reduced ? 11 : 0);
        assert_int_equal(world.members[10], 7);
        rounds_world_close(&world);
    }
    assert_in_range(sent[1], sent[0] * 2 / 3, sent[0] * 2 / 3 * 105 / 100);
}

static void test_a_site_that_is_away_makes_owner_reduce_fall_back(void **state) {
    (void)state;
    open_reduced_world(QUANTISE_BF16);
    run_to(3);
    rounds_world_kill(&world, 2);
    run_to(8);
    assert_int_equal(world.members[7], 3);
    uint64_t before = status_of(0).summed;
    rounds_world_start(&world, 2);
    run_to(11);
    uint64_t next = world.decided + 4;
    run_to(next);
    assert_int_equal(world.members[next], 7);
    assert_true(status_of(0).summed > before); /* and take it up again */
    rounds_world_close(&world);
}

/* A session that ends in the midst of a step takes shares and sums with it. */
static void test_an_owner_reduce_survives_a_session_that_ends_at_any_moment(void **state) {
    (void)state;
    for (uint64_t after_ms = 0; after_ms < 1200; after_ms += 15) {
        open_reduced_world(QUANTISE_INT8);
        run_to(2);
        rounds_world_run_until(&world, world.now_ns + after_ms * MS);
        rounds_world_break(&world, 0, 1);
        rounds_world_run_until(&world, world.now_ns + 40 * MS);
        rounds_world_mend(&world, 0, 1);
        uint64_t next = world.decided + 3;
        run_to(next);
        assert_int_equal(world.members[next], 7);
        rounds_world_close(&world);
    }
}

/* Found by seed: two of four were started again while the others had the sums of all, and held the
 * leader's proposal of those back for ever. */
static void test_sums_of_former_lives_do_not_hold_a_proposal_up(void **state) {
    (void)state;
    char text[ROUNDS_CASE_TEXT];
    if (!rounds_case_chaos(1028, ROUNDS_OWNER_REDUCE, text)) {
        fail_msg("seed 1028: %s", text);
    }
}

/* A fragment, share or sum whose head says something else than its bytes, or its sender. */
static void test_shares_and_sums_that_do_not_fit_are_refused(void **state) {
    (void)state;
    open_reduced_world(QUANTISE_FP32);
    rounds_world_run_until(&world, world.now_ns + 200 * MS);
    struct rounds *rounds = world.site[0].rounds;
    static uint8_t message[20000];
    const struct share_head shares[] = {
        {1, 1, 9, 0, QUANTISE_FP32, 0, 256},    /* of site 1, told by site 2 */
        {1, 2, 9, 2, QUANTISE_FP32, 0, 256},    /* no such fragment */
        {1, 2, 9, 0, QUANTISE_INT8, 0, 256},    /* another codec */
        {1, 2, 9, 0, QUANTISE_FP32, 1, 256},    /* not at a block */
        {1, 2, 9, 0, QUANTISE_FP32, 2816, 256}, /* beyond the fragment */
        {1, 2, 9, 0, QUANTISE_FP32, 0, 255},    /* shorter than what follows */
        {1, 2, 9, 0, QUANTISE_FP32, 0, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct bytes_writer writer = bytes_writer_over(message, sizeof message);
        message_put_share(&writer, &shares[i]);
        assert_int_equal(
            rounds_recv(rounds, world.now_ns, 2, message, bytes_written(&writer) + 4 * 256),
            SATSYNC_PROTOCOL);
    }
    const struct sum_head sums[] = {{1, 2, 2, 0, 256, {7, 8, 9}},
                                    {1, 2, 0, 1, 256, {7, 8, 9}},
                                    {1, 2, 0, 2816, 256, {7, 8, 9}},
                                    {1, 2, 0, 0, 257, {7, 8, 9}},
                                    {1, 2, 0, 0, 256, {7, 0, 9}}};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        struct bytes_writer writer = bytes_writer_over(message, sizeof message);
        message_put_sum(&writer, &sums[i], 3);
        assert_int_equal(
            rounds_recv(rounds, world.now_ns, 2, message, bytes_written(&writer) + 4 * 256),
            SATSYNC_PROTOCOL);
    }
    rounds_world_close(&world);
}

static void test_a_sum_that_is_not_finite_is_refused_and_its_owner_named(void **state) {
    (void)state;
    open_reduced_world(QUANTISE_FP32);
    rounds_world_run_until(&world, world.now_ns + 200 * MS);
    uint8_t message[2000] = {0};
    const struct sum_head head = {1, 2, 0, 0, 256, {7, 8, 9}};
    struct bytes_writer writer = bytes_writer_over(message, sizeof message);
    message_put_sum(&writer, &head, 3);
    const uint8_t nan[4] = {0, 0, 0xc0, 0x7f};
    memcpy(message + bytes_written(&writer) + 4 * 255, nan, sizeof nan);
    assert_int_equal(rounds_recv(world.site[0].rounds, world.now_ns, 2, message,
                                 bytes_written(&writer) + 4 * 256),
                     SATSYNC_OK);
    struct rounds_event event = {.kind = ROUNDS_EVENT_READY};
    while (event.kind != ROUNDS_EVENT_REFUSED) {
        assert_true(rounds_event(world.site[0].rounds, &event));
    }
    assert_int_equal(event.peer, 2);
    rounds_world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_by_owner_reduce_are_taken_from_sums_and_send_less),
        cmocka_unit_test(test_a_site_that_is_away_makes_owner_reduce_fall_back),
        cmocka_unit_test(test_an_owner_reduce_survives_a_session_that_ends_at_any_moment),
        cmocka_unit_test(test_sums_of_former_lives_do_not_hold_a_proposal_up),
        cmocka_unit_test(test_shares_and_sums_that_do_not_fit_are_refused),
        cmocka_unit_test(test_a_sum_that_is_not_finite_is_refused_and_its_owner_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
