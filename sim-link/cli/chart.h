/* A minute of a link, drawn: round trip, rate and loss, as text or as an SVG picture. */
#ifndef SIM_LINK_CLI_CHART_H
#define SIM_LINK_CLI_CHART_H

#include "sim-link/profile.h"
#include "sim-link/record.h"

enum { CHART_COLUMNS = 60 }; /* a second each */

struct chart {
    double rtt_least_ms[CHART_COLUMNS]; /* NAN where nothing came back */
    double rtt_most_ms[CHART_COLUMNS];
    double lost[CHART_COLUMNS];     /* share of round trips */
    double rate_bps[CHART_COLUMNS]; /* of the downlink; 0 without a limit */
    double start_s;
};

/* Sends a small packet each 5 ms in virtual time, and records that. */
enum satsync_status chart_make(const struct profile *profile, const struct record_options *record,
                               struct chart *chart, struct satsync_error *error) SATSYNC_MUST_CHECK;

void chart_print(const struct chart *chart);

/* A failed write leaves no file. */
enum satsync_status chart_write(const struct chart *chart, const char *title, const char *path,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
