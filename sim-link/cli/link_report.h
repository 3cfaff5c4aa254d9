/* How a run by the wall clock ended: what became of the packets, and how late they were. */
#ifndef SIM_LINK_CLI_LINK_REPORT_H
#define SIM_LINK_CLI_LINK_REPORT_H

#include "sim-link/cli/args.h"
#include "sim-link/relay.h"

/* In words, or as JSON where --json is given; the command is `relay`. */
void link_report_print(const struct relay_report *report, const struct cli_args *args);

/* To stderr, for a command whose output is another program's. */
void link_report_summarise(const struct relay_report *report);

#endif
