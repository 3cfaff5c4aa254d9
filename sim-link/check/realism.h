/* The low-orbit profiles against what was measured. */
#ifndef SIM_LINK_CHECK_REALISM_H
#define SIM_LINK_CHECK_REALISM_H

#include "sim-link/check/samples.h"
#include "sim-link/check/verdict.h"

#include <stdint.h>

/* As shipped, against published figures; no data is needed. */
enum satsync_status realism_published(struct verdicts *verdicts, uint64_t seed) SATSYNC_MUST_CHECK;

/* Fitted to all days but one and compared with that one, each in turn; and as shipped. */
enum satsync_status realism_days(struct verdicts *verdicts,
                                 const struct samples *measured) SATSYNC_MUST_CHECK;

/* A mahimahi trace: it comes out as it went in, and its silences are like the generated ones. */
enum satsync_status realism_trace(struct verdicts *verdicts, const char *path,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
