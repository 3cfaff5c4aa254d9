/*
 * How much bulk may be in flight: what the path holds, and 16 ms more. Whatever is beyond that
 * waits in a queue, the path's or that of a peer that is late to read, and is sent in vain if that
 * peer dies. The path is what the smoothed round trip says, but at most 10 ms more than the lowest
 * of the last second or two, so that a way that became longer is followed soon and a machine that
 * stands still is not. Owner thread.
 */
#ifndef TRANSPORT_WAN_BULK_LIMIT_H
#define TRANSPORT_WAN_BULK_LIMIT_H

#include <stdint.h>

struct bulk_limit {
    uint64_t lowest_ns[2]; /* round trips of the present and the last span */
    uint64_t span_from_ns;
};

void bulk_limit_init(struct bulk_limit *limit);

void bulk_limit_note(struct bulk_limit *limit, uint64_t now_ns, uint64_t rtt_ns);

/* IP bytes at this rate; UINT64_MAX before the first round trip. */
uint64_t bulk_limit_bytes(const struct bulk_limit *limit, uint64_t rate_bps, uint64_t smoothed_ns);

#endif
