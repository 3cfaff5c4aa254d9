/*
 * What good links never do and protocols must survive: some packets come late (and are overtaken),
 * twice, or with one bit flipped.
 */
#ifndef SIM_LINK_STAGE_DISORDER_H
#define SIM_LINK_STAGE_DISORDER_H

#include "base/random.h"
#include "sim-link/stage.h"

struct stage_disorder_options {
    uint64_t reorder_ppb;
    uint64_t reorder_ns; /* a late packet is late by up to this much */
    uint64_t duplicate_ppb;
    uint64_t corrupt_ppb;
    bool without_content; /* packets have no bytes to turn */
    struct random random;
};

/* NULL when memory ran out. */
struct stage *stage_disorder_new(const struct stage_disorder_options *options,
                                 const struct allocator *allocator);

#endif
