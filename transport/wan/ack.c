#include "transport/wan/ack.h"

#include "base/timers.h"
#include "transport/wan/arrival.h"
#include "transport/wan/rtt.h"

enum {
    RANGES_KEPT = 256,
    EARLY_PACKETS = 128, /* acknowledged in twos: the peer is learning the path */
    EARLY_THRESHOLD = 2,
    THRESHOLD = 25,   /* of 1500 bytes: an ack of 75 bytes is 0.2 % of them */
    BUDGET_ONE = 512, /* a received byte earns one 512th of a byte of acks: 0.2 % */
    BUDGET_MOST_SHARE = 5 * BUDGET_ONE / 512, /* 512ths that a byte earns at most: 1 % */
    BUDGET_MOST = 4096 * BUDGET_ONE,
    HURRY = 96 * BUDGET_ONE /* about what an ack takes */
};

/* What makes an ack every 5 ms at any rate above 12 Mbit/s. */
static const uint64_t BUDGET_BPS = 120000;
static const uint64_t UNKNOWN_DELAY_NS = 5000000;
static const uint64_t GAP_MOST_NS = 250000;

enum satsync_status ack_init(struct ack *ack, const struct allocator *allocator) {
    *ack = (struct ack){.due_ns = TIME_NEVER,
                        .soon_ns = UNKNOWN_DELAY_NS,
                        .delay_ns = UNKNOWN_DELAY_NS,
                        .budget_512 = BUDGET_MOST};
    ranges_init(&ack->received, RANGES_KEPT, allocator);
    return ranges_reserve(&ack->received);
}

void ack_fini(struct ack *ack) {
    ranges_fini(&ack->received);
}

static void remember(struct ack *ack, uint64_t number) {
    struct ranges *received = &ack->received;
    if (received->count == received->limit) {
        /* The oldest half was told many times; forgetting it costs at most a repetition. */
        uint64_t cut = received->at[received->count / 2].from;
        (void)!ranges_remove(received, 0, cut);
        if (number < cut) {
            return;
        }
    }
    (void)!ranges_add(received, number, number + 1);
}

static void earn(struct ack *ack, uint64_t now_ns, size_t ip_bytes) {
    uint64_t passed_ns = now_ns - ack->budget_at_ns;
    passed_ns = passed_ns < 1000000000 ? passed_ns : 1000000000;
    uint64_t timed = passed_ns * (BUDGET_BPS / 8) / (1000000000 / BUDGET_ONE);
    uint64_t most = (uint64_t)ip_bytes * BUDGET_MOST_SHARE;
    timed = timed < most ? timed : most;
    ack->budget_at_ns = now_ns;
    ack->budget_512 += timed > ip_bytes ? timed : ip_bytes;
    ack->budget_512 = ack->budget_512 < BUDGET_MOST ? ack->budget_512 : BUDGET_MOST;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t due_at(const struct ack *ack, uint64_t now_ns) {
    if (ack->budget_512 < HURRY) {
        return ack->first_ns + ack->delay_ns;
    }
    uint64_t threshold = ack->packets <= EARLY_PACKETS ? EARLY_THRESHOLD : THRESHOLD;
    return later(now_ns, ack->waiting >= threshold ? ack->sent_ns + ack->gap_ns
                                                   : ack->first_ns + ack->soon_ns);
}

void ack_received(struct ack *ack, uint64_t now_ns, uint64_t number, size_t ip_bytes,
                  bool eliciting) {
    remember(ack, number);
    ack->low = number < ack->low ? number : ack->low;
    if (ack->packets == 0 || number > ack->largest) {
        ack->largest = number;
        ack->largest_ns = now_ns;
    }
    ack->packets++;
    earn(ack, now_ns, ip_bytes);
    if (!eliciting) {
        return;
    }
    ack->first_ns = ack->waiting++ == 0 ? now_ns : ack->first_ns;
    uint64_t due = due_at(ack, now_ns);
    ack->due_ns = due < ack->due_ns ? due : ack->due_ns;
}

void ack_set_round_trip(struct ack *ack, uint64_t rtt_ns) {
    ack->delay_ns = rtt_ack_delay(rtt_ns);
    ack->soon_ns = rtt_ack_soon(rtt_ns);
    ack->gap_ns = rtt_ns / 16 < GAP_MOST_NS ? rtt_ns / 16 : GAP_MOST_NS;
}

void ack_hurry(struct ack *ack, uint64_t now_ns) {
    if (ack->budget_512 >= HURRY) {
        ack->due_ns = now_ns < ack->due_ns ? now_ns : ack->due_ns;
    }
}

bool ack_is_due(const struct ack *ack, uint64_t now_ns) {
    return ack->packets > 0 && ack->due_ns <= now_ns;
}

/* The lowest number that the next ack must tell. */
static uint64_t tell_from(const struct ack *ack) {
    bool after_pause = ack->first_ns > ack->sent_ns + 2 * ack->delay_ns;
    if (after_pause || ack->count % ACK_ALL_EVERY == 0) {
        return 0;
    }
    uint64_t from = ack->low;
    for (int i = 0; i < ACK_TOLD; i++) {
        from = ack->lows[i] < from ? ack->lows[i] : from;
    }
    return from;
}

bool ack_fill(struct ack *ack, uint64_t now_ns, struct frame_ack *frame) {
    size_t count = ack->received.count;
    if (count == 0) {
        return false;
    }
    uint64_t from = tell_from(ack);
    const struct range *newest = &ack->received.at[count - 1];
    frame->largest = newest->to - 1;
    frame->delay_us = frame->largest == ack->largest ? (now_ns - ack->largest_ns) / 1000 : 0;
    frame->received_us = ack->largest_ns / 1000 % ARRIVAL_STAMPS;
    frame->range_count = 0;
    do {
        frame->ranges[frame->range_count] = newest[-(ptrdiff_t)frame->range_count];
        frame->range_count++;
    } while (frame->range_count < count && frame->range_count < FRAME_ACK_RANGES_MAX &&
             newest[-(ptrdiff_t)frame->range_count].to > from);
    return true;
}

void ack_sent(struct ack *ack, uint64_t now_ns, size_t ip_bytes) {
    uint64_t cost = (uint64_t)ip_bytes * BUDGET_ONE;
    ack->due_ns = TIME_NEVER;
    ack->waiting = 0;
    ack->sent_ns = now_ns;
    ack->lows[ack->count++ % ACK_TOLD] = ack->low;
    ack->low = UINT64_MAX;
    ack->budget_512 -= cost < ack->budget_512 ? cost : ack->budget_512;
}
