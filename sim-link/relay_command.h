/* The commands of a relay's control socket: outage TIME, down, up, set, get, metrics, quit. Owner
 * thread. */
#ifndef SIM_LINK_RELAY_COMMAND_H
#define SIM_LINK_RELAY_COMMAND_H

#include "sim-link/relay.h"

/* Writes {"ok":true}, {"ok":false,"error":...}, for `get` the report, for
 * `metrics` Prometheus' text; sets *quit on `quit`. */
void relay_command(struct relay *relay, const char *line, bool *quit, struct json *answer);

#endif
