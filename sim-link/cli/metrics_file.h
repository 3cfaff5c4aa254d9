/* A file of Prometheus' text that readers never see half written. */
#ifndef SIM_LINK_CLI_METRICS_FILE_H
#define SIM_LINK_CLI_METRICS_FILE_H

#include "sim-link/relay.h"

/* Written aside as PATH.tmp, and renamed. */
enum satsync_status metrics_file_write(const char *path, const struct relay_report *report,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
