/*
 * Spreads datagrams over time at a rate in IP bits a second. Some may leave ahead of time, so that
 * datagrams go out in batches, and a late caller may catch a little up. Owner thread.
 */
#ifndef TRANSPORT_WAN_PACER_H
#define TRANSPORT_WAN_PACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pacer {
    uint64_t next_ns;   /* when the next datagram is due on the ideal line */
    uint64_t remainder; /* of the last division, so that no rate drifts */
    uint64_t rate_bps;  /* of the last datagram, or since */
    bool closed;        /* a whole burst left: until the line is reached */
    bool rested;        /* since the last datagram there was a time with nothing to send */
};

void pacer_init(struct pacer *pacer);

/* True when a datagram may leave now: up to `burst_ns` ahead of the line, and then none until the
 * line is reached, so that bursts stay whole. */
bool pacer_is_open(struct pacer *pacer, uint64_t now_ns, uint64_t burst_ns);

/* When it is best asked again after having been closed; a batch's worth is due then. */
uint64_t pacer_opens_at(const struct pacer *pacer);

/* Something else than the pacer held sending up: that time is not caught up with. */
void pacer_rest(struct pacer *pacer);

/* The rate changed: what left ahead of time is waited for at the new one. */
void pacer_set_rate(struct pacer *pacer, uint64_t now_ns, uint64_t rate_bps);

void pacer_sent(struct pacer *pacer, uint64_t now_ns, size_t ip_bytes, uint64_t rate_bps);

#endif
