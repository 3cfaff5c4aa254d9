/* The times of a wan: what is due when, and where the time went. */
#include "base/timers.h"
#include "transport/wan/wan_state.h"

static const uint64_t PING_INTERVAL_NS = UINT64_C(20000000000);

static enum link_state state_of(const struct wan *wan) {
    if (wan->phase == WAN_CLOSED) {
        return LINK_CLOSED;
    }
    if (outage_is_dark(&wan->outage)) {
        return LINK_WAITING;
    }
    if (wan->phase == WAN_CONNECTING && wan->send.unsent[LINK_CONTROL] == 0 &&
        wan->send.open == 0) {
        return LINK_CONNECTING;
    }
    bool lost = wan->repeat.deferred.count > 0;
    for (int class = 0; class < LINK_CLASSES; class ++) {
        if (wan->send.ready[class].count > 0) {
            return wan->flow_blocked ? LINK_IDLE : LINK_SENDING;
        }
        lost = lost || wan->repeat.lost[class].count > 0;
    }
    return lost || (wan->repeating && wan->sent.open_count > 0) ? LINK_REPAIRING : LINK_IDLE;
}

static void account(struct link_stats *stats, enum link_state state, uint64_t span_ns) {
    switch (state) {
    case LINK_CONNECTING:
        stats->connecting_ns += span_ns;
        break;
    case LINK_SENDING:
        stats->sending_ns += span_ns;
        break;
    case LINK_REPAIRING:
        stats->repairing_ns += span_ns;
        break;
    case LINK_WAITING:
        stats->waiting_ns += span_ns;
        break;
    case LINK_IDLE:
        stats->idle_ns += span_ns;
        break;
    case LINK_CLOSED:
        break;
    }
}

/* Every verb that is told the time begins with this. */
void wan_note_time(struct wan *wan, uint64_t now_ns) {
    if (wan->stated_ns == TIME_NEVER) {
        wan->stated_ns = now_ns;
        wan->heard_ns = wan->spoken_ns = now_ns;
    }
    account(&wan->stats, state_of(wan), now_ns - wan->stated_ns);
    wan->stated_ns = now_ns;
    wan->now_ns = now_ns;
}

void wan_stats(const struct wan *wan, uint64_t now_ns, struct link_stats *stats) {
    *stats = wan->stats;
    stats->state = state_of(wan);
    account(stats, stats->state, wan->stated_ns == TIME_NEVER ? 0 : now_ns - wan->stated_ns);
    stats->received_bytes = wan->recv.bytes;
    stats->acked_bytes = wan->send.arrived_bytes;
    stats->smoothed_rtt_ns = wan->rtt.sampled ? wan->rtt.smoothed_ns : 0;
    stats->min_rtt_ns = wan->rtt.min_ns;
    stats->rate_bps = wan->cc.ops->rate_bps(&wan->cc);
    stats->path = (struct link_path){wan->cc.ops->found_bps(&wan->cc), wan->rtt.min_ns};
    stats->loss_ppm = loss_ppm(&wan->loss);
}

void wan_counters(const struct wan *wan, struct wan_counters *counters) {
    *counters = wan->counters;
    counters->outages = wan->outage.count;
}

static uint64_t ping_at(const struct wan *wan) {
    uint64_t interval = wan->options.keepalive_ns / 4;
    if (wan->flow_blocked) {
        interval = rtt_patience(&wan->rtt); /* news of credit may have been lost */
    }
    interval = interval < PING_INTERVAL_NS ? interval : PING_INTERVAL_NS;
    return wan->spoken_ns + interval;
}

/* A path that was dark for the whole of the keepalive time may still answer its last probe. */
static uint64_t silence_ends(const struct wan *wan) {
    uint64_t end = wan->heard_ns + wan->options.keepalive_ns;
    uint64_t answer = rtt_patience(&wan->rtt) + wan->told_rtt_ns + OUTAGE_PROBE_MOST_NS;
    return wan->phase == WAN_CONNECTING ? end : end + answer;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t wan_next_timeout(struct wan *wan) {
    if (wan->phase == WAN_CLOSED) {
        return wan->closing_left > 0 ? 0 : TIME_NEVER;
    }
    uint64_t next = silence_ends(wan);
    /* An acceptor at its amplification limit waits for the peer. */
    if (wan_may_answer(wan, wan->options.max_datagram_bytes)) {
        next = earlier(next, wan->greeting.due_ns);
        next = earlier(next, wan->ack.due_ns);
        next = earlier(next, ping_at(wan));
        next = wan->ping_due ? 0 : next;
        if (wan->sent.open_count > 0) {
            next = earlier(next, wan->outage.probe_ns);
        }
        if (wan_window_is_open(wan)) {
            next = wan_has_work(wan) ? earlier(next, pacer_opens_at(&wan->pacer)) : next;
            next = earlier(next, wan_limits_open_at(wan));
        }
    }
    next = earlier(next, wan->loss_due_ns);
    if (wan->sent.open_count > 0 && !wan->outage.frozen) {
        next = earlier(next, wan->outage.quiet_ns + rtt_patience(&wan->rtt));
    }
    return next;
}

void wan_tick(struct wan *wan, uint64_t now_ns) {
    wan_note_time(wan, now_ns);
    if (wan->phase == WAN_CLOSED) {
        return;
    }
    if (now_ns >= silence_ends(wan)) {
        wan_go_down(wan, SATSYNC_NO_PATH, true);
        return;
    }
    if (now_ns >= wan->loss_due_ns) {
        wan_lose_overdue(wan);
    }
    if (wan->sent.open_count > 0 && !wan->outage.frozen &&
        now_ns >= wan->outage.quiet_ns + rtt_patience(&wan->rtt)) {
        outage_begin(&wan->outage, now_ns, wan->rtt.smoothed_ns, wan->sent.open_count);
    }
    if (now_ns >= ping_at(wan)) {
        wan->ping_due = true;
    }
}
