#include "transport/wan/outage.h"

#include "base/timers.h"

/* With fewer packets than this in flight silence is as likely to be loss. */
enum { OUTAGE_PACKETS = 8 };

static const uint64_t LATE_LEAST_NS = 2000000;
/* The first packets of a link are acknowledged in twos. */
static const uint64_t FIRST_PAUSE_NS = 1000000;
static const uint64_t INTERVAL_LEAST_NS = 5000000;

void outage_init(struct outage *outage) {
    *outage = (struct outage){.probe_ns = TIME_NEVER};
}

void outage_sent(struct outage *outage, uint64_t now_ns, const struct rtt *rtt,
                 uint64_t open_count) {
    bool rested = now_ns - outage->sent_ns > rtt->smoothed_ns / 2;
    bool heard = now_ns - outage->quiet_ns <= rtt->smoothed_ns / 2;
    bool first = open_count == 0 || (rested && (heard || open_count < OUTAGE_PACKETS));
    outage->sent_ns = now_ns;
    if (first && !outage->stops_new) {
        outage->quiet_ns = outage->flight_ns = now_ns;
        outage->flows = false;
    }
}

/* The first one after idle time comes a round trip late, which says nothing of their pace. */
static void pace(struct outage *outage, uint64_t pause_ns, uint64_t sent_ns) {
    if (pause_ns > 0 && !outage->frozen && outage->flows) {
        outage->pace_ns = outage->pace_ns ? (7 * outage->pace_ns + pause_ns) / 8 : pause_ns;
    }
    outage->flows = outage->flows || sent_ns >= outage->flight_ns;
}

/* A quarter of a pause late, and what the round trip varies by, but not more than a pause and 2 ms:
 * one that is lost costs what is left of the pause after that, and all that leaves until then is
 * sent blindly when the peer dies. */
bool outage_is_hushed(const struct outage *outage, uint64_t now_ns, const struct rtt *rtt,
                      uint64_t oldest_ns, uint64_t open_count) {
    if (open_count < OUTAGE_PACKETS || !rtt->sampled) {
        return false;
    }
    uint64_t most = rtt_ack_delay(rtt->smoothed_ns);
    uint64_t pause = outage->pace_ns < most ? outage->pace_ns : most;
    pause = outage->pace_ns > 0 ? pause : FIRST_PAUSE_NS;
    uint64_t spread = rtt->variation_ns > LATE_LEAST_NS ? rtt->variation_ns : LATE_LEAST_NS;
    spread = spread < pause + LATE_LEAST_NS ? spread : pause + LATE_LEAST_NS;
    pause += pause / 4;
    uint64_t expected = oldest_ns + rtt->smoothed_ns;
    uint64_t next = outage->flows ? outage->quiet_ns : outage->flight_ns + rtt->smoothed_ns;
    expected = expected > next ? expected : next;
    return now_ns > expected + pause + spread;
}

bool outage_heard(struct outage *outage, uint64_t now_ns, uint64_t sent_ns) {
    bool thawed = outage->frozen;
    pace(outage, now_ns - outage->quiet_ns, sent_ns);
    outage->quiet_ns = now_ns;
    if (thawed) {
        outage->dark_from_ns = outage->heard_sent_ns;
        outage->thawed_ns = now_ns;
        outage->frozen = outage->stops_new = false;
        outage->probe_ns = TIME_NEVER;
    }
    if (sent_ns > outage->heard_sent_ns) {
        outage->heard_sent_ns = sent_ns;
    }
    return thawed;
}

void outage_begin(struct outage *outage, uint64_t now_ns, uint64_t rtt_ns, uint64_t open_count) {
    outage->frozen = true;
    outage->stops_new = open_count >= OUTAGE_PACKETS;
    outage->count += outage->stops_new;
    outage->frozen_ns = now_ns;
    outage->probe_ns = now_ns;
    outage->interval_ns = rtt_ns / 4 > INTERVAL_LEAST_NS ? rtt_ns / 4 : INTERVAL_LEAST_NS;
}

void outage_probed(struct outage *outage, uint64_t now_ns) {
    outage->probe_ns = now_ns + outage->interval_ns;
    outage->interval_ns += outage->interval_ns / 2;
    if (outage->interval_ns > OUTAGE_PROBE_MOST_NS) {
        outage->interval_ns = OUTAGE_PROBE_MOST_NS;
    }
}

bool outage_is_dark(const struct outage *outage) {
    return outage->frozen && (outage->stops_new || outage->interval_ns == OUTAGE_PROBE_MOST_NS);
}

bool outage_met(const struct outage *outage, uint64_t sent_ns) {
    return outage->count > 0 && sent_ns > outage->dark_from_ns && sent_ns < outage->thawed_ns;
}
