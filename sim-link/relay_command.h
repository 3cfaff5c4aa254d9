/* The commands of a relay's control socket: outage TIME, down, up, get, quit. Owner thread. */
#ifndef SIM_LINK_RELAY_COMMAND_H
#define SIM_LINK_RELAY_COMMAND_H

#include "sim-link/relay.h"

/* Writes {"ok":true}, {"ok":false,"error":...}, or for `get` the report; sets *quit on `quit`. */
void relay_command(struct relay *relay, const char *line, bool *quit, struct json *answer);

#endif
