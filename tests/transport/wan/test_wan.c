#include "transport/wan/wan.h"

#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <stdio.h>

enum { MIB = 1 << 20 };

static void set_path(struct wan_pair *pair, uint64_t rate_bps, uint64_t rtt_ns) {
    for (int i = 0; i < 2; i++) {
        pair->paths[i].rate_bps = rate_bps;
        pair->paths[i].delay_ns = rtt_ns / 2;
        pair->paths[i].queue_bytes = rate_bps / 8 * (rtt_ns / PAIR_MS) / 1000 + 100000;
        pair->ends[i].options.rate_bps = rate_bps;
    }
}

static void test_message_crosses_a_clean_path(void **state) {
    (void)state;
    struct wan_pair pair;
    pair_init(&pair, 1);
    set_path(&pair, 100000000, 600 * PAIR_MS);
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, 8 * MIB);
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    struct link_stats stats;
    wan_stats(pair.ends[0].wan, pair.now_ns, &stats);
    assert_int_equal(stats.payload_bytes, 8 * MIB);
    assert_int_equal(stats.repeated_bytes, 0);
    printf("received after %.3f s\n",
           (double)(pair.ends[1].incoming[0].received_ns - PAIR_SECOND) / 1e9);
    pair_fini(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_crosses_a_clean_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
