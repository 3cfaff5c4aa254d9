/*
 * Which open packets are lost: those that so many later ones were acknowledged before, or that are
 * older than an acknowledged one by more than a round trip and an eighth (RFC 9002 section 6.1).
 * The packet threshold follows the reordering that is seen. Also measures how much is lost, with
 * outages left out, for the sizing of repair. Owner thread.
 */
#ifndef TRANSPORT_WAN_LOSS_H
#define TRANSPORT_WAN_LOSS_H

#include "base/ranges.h"
#include "transport/wan/rtt.h"
#include "transport/wan/sent.h"

#include <stdbool.h>
#include <stdint.h>

enum { LOSS_REMEMBERED = 256 };

struct loss {
    uint64_t threshold; /* packets */
    bool any_acked;
    uint64_t largest_acked;

    uint64_t recent[LOSS_REMEMBERED]; /* numbers declared lost, to see which were not */
    uint64_t recent_count;

    uint64_t share;   /* lost of all, times LOSS_SHARE_ONE */
    uint64_t weight;  /* samples behind it, up to a limit */
    uint64_t run;     /* length of the present run of losses */
    uint64_t run_256; /* mean length of a run, times 256 */
    uint64_t last_lost;
};

#define LOSS_SHARE_ONE UINT64_C(1000000000000)

void loss_init(struct loss *loss);

void loss_acked(struct loss *loss, uint64_t number);

/* The oldest open packet if it is lost by now, else NULL; then *deadline_ns is when it will be by
 * its age, or TIME_NEVER. Call again after settling it. */
struct sent_packet *loss_find(const struct loss *loss, const struct sent *sent,
                              const struct rtt *rtt, uint64_t now_ns, uint64_t *deadline_ns);

/* Remembers a packet declared lost. */
void loss_declared(struct loss *loss, uint64_t number);

/* Finds a remembered packet that `range` acknowledges after all, forgets it, and raises the
 * threshold beyond its distance; false when there is none left. */
bool loss_refuted(struct loss *loss, const struct range *range, uint64_t *number);

/* Counts a settled packet in the estimate. */
void loss_measure(struct loss *loss, uint64_t number, bool lost);

uint64_t loss_ppm(const struct loss *loss);

#endif
