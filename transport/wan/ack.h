/*
 * What this end should acknowledge, and when. Acknowledgements are thinned: one for so many
 * packets, or after a delay that follows the round trip, and never more than a share of the bytes
 * received, so that a 100:1 link's return path carries them. Owner thread.
 */
#ifndef TRANSPORT_WAN_ACK_H
#define TRANSPORT_WAN_ACK_H

#include "base/ranges.h"
#include "transport/wan/frame.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stdint.h>

struct ack {
    struct ranges received;
    uint64_t largest;
    uint64_t largest_ns;   /* when it came */
    uint64_t due_ns;       /* TIME_NEVER when nothing waits */
    uint64_t waiting;      /* packets that asked for an ack since the last one */
    uint64_t packets;      /* received in all */
    uint64_t delay_ns;     /* how long one may be held back */
    uint64_t budget_bytes; /* what may be spent on acks before their delay is over */
};

enum satsync_status ack_init(struct ack *ack, const struct allocator *allocator) SATSYNC_MUST_CHECK;
void ack_fini(struct ack *ack);

/* A new packet of `bytes`; `eliciting` when it holds more than acknowledgements. */
void ack_received(struct ack *ack, uint64_t now_ns, uint64_t number, size_t bytes, bool eliciting);

/* As long as the peer's round trip is not known, packets are acknowledged after 5 ms. */
void ack_set_round_trip(struct ack *ack, uint64_t rtt_ns);

/* Something that the peer should hear soon: an ack is due now, if the budget allows. */
void ack_hurry(struct ack *ack, uint64_t now_ns);

bool ack_is_due(const struct ack *ack, uint64_t now_ns);

/* Fills a frame with the newest ranges, and takes it for sent with `bytes` in all; false when
 * nothing was ever received. */
bool ack_fill(struct ack *ack, uint64_t now_ns, struct frame_ack *frame);
void ack_sent(struct ack *ack, size_t bytes);

#endif
