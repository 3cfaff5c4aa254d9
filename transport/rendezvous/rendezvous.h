/*
 * How the ranks of a job find each other: rank 0 listens, the others bring their address to it, and
 * all are given everyone's. Once, at the start; blocks, with a deadline.
 *
 * Who one is comes from what the launcher sets: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT (as
 * torchrun does), or OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE (mpirun), with MASTER_ADDR and
 * MASTER_PORT handed on by `mpirun -x`. The meeting is at the port after MASTER_PORT, where torch
 * keeps a store of its own, or at SATSYNC_RENDEZVOUS=HOST:PORT. Nothing is authenticated: it is for
 * a site's inner network.
 */
#ifndef TRANSPORT_RENDEZVOUS_H
#define TRANSPORT_RENDEZVOUS_H

#include <satsync/status.h>
#include <stdint.h>

enum { RENDEZVOUS_RANKS = 16, RENDEZVOUS_TEXT_BYTES = 2048 };

struct rendezvous_seat {
    uint32_t rank;
    uint32_t ranks;
    char host[256];
    char port[8];
};

/* Reads the environment through `get` (getenv's contract). */
enum satsync_status rendezvous_seat(const char *(*get)(const char *name),
                                    struct rendezvous_seat *seat,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

struct rendezvous_job {
    uint64_t id; /* chosen by rank 0 at random, the same for all */
    char addresses[RENDEZVOUS_RANKS][RENDEZVOUS_TEXT_BYTES];
};

/* Brings `address` and fills `job` by `within_ns` from now. Errors name the ranks that did not
 * come. */
enum satsync_status rendezvous_meet(const struct rendezvous_seat *seat, const char *address,
                                    uint64_t within_ns, struct rendezvous_job *job,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
