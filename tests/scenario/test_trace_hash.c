/*
 * The same seed gives the same packets. `--print` gives the hashes of twenty seeds of one scenario;
 * tests/campaign/trace_hash compares them between compilers, and with trace_hashes.txt, which
 * changes whenever the protocol or its timing do.
 */
#include "support/adversity.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

enum { SEEDS = 20 };

/* One link and one message with an outage, and both ends' death, so that all parts take part. */
static void scenario_of(uint64_t seed, struct adversity *adversity) {
    memset(adversity, 0, sizeof *adversity);
    adversity->seed = seed;
    snprintf(adversity->link, sizeof adversity->link,
             "plain?rate=20M&rtt=80ms&loss=2%%&reorder=1%%&duplicate=1%%&corrupt=0.1%%&jitter=5ms");
    adversity->messages = 2;
    adversity->bytes[0] = 1 << 20;
    adversity->bytes[1] = 100000;
    adversity->parity = true;
    adversity->rate_bps = seed % 2 ? 20000000 : 0;
    adversity->trouble_count = 3;
    adversity->troubles[0] = (struct trouble){TROUBLE_OUTAGE, 150000000, 400000000};
    adversity->troubles[1] = (struct trouble){TROUBLE_SENDER_DIES, 700000000, 50000000};
    adversity->troubles[2] = (struct trouble){TROUBLE_RECEIVER_DIES, 1000000000, 50000000};
}

static void hash_of(uint64_t seed, bool without_aes, char out[TRACE_HASH_TEXT_BYTES]) {
    struct adversity adversity;
    struct adversity_end end;
    scenario_of(seed, &adversity);
    adversity.without_aes = without_aes;
    adversity_run(&adversity, &end);
    assert_true(end.passed);
    assert_int_equal(end.troubles, 3);
    trace_hash_text(&end.trace, out);
}

static void test_a_seed_gives_its_hash_each_time_and_no_others(void **state) {
    (void)state;
    char hashes[4][TRACE_HASH_TEXT_BYTES];
    for (uint64_t i = 0; i < 4; i++) {
        char again[TRACE_HASH_TEXT_BYTES];
        hash_of(i + 1, true, hashes[i]);
        hash_of(i + 1, true, again);
        assert_string_equal(hashes[i], again);
        for (uint64_t j = 0; j < i; j++) {
            assert_string_not_equal(hashes[i], hashes[j]);
        }
    }
}

/* Sizes and times of packets, and so everything but their bytes, are the same with AES. */
static void test_the_cipher_moves_no_packet(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct adversity adversity;
        struct adversity_end ends[2];
        scenario_of(seed, &adversity);
        adversity_run(&adversity, &ends[0]);
        adversity.without_aes = true;
        adversity_run(&adversity, &ends[1]);
        assert_int_equal(ends[0].packets, ends[1].packets);
        assert_int_equal(ends[0].wire_bytes, ends[1].wire_bytes);
        assert_int_equal(ends[0].time_ns, ends[1].time_ns);
    }
}

static int print_all(void) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char hash[TRACE_HASH_TEXT_BYTES];
        /* The ciphertext is part of the hash: it has to be one that every CPU has. */
        hash_of(seed, true, hash);
        printf("%2llu %s\n", (unsigned long long)seed, hash);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        return print_all();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_gives_its_hash_each_time_and_no_others),
        cmocka_unit_test(test_the_cipher_moves_no_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
