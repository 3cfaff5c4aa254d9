#include "transport/wan/ack.h"

#include "base/timers.h"
#include "transport/wan/rtt.h"

enum {
    RANGES_KEPT = 256,
    EARLY_PACKETS = 128, /* acknowledged in twos: the peer is learning the path */
    EARLY_THRESHOLD = 2,
    THRESHOLD = 64,
    BUDGET_SHARE = 256, /* acks may take one byte in so many received */
    BUDGET_MOST = 4096,
    HURRY_BYTES = 128 /* about what an ack takes */
};

static const uint64_t UNKNOWN_DELAY_NS = 5000000;

enum satsync_status ack_init(struct ack *ack, const struct allocator *allocator) {
    *ack = (struct ack){
        .due_ns = TIME_NEVER, .delay_ns = UNKNOWN_DELAY_NS, .budget_bytes = BUDGET_MOST};
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

void ack_received(struct ack *ack, uint64_t now_ns, uint64_t number, size_t bytes, bool eliciting) {
    remember(ack, number);
    if (ack->packets == 0 || number > ack->largest) {
        ack->largest = number;
        ack->largest_ns = now_ns;
    }
    ack->packets++;
    ack->budget_bytes += bytes / BUDGET_SHARE + 1;
    if (ack->budget_bytes > BUDGET_MOST) {
        ack->budget_bytes = BUDGET_MOST;
    }
    if (!eliciting) {
        return;
    }
    ack->waiting++;
    uint64_t due = now_ns + ack->delay_ns;
    uint64_t threshold = ack->packets <= EARLY_PACKETS ? EARLY_THRESHOLD : THRESHOLD;
    if (ack->waiting >= threshold && ack->budget_bytes >= HURRY_BYTES) {
        due = now_ns;
    }
    ack->due_ns = due < ack->due_ns ? due : ack->due_ns;
}

void ack_set_round_trip(struct ack *ack, uint64_t rtt_ns) {
    ack->delay_ns = rtt_ack_delay(rtt_ns);
}

void ack_hurry(struct ack *ack, uint64_t now_ns) {
    if (ack->budget_bytes >= HURRY_BYTES) {
        ack->due_ns = now_ns < ack->due_ns ? now_ns : ack->due_ns;
    }
}

bool ack_is_due(const struct ack *ack, uint64_t now_ns) {
    return ack->packets > 0 && ack->due_ns <= now_ns;
}

bool ack_fill(struct ack *ack, uint64_t now_ns, struct frame_ack *frame) {
    size_t count = ack->received.count;
    if (count == 0) {
        return false;
    }
    frame->largest = ack->received.at[count - 1].to - 1;
    frame->delay_us = frame->largest == ack->largest ? (now_ns - ack->largest_ns) / 1000 : 0;
    frame->range_count = count < FRAME_ACK_RANGES_MAX ? count : FRAME_ACK_RANGES_MAX;
    for (size_t i = 0; i < frame->range_count; i++) {
        frame->ranges[i] = ack->received.at[count - 1 - i];
    }
    return true;
}

void ack_sent(struct ack *ack, size_t bytes) {
    ack->due_ns = TIME_NEVER;
    ack->waiting = 0;
    ack->budget_bytes -= bytes < ack->budget_bytes ? bytes : ack->budget_bytes;
}
