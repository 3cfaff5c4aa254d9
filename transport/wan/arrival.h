/*
 * What the receiver's clock says of a path's rate. Each acknowledgement tells when the newest
 * packet arrived, so that between two of them it is known how many bytes arrived in what time,
 * whatever held the acknowledgements up on their way back.
 *
 * Packets that arrive farther apart than they left were spread by the narrowest hop: bytes over
 * that time is its rate (Dovrolis, Ramanathan, Moore: "What do packet dispersion techniques
 * measure?", INFOCOM 2001). Over a longer span, bytes over the longer of the two times is what the
 * path delivered (draft-cheng-iccrg-delivery-rate-estimation-02). Owner thread.
 */
#ifndef TRANSPORT_WAN_ARRIVAL_H
#define TRANSPORT_WAN_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

/* The stamp in an acknowledgement: microseconds of the receiver's clock, modulo this. */
#define ARRIVAL_STAMPS (UINT64_C(1) << 30)

struct arrival_point {
    uint64_t sent_ns;
    uint64_t received_us; /* of the receiver's clock; only differences mean anything */
    uint64_t delivered;   /* IP bytes acknowledged in all up to here */
    bool app_limited;
};

struct arrival {
    struct arrival_point train; /* where the present train's measure begins */
    struct arrival_point span;
    bool begun;
    uint64_t clock_us; /* the latest stamp, unfolded */
};

struct arrival_rates {
    uint64_t train_bps; /* of the narrowest hop; 0: no measure ended */
    uint64_t rate_bps;  /* delivered over a span; 0: none ended */
    uint64_t since_ns;  /* when the packet left that the span began with */
    bool app_limited;   /* the span says only that the rate is at least this */
};

/* Unfolds the stamp of a newer packet than all before. */
uint64_t arrival_clock_us(struct arrival *arrival, uint64_t stamp_us);

/* A newer packet than all before is acknowledged. */
void arrival_note(struct arrival *arrival, const struct arrival_point *newest, uint64_t min_rtt_ns,
                  struct arrival_rates *rates);

/* After silence: begin anew. */
void arrival_forget(struct arrival *arrival);

#endif
