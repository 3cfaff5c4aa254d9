/*
 * The options of a link: what each changes in its figures. A row of the table is one option; the
 * rows before FIELD_RATE are of the whole link, the others of a direction. Pure.
 */
#ifndef SIM_LINK_PROFILE_OPTION_H
#define SIM_LINK_PROFILE_OPTION_H

#include "sim-link/profile.h"

enum profile_field {
    FIELD_SEED,
    FIELD_SWAP,
    FIELD_START,
    FIELD_RTT,
    FIELD_ORBIT,
    FIELD_FROM,
    FIELD_TO,
    FIELD_VIA,
    FIELD_RATE,
    FIELD_POLICE,
    FIELD_POLICE_BURST,
    FIELD_DELAY,
    FIELD_JITTER,
    FIELD_LOSS,
    FIELD_BURST,
    FIELD_FADE,
    FIELD_FADE_EVERY,
    FIELD_FADE_LOSS,
    FIELD_QUEUE,
    FIELD_QUEUE_BYTES,
    FIELD_QUEUE_PACKETS,
    FIELD_AQM,
    FIELD_CODEL_TARGET,
    FIELD_CODEL_INTERVAL,
    FIELD_RED_LEAST,
    FIELD_RED_MOST,
    FIELD_RED_SHARE,
    FIELD_ECN,
    FIELD_PARK,
    FIELD_PARK_AT,
    FIELD_PARK_EVERY,
    FIELD_OUTAGE,
    FIELD_OUTAGE_HOLD,
    FIELD_OUTAGE_AT,
    FIELD_OUTAGE_EVERY,
    FIELD_REORDER,
    FIELD_REORDER_BY,
    FIELD_DUPLICATE,
    FIELD_CORRUPT,
    FIELD_MTU,
    FIELD_TRACE,
    FIELD_TRACE_BYTES,
    FIELDS
};

extern const struct satsync_option profile_rows[FIELDS];

/* Of a direction, but for a trace, whose file is the caller's to read. */
void profile_apply(struct lane_plan *plan, enum profile_field field, uint64_t value);

/* Of the whole link, but for FIELD_SWAP. */
void profile_apply_link(struct profile *profile, enum profile_field field, uint64_t value);

#endif
