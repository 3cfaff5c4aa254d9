/* What became of every packet of a run by the wall clock, and whether virtual time says the same.
 */
#ifndef SUPPORT_FATES_H
#define SUPPORT_FATES_H

#include "sim-link/profile.h"

enum { FATES_LIMIT = 1 << 16 };

struct fates_one {
    uint32_t direction;
    uint64_t number;
    uint64_t entered_ns;
    uint64_t now_ns; /* when it arrived or was dropped */
    unsigned fate;   /* 0: delivered; else the cause and 1 */
    uint32_t bytes;
};

struct fates {
    struct lane_watch watch; /* hand it to the run */
    size_t count;
    struct fates_one at[FATES_LIMIT];
};

void fates_init(struct fates *fates);

/* Sends the same packets at the same times in virtual time, and compares all fates, to the
 * nanosecond; the number that differ. All packets must be out of the link. */
size_t fates_that_differ(struct fates *fates, const struct profile *profile, bool whole_packets);

#endif
