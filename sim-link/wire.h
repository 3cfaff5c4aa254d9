/*
 * Two tunnels joined by an emulated link, by the wall clock: what one end sends comes out at the
 * other when the link says so, and how late that really was is recorded. Owner thread.
 */
#ifndef SIM_LINK_WIRE_H
#define SIM_LINK_WIRE_H

#include "sim-link/profile.h"
#include "sim-link/relay.h"

struct wire_options {
    const struct profile *profile; /* borrowed until close */
    int fds[2];      /* of tunnels, or what reads and writes alike; stay the caller's */
    bool joins_udp;  /* the tunnels take joined datagrams */
    uint64_t now_ns; /* of the clock that wire_poll is given */
    struct record_options record;
};

struct wire;

enum satsync_status wire_open(const struct wire_options *options, struct wire **wire,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;
void wire_close(struct wire *wire);

/* As relay_close_record. */
enum satsync_status wire_close_record(struct wire *wire,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Takes in what has come and lets go of what is due; does not block. */
void wire_poll(struct wire *wire, uint64_t now_ns);

/* When it is next needed, if nothing comes before; TIME_NEVER. */
uint64_t wire_next_ns(const struct wire *wire);

/* As of a relay, of which it has no clients. */
void wire_report(const struct wire *wire, uint64_t now_ns, struct relay_report *report);

#endif
