#include "sim-link/stage_disorder.h"

#include "support/chain.h"
#include "support/cmocka.h"

static struct chain disorder(struct stage_disorder_options options, uint64_t count) {
    struct chain chain;
    options.random = random_of(11, 1);
    chain_init(&chain, stage_disorder_new(&options, NULL), 2 * count);
    for (uint64_t i = 0; i < count; i++) {
        chain_push(&chain, i * 1000, 100);
    }
    chain_run(&chain, TIME_NEVER - 1);
    return chain;
}

static void test_some_packets_come_late_and_are_overtaken(void **state) {
    (void)state;
    struct chain chain = disorder(
        (struct stage_disorder_options){.reorder_ppb = 100000000, .reorder_ns = 50000}, 20000);
    unsigned overtaken = 0;
    for (uint64_t i = 1; i < chain.delivered; i++) {
        overtaken += chain.out[i].number < chain.out[i - 1].number;
        assert_true(chain.out[i].time_ns <= chain.out[i].number * 1000 + 50001);
    }
    assert_int_equal(chain.delivered, 20000);
    assert_true(overtaken > 1000);
    chain_fini(&chain);
}

static void test_some_packets_come_twice(void **state) {
    (void)state;
    struct chain chain =
        disorder((struct stage_disorder_options){.duplicate_ppb = 100000000}, 20000);
    assert_true(chain.duplicated > 1800 && chain.duplicated < 2200);
    assert_int_equal(chain.delivered, 20000 + chain.duplicated);
    chain_fini(&chain);
}

static void test_a_corrupt_packet_has_one_bit_flipped(void **state) {
    (void)state;
    struct chain chain =
        disorder((struct stage_disorder_options){.corrupt_ppb = 1000000000}, 20000);
    unsigned hit = 0;
    for (uint64_t i = 0; i < chain.delivered; i++) {
        uint8_t byte = chain.out[i].first_byte;
        assert_true((byte & (byte - 1)) == 0);
        hit += byte != 0;
    }
    /* The first of 16 bytes, in one of 16 packets. */
    assert_true(hit > 1050 && hit < 1450);
    chain_fini(&chain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_some_packets_come_late_and_are_overtaken),
        cmocka_unit_test(test_some_packets_come_twice),
        cmocka_unit_test(test_a_corrupt_packet_has_one_bit_flipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
