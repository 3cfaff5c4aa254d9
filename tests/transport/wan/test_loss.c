#include "transport/wan/loss.h"

#include "base/timers.h"
#include "support/cmocka.h"

static const uint64_t MS = 1000000;

struct world {
    struct sent sent;
    struct loss loss;
    struct rtt rtt;
    uint64_t deadline;
};

static void set_up(struct world *world, int packets) {
    assert_int_equal(sent_init(&world->sent, 64, NULL), SATSYNC_OK);
    loss_init(&world->loss);
    rtt_init(&world->rtt, 100 * MS);
    rtt_sample(&world->rtt, 80 * MS, 0);
    for (int i = 0; i < packets; i++) {
        sent_begin(&world->sent)->sent_ns = (uint64_t)i * MS;
        sent_commit(&world->sent);
    }
}

static struct sent_packet *ack(struct world *world, uint64_t number, uint64_t now_ns) {
    sent_settle(&world->sent, sent_find(&world->sent, number), SENT_ACKED);
    loss_acked(&world->loss, number);
    return loss_find(&world->loss, &world->sent, &world->rtt, now_ns, &world->deadline);
}

static void test_three_later_acks_make_a_packet_lost(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 10);
    assert_null(ack(&world, 1, 80 * MS));
    assert_null(ack(&world, 2, 80 * MS));
    struct sent_packet *lost = ack(&world, 3, 80 * MS);
    assert_non_null(lost);
    assert_int_equal(lost->number, 0);
    sent_fini(&world.sent);
}

static void test_age_makes_a_packet_lost_at_the_deadline(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 3);
    assert_null(ack(&world, 1, 80 * MS));
    assert_int_equal(world.deadline, 90 * MS);
    assert_null(loss_find(&world.loss, &world.sent, &world.rtt, 90 * MS - 1, &world.deadline));
    assert_non_null(loss_find(&world.loss, &world.sent, &world.rtt, 90 * MS, &world.deadline));
    sent_fini(&world.sent);
}

static void test_the_newest_packets_are_never_lost_by_acks(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 3);
    assert_null(ack(&world, 0, 80 * MS));
    assert_null(loss_find(&world.loss, &world.sent, &world.rtt, 999 * MS, &world.deadline));
    assert_true(world.deadline == TIME_NEVER);
    sent_fini(&world.sent);
}

static void test_reordering_raises_the_threshold(void **state) {
    (void)state;
    struct world world;
    set_up(&world, 30);
    loss_acked(&world.loss, 20);
    loss_declared(&world.loss, 5);
    uint64_t number;
    assert_false(loss_refuted(&world.loss, &(struct range){6, 9}, &number));
    assert_true(loss_refuted(&world.loss, &(struct range){4, 9}, &number));
    assert_int_equal(number, 5);
    assert_false(loss_refuted(&world.loss, &(struct range){4, 9}, &number));
    assert_int_equal(world.loss.threshold, 16);
    sent_fini(&world.sent);
}

static void test_measured_share_follows_the_path_and_leaves_outages_out(void **state) {
    (void)state;
    struct loss loss;
    loss_init(&loss);
    assert_int_equal(loss_ppm(&loss), 10000);
    for (uint64_t i = 0; i < 40000; i++) {
        loss_measure(&loss, i, i % 20 == 0);
    }
    assert_in_range(loss_ppm(&loss), 48000, 52000);
    for (uint64_t i = 50000; i < 60000; i++) {
        loss_measure(&loss, i, true);
    }
    assert_in_range(loss_ppm(&loss), 48000, 60000);
    for (uint64_t i = 0; i < 100000; i++) {
        loss_measure(&loss, 100000 + i, false);
    }
    assert_in_range(loss_ppm(&loss), 0, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_later_acks_make_a_packet_lost),
        cmocka_unit_test(test_age_makes_a_packet_lost_at_the_deadline),
        cmocka_unit_test(test_the_newest_packets_are_never_lost_by_acks),
        cmocka_unit_test(test_reordering_raises_the_threshold),
        cmocka_unit_test(test_measured_share_follows_the_path_and_leaves_outages_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
