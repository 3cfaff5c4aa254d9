/* What --capture, --series and --step ask for. */
#ifndef SIM_LINK_CLI_RECORDING_H
#define SIM_LINK_CLI_RECORDING_H

#include "sim-link/cli/args.h"
#include "sim-link/record.h"

/* origin_ns: of the link's clock, in nanoseconds of UTC. */
struct record_options recording_options(const struct cli_args *args, uint64_t origin_ns);

#endif
