#include "sim-link/red.h"

#include "sim-link/fixed.h"

enum { WEIGHT = 512, DECAY_Q16 = 185 }; /* -log2(1 - 1/512) in Q16 */

static void follow(struct red *red, const struct red_arrival *arrival) {
    if (arrival->idle_packets > 0) {
        const uint64_t most = (uint64_t)40 * Q16_ONE / DECAY_Q16;
        uint64_t packets = arrival->idle_packets < most ? arrival->idle_packets : most;
        red->mean_q16 = fixed_scale(red->mean_q16, -(int32_t)(packets * DECAY_Q16));
    }
    int64_t off_q16 = (int64_t)(arrival->queued_bytes * Q16_ONE) - (int64_t)red->mean_q16;
    red->mean_q16 += (uint64_t)(off_q16 / WEIGHT);
}

bool red_drops(struct red *red, const struct red_arrival *arrival) {
    follow(red, arrival);
    uint64_t mean_bytes = red->mean_q16 / Q16_ONE;
    if (mean_bytes < arrival->least_bytes) {
        red->since_drop = -1;
        return false;
    }
    if (mean_bytes >= arrival->most_bytes) {
        red->since_drop = 0;
        return true;
    }
    red->since_drop++;
    uint64_t base_ppb = red->most_ppb * (mean_bytes - arrival->least_bytes) /
                        (arrival->most_bytes - arrival->least_bytes);
    /* p / (1 - count * p) makes the gaps between drops uniform. */
    uint64_t spent_ppb = (uint64_t)red->since_drop * base_ppb;
    uint64_t ppb = spent_ppb >= 1000000000u - base_ppb
                       ? 1000000000u
                       : base_ppb * 1000000000u / (1000000000u - spent_ppb);
    if (!draw_ppb(&red->random, ppb)) {
        return false;
    }
    red->since_drop = 0;
    return true;
}
