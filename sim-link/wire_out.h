/*
 * Packets on their way into a tunnel: those of one flow that leave together are joined, so that one
 * call writes them. Owner thread.
 */
#ifndef SIM_LINK_WIRE_OUT_H
#define SIM_LINK_WIRE_OUT_H

#include "base/histogram.h"
#include "sim-link/gso.h"
#include "sim-link/sim.h"

struct wire_out {
    int fd;                 /* of a tunnel */
    struct sim *sim;        /* whose packets they are; borrowed */
    uint64_t origin_ns;     /* the clock less the sim's */
    struct histogram *late; /* borrowed */
    uint64_t unsent_packets;
    struct gso_join join;
    struct packet *held[GSO_PARTS_LIMIT]; /* what is joined */
    uint64_t due_ns[GSO_PARTS_LIMIT];
};

/* A lane's sink with a struct wire_out for its context. It leaves with this call or a later one. */
lane_sink wire_out_add;

/* Writes what is gathered. */
void wire_out_flush(struct wire_out *out);

#endif
