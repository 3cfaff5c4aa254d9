/*
 * A receiver dies without a word in the middle of bulk: what still arrives at its address is sent
 * for nothing. With no arguments a sample; `--seeds FROM TO` runs a range with a line for each.
 */
#include "support/cmocka.h"
#include "support/wan_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1 << 20, BYTES = 12 * MIB, SAMPLE_FROM = 101, SAMPLE_TO = 180 };

struct death {
    uint64_t rate_bps;
    uint64_t rtt_ns;
    uint64_t loss_ppm;
    uint64_t queue_ns;
    bool knows_rate;
    uint64_t at_ns;
};

static struct death death_of(uint64_t seed) {
    static const uint64_t RTTS_MS[] = {2, 20, 60, 120, 200, 300};
    static const uint64_t LOSSES_PPM[] = {0, 1000, 5000, 10000, 20000};
    struct random random = random_of(seed, 77);
    struct death death = {.rate_bps = (30 + random_below(&random, 31)) * 1000000,
                          .rtt_ns = RTTS_MS[random_below(&random, 6)] * PAIR_MS,
                          .loss_ppm = LOSSES_PPM[random_below(&random, 5)],
                          .queue_ns = (random_below(&random, 2) ? 20 : 50) * PAIR_MS,
                          .knows_rate = random_below(&random, 2)};
    uint64_t takes_ns = BYTES * UINT64_C(8000000000) / death.rate_bps + 2 * death.rtt_ns;
    death.at_ns = death.rtt_ns + random_below(&random, takes_ns);
    return death;
}

/* IP bytes that reached the dead in percent of what the path and its queue hold. */
static unsigned share_lost(const struct death *death, uint64_t seed) {
    struct wan_pair pair;
    pair_init(&pair, seed);
    for (int i = 0; i < 2; i++) {
        pair.paths[i] = (struct pair_path){.rate_bps = death->rate_bps,
                                           .delay_ns = death->rtt_ns / 2,
                                           .loss_ppm = death->loss_ppm,
                                           .queue_bytes = death->rate_bps / 8000 *
                                                          (death->queue_ns / 1000) / 1000};
        pair.ends[i].options.rate_bps = death->knows_rate ? death->rate_bps / 100 * 95 : 0;
    }
    uint64_t start = pair.now_ns;
    pair_start(&pair);
    pair_submit(&pair, 0, LINK_CHECKPOINT, BYTES);
    pair_run_to(&pair, start + death->at_ns);
    pair.ends[1].dead = true;
    pair_run_to(&pair, start + death->at_ns + 2 * PAIR_SECOND);
    uint64_t held = death->rate_bps / 8000 * ((death->rtt_ns + death->queue_ns) / 1000) / 1000;
    held = held > BYTES / 100 ? held : BYTES / 100;
    unsigned share = (unsigned)(pair.ends[1].lost_on_death * 100 / held);
    pair_fini(&pair);
    return share;
}

static void tell(uint64_t seed, const struct death *death, unsigned share) {
    printf(
        "seed %4llu: %3u %% of %llu Mbit/s x (%llu + %llu ms), loss %llu ppm, %s, dead at %.3f s\n",
        (unsigned long long)seed, share, (unsigned long long)death->rate_bps / 1000000,
        (unsigned long long)(death->rtt_ns / PAIR_MS),
        (unsigned long long)(death->queue_ns / PAIR_MS), (unsigned long long)death->loss_ppm,
        death->knows_rate ? "rated" : "model", (double)death->at_ns / 1e9);
    fflush(stdout);
}

static void test_less_than_the_path_holds_is_sent_to_the_dead(void **state) {
    (void)state;
    for (uint64_t seed = SAMPLE_FROM; seed <= SAMPLE_TO; seed++) {
        struct death death = death_of(seed);
        unsigned share = share_lost(&death, seed);
        if (share > 100) {
            tell(seed, &death, share);
            fail_msg("seed %d", (int)seed);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--seeds") == 0) {
        for (uint64_t seed = strtoull(argv[2], NULL, 10); seed <= strtoull(argv[3], NULL, 10);
             seed++) {
            struct death death = death_of(seed);
            tell(seed, &death, share_lost(&death, seed));
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_less_than_the_path_holds_is_sent_to_the_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
