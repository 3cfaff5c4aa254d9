/*
 * Round-trip estimation (RFC 9002 section 5), in integers, and the cadences both ends derive from
 * a round trip. Owner thread.
 */
#ifndef TRANSPORT_WAN_RTT_H
#define TRANSPORT_WAN_RTT_H

#include <stdbool.h>
#include <stdint.h>

struct rtt {
    uint64_t smoothed_ns;
    uint64_t variation_ns;
    uint64_t min_ns;
    uint64_t latest_ns;
    bool sampled;
};

void rtt_init(struct rtt *rtt, uint64_t initial_ns);

/* `delay_ns` is how long the peer held its acknowledgement back. */
void rtt_sample(struct rtt *rtt, uint64_t sample_ns, uint64_t delay_ns);

/* How long a receiver may hold an acknowledgement back on a path of this round trip: an eighth,
 * between 1 and 50 ms. Both ends use this formula. */
uint64_t rtt_ack_delay(uint64_t smoothed_ns);

/* How long it holds one back while its budget of acknowledgements lets it: at most 5 ms. */
uint64_t rtt_ack_soon(uint64_t smoothed_ns);

/* How long after a datagram left its acknowledgement is surely late. */
uint64_t rtt_patience(const struct rtt *rtt);

#endif
