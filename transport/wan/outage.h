/*
 * Silence: nothing was acknowledged for longer than the path can take. The sender freezes, keeps
 * what it knows of the path, and probes; the first acknowledgement thaws it at its former rate.
 * With few packets in flight silence may be plain loss, so that new data still leaves.
 *
 *     FLOWING --silence > patience--> FROZEN --any new ack--> FLOWING
 *                                      | ^
 *                                      +-+ probe, at growing intervals
 * Before that comes a hush: acknowledgements come at a steady pace while data flows, and when the
 * next one is late, new data waits for it. If the peer is gone, what left without its knowing is
 * then little more than a round trip's worth, not the patience's as well.
 * Owner thread.
 */
#ifndef TRANSPORT_WAN_OUTAGE_H
#define TRANSPORT_WAN_OUTAGE_H

#include "transport/wan/rtt.h"

#include <stdbool.h>
#include <stdint.h>

enum { OUTAGE_PROBE_MOST_NS = 400000000 }; /* between two probes, at most */

struct outage {
    bool frozen;
    bool stops_new;     /* frozen with enough in flight to call it an outage */
    uint64_t quiet_ns;  /* since when nothing was heard while something is in flight */
    uint64_t pace_ns;   /* between two acknowledgements, smoothed; 0 before the first */
    uint64_t sent_ns;   /* when the last packet left */
    uint64_t flight_ns; /* when the present flight began, after half a round trip without one */
    bool flows;         /* a packet of it was acknowledged */
    uint64_t frozen_ns; /* since when frozen */
    uint64_t probe_ns;  /* when the next probe is due */
    uint64_t interval_ns;
    uint64_t heard_sent_ns; /* departure of the newest packet known to have arrived */
    uint64_t thawed_ns; /* what left between heard_sent_ns at freezing and here met the outage */
    uint64_t dark_from_ns;
    uint64_t count;
};

void outage_init(struct outage *outage);

/* A packet leaves while `open_count` others are in flight. When none left for half a round trip,
 * and the peer was heard meanwhile or few are open, those that are were lost, and say nothing of
 * the flight that now begins. */
void outage_sent(struct outage *outage, uint64_t now_ns, const struct rtt *rtt,
                 uint64_t open_count);

/* A packet that left at `sent_ns` is acknowledged. True when this ends a frozen time. */
bool outage_heard(struct outage *outage, uint64_t now_ns, uint64_t sent_ns);

/* True when the next acknowledgement is late. The oldest of `open_count` packets in flight left at
 * `oldest_ns`. */
bool outage_is_hushed(const struct outage *outage, uint64_t now_ns, const struct rtt *rtt,
                      uint64_t oldest_ns, uint64_t open_count);

/* Freezes. */
void outage_begin(struct outage *outage, uint64_t now_ns, uint64_t rtt_ns, uint64_t open_count);

/* A probe left: the next one after a longer interval, at most 400 ms, which with a round trip
 * is what the link's return may stay unnoticed. */
void outage_probed(struct outage *outage, uint64_t now_ns);

/* What an operator would call waiting for the link: frozen with enough in flight, or with little
 * until the pauses between unanswered probes have become the longest. */
bool outage_is_dark(const struct outage *outage);

/* True when a packet that left at `sent_ns` met an outage: its loss says nothing of the path. */
bool outage_met(const struct outage *outage, uint64_t sent_ns);

#endif
