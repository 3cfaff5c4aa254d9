/* What each class is held to. */
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <stdio.h>

enum { MIB = 1 << 20, BINS = 40000 };

/* IP bytes that an end sent in each millisecond. */
struct departures {
    uint64_t bytes[BINS];
    uint64_t last;
};

static void note(const struct wan_pair *pair, int from, const uint8_t *data, size_t bytes) {
    struct departures *departures = pair->tap_context;
    uint64_t bin = (pair->now_ns - PAIR_SECOND) / PAIR_MS;
    (void)data;
    if (from == 0 && bin < BINS) {
        departures->bytes[bin] += bytes + WAN_IP_UDP_BYTES;
        departures->last = bin;
    }
}

static void set_up(struct wan_pair *pair, uint64_t seed, enum link_controller controller) {
    pair_init(pair, seed);
    for (int i = 0; i < 2; i++) {
        pair->paths[i] = (struct pair_path){.rate_bps = 100000000,
                                            .delay_ns = 20 * PAIR_MS,
                                            .queue_bytes = 400000,
                                            .loss_ppm = 10000};
        pair->ends[i].options.controller = controller;
        pair->ends[i].options.rate_bps = 100000000;
    }
}

/* Of every whole second between the first and the last, in millionths of what is allowed. */
static void extremes(const struct departures *departures, uint64_t limit_bps, uint64_t *least,
                     uint64_t *most) {
    uint64_t sum = 0;
    *least = UINT64_MAX;
    *most = 0;
    for (uint64_t bin = 0; bin + 1000 < departures->last; bin++) {
        sum += departures->bytes[bin] - (bin >= 1000 ? departures->bytes[bin - 1000] : 0);
        if (bin >= 1999) {
            uint64_t share = sum * 8000000 / (limit_bps / 1000) / 1000;
            *least = share < *least ? share : *least;
            *most = share > *most ? share : *most;
        }
    }
}

static void test_a_limit_holds_within_two_percent_over_any_second(void **state) {
    (void)state;
    static const uint64_t LIMITS_BPS[] = {1000000, 20000000, 80000000};
    static struct departures departures;
    for (size_t i = 0; i < 6; i++) {
        struct wan_pair pair;
        uint64_t limit_bps = LIMITS_BPS[i / 2];
        uint64_t least;
        uint64_t most;
        departures = (struct departures){0};
        set_up(&pair, i, i % 2 ? LINK_CONTROLLER_MODEL : LINK_CONTROLLER_RATED);
        pair.ends[0].options.limit_bps[LINK_CHECKPOINT] = limit_bps;
        pair.tap = note;
        pair.tap_context = &departures;
        pair_start(&pair);
        pair_submit(&pair, 0, LINK_CHECKPOINT, limit_bps / 8 * 10);
        assert_true(pair_run(&pair, 100 * PAIR_SECOND));
        extremes(&departures, limit_bps, &least, &most);
        printf("%s %3d Mbit/s: %.4f to %.4f of it\n", i % 2 ? "model" : "rated",
               (int)(limit_bps / 1000000), (double)least / 1e6, (double)most / 1e6);
        assert_in_range(most, 980000, 1020000);
        assert_in_range(least, 980000, 1020000);
        pair_fini(&pair);
    }
}

static void test_a_limit_is_of_its_class_alone(void **state) {
    (void)state;
    struct wan_pair pair;
    set_up(&pair, 7, LINK_CONTROLLER_RATED);
    pair.ends[0].options.limit_bps[LINK_CHECKPOINT] = 2000000;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, MIB);
    pair_run_to(&pair, 2 * PAIR_SECOND);
    uint64_t number = pair_submit(&pair, 0, LINK_GRADIENT, 8 * MIB);
    uint64_t began = pair.now_ns;
    assert_true(pair_run(&pair, 100 * PAIR_SECOND));
    /* 8 MiB take 0.71 s. */
    assert_in_range(pair.ends[1].incoming[number].received_ns - began, 0, 900 * PAIR_MS);
    assert_in_range(pair.ends[1].incoming[0].received_ns - PAIR_SECOND, 4 * PAIR_SECOND,
                    5 * PAIR_SECOND);
    pair_fini(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_limit_holds_within_two_percent_over_any_second),
        cmocka_unit_test(test_a_limit_is_of_its_class_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
