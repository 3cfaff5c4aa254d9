/*
 * Accepts each packet number once: a sliding bit window (RFC 4303 section 3.4.3, RFC 6479), one a
 * path. Numbers older than the window are refused, so it must be longer, in packets, than the
 * path's longest reordering: 65536 packets take 8 KiB. Owner thread.
 */
#ifndef TRANSPORT_WAN_REPLAY_H
#define TRANSPORT_WAN_REPLAY_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay {
    uint64_t *words;
    size_t bits;  /* a power of two, at least 128 */
    uint64_t top; /* one above the highest number accepted; 0 when none was */
    const struct allocator *allocator;
};

enum satsync_status replay_init(struct replay *replay, size_t bits,
                                const struct allocator *allocator) SATSYNC_MUST_CHECK;
void replay_fini(struct replay *replay);

/* False when `number` was accepted before or is too old: ask before opening the packet. */
bool replay_is_new(const struct replay *replay, uint64_t number);

/* Only for a number that is new and whose packet authenticated. number < UINT64_MAX. */
void replay_accept(struct replay *replay, uint64_t number);

#endif
