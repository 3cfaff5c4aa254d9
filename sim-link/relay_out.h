/*
 * Datagrams on their way out of the relay, gathered into batches for segmentation offload: those
 * that follow each other to one peer, equally long but for the last. Owner thread.
 */
#ifndef SIM_LINK_RELAY_OUT_H
#define SIM_LINK_RELAY_OUT_H

#include "base/histogram.h"
#include "port/net.h"
#include "sim-link/packet.h"

enum { RELAY_OUT_BYTES = 65000, RELAY_OUT_SEGMENTS = 64 };

struct relay_out {
    struct net *net; /* of the batch under way */
    struct net_address peer;
    uint8_t ecn;
    size_t bytes;
    size_t segment_bytes; /* 0: nothing under way */
    size_t count;
    bool closed;        /* its last is shorter: nothing may follow */
    uint64_t origin_ns; /* the net's clock less the sim's */
    uint64_t due_ns[RELAY_OUT_SEGMENTS];
    uint64_t unsent_packets;
    struct histogram late;
    uint8_t data[RELAY_OUT_BYTES];
};

struct relay_out_to {
    struct net *net;
    const struct net_address *peer;
};

/* Copies the payload; it leaves with this call or a later one. due_ns is on the sim's clock. */
void relay_out_add(struct relay_out *out, const struct relay_out_to *to,
                   const struct packet *packet, uint64_t due_ns);

/* Sends what is gathered. */
void relay_out_flush(struct relay_out *out);

#endif
