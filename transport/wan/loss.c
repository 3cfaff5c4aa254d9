#include "transport/wan/loss.h"

#include "base/timers.h"

enum {
    THRESHOLD_LEAST = 3,
    THRESHOLD_MOST = 1024,
    /* Before anything is known a loss of 1 % is assumed, as strongly as 256 packets would show. */
    PRIOR_PERCENT = 1,
    PRIOR_WEIGHT = 256,
    WEIGHT_MOST = 4096,
    /* A run this long is an outage of the path, not its loss. */
    OUTAGE_RUN = 32
};

static const uint64_t GRANULARITY_NS = 1000000;

void loss_init(struct loss *loss) {
    *loss = (struct loss){.threshold = THRESHOLD_LEAST,
                          .share = LOSS_SHARE_ONE * PRIOR_PERCENT / 100,
                          .weight = PRIOR_WEIGHT,
                          .run_256 = 256};
}

void loss_acked(struct loss *loss, uint64_t number) {
    if (!loss->any_acked || number > loss->largest_acked) {
        loss->any_acked = true;
        loss->largest_acked = number;
    }
}

struct sent_packet *loss_find(const struct loss *loss, const struct sent *sent,
                              const struct rtt *rtt, uint64_t now_ns, uint64_t *deadline_ns) {
    *deadline_ns = TIME_NEVER;
    if (!loss->any_acked || sent->low >= sent->next || sent->low >= loss->largest_acked) {
        return NULL;
    }
    struct sent_packet *oldest = sent_find(sent, sent->low);
    if (loss->largest_acked - oldest->number >= loss->threshold) {
        return oldest;
    }
    uint64_t wait = rtt->latest_ns > rtt->smoothed_ns ? rtt->latest_ns : rtt->smoothed_ns;
    wait += wait / 8 > GRANULARITY_NS ? wait / 8 : GRANULARITY_NS;
    if (oldest->sent_ns + wait <= now_ns) {
        return oldest;
    }
    *deadline_ns = oldest->sent_ns + wait;
    return NULL;
}

void loss_declared(struct loss *loss, uint64_t number) {
    loss->recent[loss->recent_count++ % LOSS_REMEMBERED] = number;
}

bool loss_refuted(struct loss *loss, const struct range *range, uint64_t *number) {
    uint64_t kept = loss->recent_count < LOSS_REMEMBERED ? loss->recent_count : LOSS_REMEMBERED;
    for (uint64_t i = 0; i < kept; i++) {
        *number = loss->recent[i];
        if (*number < range->from || *number >= range->to) {
            continue;
        }
        uint64_t distance = loss->largest_acked > *number ? loss->largest_acked - *number : 0;
        if (distance >= loss->threshold) {
            loss->threshold = distance + 1 < THRESHOLD_MOST ? distance + 1 : THRESHOLD_MOST;
        }
        loss->recent[i] = UINT64_MAX;
        return true;
    }
    return false;
}

void loss_measure(struct loss *loss, uint64_t number, bool lost) {
    if (lost) {
        loss->run = loss->last_lost + 1 == number ? loss->run + 1 : 1;
        loss->last_lost = number;
        if (loss->run > OUTAGE_RUN) {
            return;
        }
        /* A run's mean length grows with each packet that prolongs it; 1/16 per run started. */
        uint64_t target = loss->run * 256;
        if (loss->run == 1) {
            loss->run_256 -= (loss->run_256 - 256) / 16;
        } else {
            loss->run_256 += target > loss->run_256 ? (target - loss->run_256) / 16 : 0;
        }
    }
    loss->weight += loss->weight < WEIGHT_MOST;
    loss->share -= loss->share / loss->weight;
    loss->share += lost ? LOSS_SHARE_ONE / loss->weight : 0;
}

uint64_t loss_ppm(const struct loss *loss) {
    return loss->share / (LOSS_SHARE_ONE / 1000000);
}
