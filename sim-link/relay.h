/*
 * An emulated link between real sockets, by the wall clock.
 *
 * Datagrams that come to the listening net go through the uplink to the target, each client from a
 * net (a port) of its own, and what comes back to that goes through the downlink to the client. It
 * is the same sim as in virtual time, run up to the present at each poll: a departure is computed
 * from the one before, never from when the relay woke, so lateness does not add up. How late each
 * datagram really left is kept in a histogram. Owner thread.
 */
#ifndef SIM_LINK_RELAY_H
#define SIM_LINK_RELAY_H

#include "base/histogram.h"
#include "base/json.h"
#include "base/log.h"
#include "port/net.h"
#include "sim-link/profile.h"
#include "sim-link/record.h"

enum { RELAY_CLIENTS_LIMIT = 64 };

struct relay_options {
    const struct profile *profile; /* copied */
    struct net *listen;            /* owned by the relay from relay_open's success on */
    const char *target;            /* as an upstream net resolves it */
    /* Makes the net of a new client; owned by the relay. */
    enum satsync_status (*open_upstream)(void *context, struct net **net,
                                         struct satsync_error *error);
    void *context;
    struct record_options record;
    const struct allocator *allocator;
    const struct log *log; /* may be NULL */
};

struct relay;

enum satsync_status relay_open(const struct relay_options *options, struct relay **relay,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;
void relay_close(struct relay *relay);

/* Ends the record, up to now; relay_close does so too, but says nothing. */
enum satsync_status relay_close_record(struct relay *relay,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Takes in what has come, and sends what is due; does not block. */
void relay_poll(struct relay *relay);

/* When relay_poll is next needed, on the listening net's clock, if nothing comes before. */
uint64_t relay_next_ns(const struct relay *relay);

/* Polls readable when something has come. */
int relay_fd(const struct relay *relay);

/* Both directions drop all for so long from now: 0 opens, TIME_NEVER shuts until then. */
void relay_shut(struct relay *relay, uint64_t for_ns);
/* Changes the running link: see profile_change. A way that moved stays as it is; the delay that is
 * set is added to it. */
enum satsync_status relay_set(struct relay *relay, const char *options,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;

bool relay_is_shut(const struct relay *relay);

struct relay_report {
    uint64_t running_ns;
    uint64_t clients;
    uint64_t refused_packets; /* of clients beyond the limit */
    uint64_t unsent_packets;  /* that the system would not take in time */
    struct lane_counts up;
    struct lane_counts down;
    struct lane_state up_state; /* of this moment */
    struct lane_state down_state;
    struct histogram late;  /* nanoseconds between when a datagram was due and when it was sent */
    uint64_t late_limit_ns; /* the larger of 1 ms and 1 % of the link's round trip */
    bool is_void; /* p99 of lateness is above the limit: figures of this run mean nothing */
};

void relay_report(const struct relay *relay, struct relay_report *report);

/* Sets late_limit_ns and is_void from `late`. */
void relay_report_judge(struct relay_report *report, uint64_t rtt_ns);

/* As an object with stable keys. */
void relay_report_json(const struct relay_report *report, struct json *json);

#endif
