/*
 * Pushing and pulling: one session at a time to one peer, opened again when it breaks, until the
 * receiver has committed or the give-up time has passed without a sign of the peer.
 */
#include "base/check.h"
#include "base/timers.h"
#include "engine/remembered.h"
#include "engine/site.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_NS = 1000000000 };

/* Another attempt can mend these: the peer restarts, the path comes back, another transfer ends. */
static bool worth_retrying(enum satsync_status status) {
    switch (status) {
    case SATSYNC_OK: /* the peer closed, as when it is stopped */
    case SATSYNC_CANCELLED:
    case SATSYNC_NO_PATH:
    case SATSYNC_TIMED_OUT:
    case SATSYNC_ADDRESS:
    case SATSYNC_BUSY:
    case SATSYNC_PEER_FAILED:
        return true;
    default:
        return false;
    }
}

static void add_stats(struct link_stats *sum, const struct link_stats *stats) {
    sum->payload_bytes += stats->payload_bytes;
    sum->repeated_bytes += stats->repeated_bytes;
    sum->repair_bytes += stats->repair_bytes;
    sum->wire_bytes += stats->wire_bytes;
    sum->received_wire_bytes += stats->received_wire_bytes;
    sum->received_bytes += stats->received_bytes;
    sum->sending_ns += stats->sending_ns;
    sum->repairing_ns += stats->repairing_ns;
    sum->waiting_ns += stats->waiting_ns;
    sum->idle_ns += stats->idle_ns;
    sum->connecting_ns += stats->connecting_ns;
}

static enum satsync_activity activity_of(const struct site *site) {
    const struct session *session = site->session;
    if (!session) {
        return SATSYNC_ACTIVITY_WAITING;
    }
    if (session->receiving && session->receiver.state == RECEIVER_VERIFYING) {
        return SATSYNC_ACTIVITY_VERIFYING;
    }
    if (session->sending && session->sender.state == SENDER_SENT &&
        session->sender.slices_lent == 0) {
        return SATSYNC_ACTIVITY_VERIFYING;
    }
    switch (session->stats.state) {
    case LINK_WAITING:
        return SATSYNC_ACTIVITY_WAITING;
    case LINK_REPAIRING:
        return SATSYNC_ACTIVITY_REPAIRING;
    case LINK_CONNECTING:
    case LINK_CLOSED:
        return SATSYNC_ACTIVITY_STARTING;
    case LINK_SENDING:
    case LINK_IDLE:
        break;
    }
    return session->receiving ? SATSYNC_ACTIVITY_RECEIVING : SATSYNC_ACTIVITY_SENDING;
}

/* What the receiver had is taken from the first attempt: later it has what this push sent. */
static void report_session(const struct session *session, struct satsync_progress *progress) {
    bool first = progress->total_bytes == 0;
    if (session->sending && session->sender.state != SENDER_OFFERED) {
        const struct sender *sender = &session->sender;
        progress->total_bytes = sender->total_bytes;
        progress->present_bytes = first ? sender->present_bytes : progress->present_bytes;
        uint64_t acked = session->stats.acked_bytes;
        acked = acked < sender->wanted_bytes ? acked : sender->wanted_bytes;
        progress->done_bytes = sender->total_bytes - sender->wanted_bytes + acked;
    }
    if (session->receiving) {
        const struct receiver *receiver = &session->receiver;
        progress->total_bytes = receiver->total_bytes;
        progress->present_bytes = first ? receiver->present_bytes : progress->present_bytes;
        progress->done_bytes =
            receiver->total_bytes - receiver->wanted_bytes + receiver->received_bytes;
    }
    progress->rate_bps = session->stats.rate_bps;
    progress->smoothed_rtt_ns = session->stats.smoothed_rtt_ns;
    progress->min_rtt_ns = session->stats.min_rtt_ns;
    progress->loss_ppm = session->stats.loss_ppm;
}

static void report(struct site *site, uint64_t now_ns) {
    struct link_stats sum = site->past;
    if (site->session) {
        add_stats(&sum, &site->session->stats);
    } else {
        sum.waiting_ns += now_ns - site->apart_since_ns;
    }
    struct satsync_progress *progress = operation_progress_lock(site->job.operation);
    progress->activity = activity_of(site);
    progress->wire_bytes = sum.wire_bytes + sum.received_wire_bytes;
    progress->payload_bytes = sum.payload_bytes;
    progress->repeated_bytes = sum.repeated_bytes;
    progress->repair_bytes = sum.repair_bytes;
    progress->sending_ns = sum.sending_ns;
    progress->repairing_ns = sum.repairing_ns;
    progress->waiting_ns = sum.waiting_ns;
    progress->idle_ns = sum.idle_ns;
    progress->connecting_ns = sum.connecting_ns;
    if (site->session) {
        report_session(site->session, progress);
    }
    operation_progress_unlock(site->job.operation);
}

/* A result that the peer's receiver sent, or ours came to. */
static void take_result(struct site *site, enum satsync_status status, const char *who,
                        const char *text) {
    if (status == SATSYNC_OK) {
        site_finish(site, SATSYNC_OK, NULL);
    } else if (worth_retrying(status) && site->session) {
        session_close(site->session, SATSYNC_OK);
    } else {
        char step[32];
        struct satsync_error error;
        store_step_text(site->step, step);
        if (satsync_status_class(status) == SATSYNC_CLASS_OK) {
            status = SATSYNC_PROTOCOL; /* no honest peer ends with such a result */
        }
        error_set(&error, status, step, "%s%s", who, text);
        site_finish(site, status, &error);
    }
}

static void watch_session(struct site *site, uint64_t now_ns) {
    struct session *session = site->session;
    if (session->stats.path.rate_bps > 0) {
        site->remembered = session->stats.path;
    }
    if (session->stats.received_wire_bytes != site->heard_bytes) {
        site->heard_bytes = session->stats.received_wire_bytes;
        site->last_alive_ns = now_ns;
    }
    if (session->has_result) {
        session->has_result = false;
        take_result(site, session->result, "the peer says: ", session->result_text);
    } else if (session->receiving && session->receiver.state == RECEIVER_FINISHED) {
        take_result(site, session->receiver.result, "", session->receiver.error.message);
    } else if (site->role->plan_only && session->sending &&
               session->sender.state != SENDER_OFFERED) {
        site_finish(site, SATSYNC_OK, NULL);
    }
}

static void lost_session(struct site *site, uint64_t now_ns) {
    struct session *session = site->session;
    enum satsync_status status = session->down_status;
    add_stats(&site->past, &session->stats);
    site->session = NULL;
    site->apart_since_ns = now_ns;
    site->heard_bytes = 0;
    bool give_up = now_ns - site->last_alive_ns >= site->give_up_ns;
    if (worth_retrying(status) && !give_up) {
        site->retry_ns = now_ns + RETRY_NS;
        return;
    }
    struct satsync_error error;
    switch (status) {
    case SATSYNC_REFUSED:
        error_set(&error, status, site->address,
                  "the peer does not know this site's key; serve there with --allow and this "
                  "site's .pub file, and check --peer");
        break;
    case SATSYNC_NEWER_VERSION:
        error_set(&error, status, site->address,
                  "the peer speaks another version of the protocol; upgrade the older side");
        break;
    case SATSYNC_PROTOCOL:
        error_set(&error, status, site->address,
                  "the two sides broke off over a malformed message; compare their versions");
        break;
    default:
        status = give_up && worth_retrying(status) ? SATSYNC_NO_PATH : status;
        error_set(&error, status, site->address,
                  "no answer for %llu s; check the address, the path and the peer's serve, then "
                  "run it again: it sends only what is missing",
                  (unsigned long long)(site->give_up_ns / 1000000000));
    }
    site_finish(site, status, &error);
}

/* Opens the next attempt and says at once what it is for: the first flight carries it. */
static enum satsync_status attempt(struct site *site, struct satsync_error *error, bool pulling) {
    site->retry_ns = TIME_NEVER;
    TRY(site_connect(site, error));
    if (pulling) {
        enum satsync_status status = session_ask(site->session, site->step);
        ENSURE(status == SATSYNC_OK, error, status, site->address, "cannot ask for the step");
        return SATSYNC_OK;
    }
    return session_offer(site->session, site->step, site->role->plan_only, error);
}

static void turn(struct site *site, uint64_t now_ns, bool pulling) {
    if (site->session) {
        watch_session(site, now_ns);
    }
    if (site->session && site->session->down && !site->done) {
        lost_session(site, now_ns);
    }
    if (!site->done && now_ns >= site->retry_ns) {
        struct satsync_error error = {0};
        site->past.waiting_ns += now_ns - site->apart_since_ns;
        site->apart_since_ns = now_ns;
        enum satsync_status status = attempt(site, &error, pulling);
        if (status == SATSYNC_ADDRESS && now_ns - site->last_alive_ns < site->give_up_ns) {
            site->retry_ns = now_ns + RETRY_NS; /* the name service may be down as well */
        } else if (status != SATSYNC_OK) {
            site_finish(site, status, &error);
        }
    }
    report(site, now_ns);
    if (site->done) {
        remembered_keep(site->store, site->peers[0].key.bytes, site->address, &site->remembered);
    }
}

static enum satsync_status start(struct site *site, struct satsync_error *error, bool pulling) {
    site->last_alive_ns = site->endpoint->ops->now_ns(site->endpoint);
    site->remembered = remembered_load(site->store, site->peers[0].key.bytes, site->address);
    return attempt(site, error, pulling);
}

static void push_turn(struct site *site, uint64_t now_ns) {
    turn(site, now_ns, false);
}

static void pull_turn(struct site *site, uint64_t now_ns) {
    turn(site, now_ns, true);
}

static enum satsync_status push_start(struct site *site, struct satsync_error *error) {
    return start(site, error, false);
}

static enum satsync_status pull_start(struct site *site, struct satsync_error *error) {
    return start(site, error, true);
}

static const struct site_role push_role = {
    .start = push_start, .turn = push_turn, .thread_name = "satsync-push"};
static const struct site_role plan_role = {
    .start = push_start, .turn = push_turn, .thread_name = "satsync-plan", .plan_only = true};
static const struct site_role pull_role = {
    .start = pull_start, .turn = pull_turn, .thread_name = "satsync-pull"};

static enum satsync_status launch(struct satsync_store *store, const struct site_role *role,
                                  uint64_t step, const struct satsync_site_options *options,
                                  struct satsync_operation **operation,
                                  struct satsync_error *error) {
    *operation = NULL;
    struct site *site;
    TRY(site_start(store, role, options, &site, error));
    site->step = step;
    return site_launch(site, operation, error);
}

enum satsync_status satsync_push(struct satsync_store *store, uint64_t step,
                                 const struct satsync_site_options *options,
                                 struct satsync_operation **operation,
                                 struct satsync_error *error) {
    return launch(store, &push_role, step, options, operation, error);
}

enum satsync_status satsync_push_plan(struct satsync_store *store, uint64_t step,
                                      const struct satsync_site_options *options,
                                      struct satsync_operation **operation,
                                      struct satsync_error *error) {
    return launch(store, &plan_role, step, options, operation, error);
}

enum satsync_status satsync_pull(struct satsync_store *store, uint64_t step,
                                 const struct satsync_site_options *options,
                                 struct satsync_operation **operation,
                                 struct satsync_error *error) {
    return launch(store, &pull_role, step, options, operation, error);
}
