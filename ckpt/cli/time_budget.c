#include "ckpt/cli/time_budget.h"

/* Shares are rounded down; what is missing then goes to those that lost most (largest remainder).
 */
static void share_out(struct time_part parts[TIME_PARTS], uint64_t whole_ns) {
    double left[TIME_PARTS];
    unsigned missing = 1000;
    for (int i = 0; i < TIME_PARTS; i++) {
        double share = 1000.0 * (double)parts[i].span_ns / (double)whole_ns;
        parts[i].permille = (unsigned)share;
        left[i] = share - parts[i].permille;
        missing -= parts[i].permille;
    }
    for (; missing > 0; missing--) {
        int most = 0;
        for (int i = 1; i < TIME_PARTS; i++) {
            most = left[i] > left[most] ? i : most;
        }
        parts[most].permille++;
        left[most] -= 1;
    }
}

void time_budget(const struct satsync_progress *progress, struct time_part parts[TIME_PARTS]) {
    const struct time_part told[TIME_PARTS] = {{"connecting", progress->connecting_ns, 0},
                                               {"sending", progress->sending_ns, 0},
                                               {"repairing", progress->repairing_ns, 0},
                                               {"waiting for the link", progress->waiting_ns, 0},
                                               {"idle", progress->idle_ns, 0},
                                               {"without a link", 0, 0}};
    uint64_t sum_ns = 0;
    for (int i = 0; i < TIME_PARTS; i++) {
        parts[i] = told[i];
        sum_ns += told[i].span_ns;
    }
    /* The two are not read at the same moment: the sum may be the later by a little. */
    uint64_t whole_ns = sum_ns > progress->elapsed_ns ? sum_ns : progress->elapsed_ns;
    parts[TIME_PARTS - 1].span_ns = whole_ns - sum_ns;
    if (whole_ns > 0) {
        share_out(parts, whole_ns);
    }
}
