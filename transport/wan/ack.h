/*
 * What this end should acknowledge, and when. Acknowledgements are thinned: one for so many
 * packets, or soon, as far as a budget allows: 0.2 % of the bytes that come, so that a 100:1 link's
 * return path carries them, and on slow links up to 120 kbit/s, but no more than 1 %. Without
 * budget they still leave after a delay that follows the round trip. Owner thread.
 */
#ifndef TRANSPORT_WAN_ACK_H
#define TRANSPORT_WAN_ACK_H

#include "base/ranges.h"
#include "transport/wan/frame.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stdint.h>

enum { ACK_TOLD = 5, ACK_ALL_EVERY = 32 };

struct ack {
    struct ranges received;
    uint64_t low;            /* lowest number that came since the last ack, UINT64_MAX: none */
    uint64_t lows[ACK_TOLD]; /* the same of the last acks */
    uint64_t count;          /* of acks */
    uint64_t largest;
    uint64_t largest_ns;   /* when it came */
    uint64_t due_ns;       /* TIME_NEVER when nothing waits */
    uint64_t waiting;      /* packets that asked for an ack since the last one */
    uint64_t packets;      /* received in all */
    uint64_t first_ns;     /* when the first of those that wait came */
    uint64_t sent_ns;      /* when the last ack left */
    uint64_t soon_ns;      /* how long one is held back while there is budget */
    uint64_t delay_ns;     /* how long one is held back at most */
    uint64_t gap_ns;       /* between two that many packets ask for, at least */
    uint64_t budget_512;   /* 512ths of an IP byte that acks may take before their delay is over */
    uint64_t budget_at_ns; /* up to when it grew by time */
};

enum satsync_status ack_init(struct ack *ack, const struct allocator *allocator) SATSYNC_MUST_CHECK;
void ack_fini(struct ack *ack);

/* A new packet of `ip_bytes`; `eliciting` when it holds more than acknowledgements. */
void ack_received(struct ack *ack, uint64_t now_ns, uint64_t number, size_t ip_bytes,
                  bool eliciting);

/* As long as the peer's round trip is not known, packets are acknowledged after 5 ms. */
void ack_set_round_trip(struct ack *ack, uint64_t rtt_ns);

/* Something that the peer should hear soon: an ack is due now, if the budget allows. */
void ack_hurry(struct ack *ack, uint64_t now_ns);

bool ack_is_due(const struct ack *ack, uint64_t now_ns);

/* Fills a frame with the newest ranges, and takes it for sent with `bytes` in all; false when
 * nothing was ever received. */
bool ack_fill(struct ack *ack, uint64_t now_ns, struct frame_ack *frame);
void ack_sent(struct ack *ack, uint64_t now_ns, size_t ip_bytes);

#endif
