/*
 * A control socket: a Unix stream socket of mode 0600 that takes one command a line and answers
 * each with one line of JSON. Owner thread.
 */
#ifndef SIM_LINK_CONTROL_H
#define SIM_LINK_CONTROL_H

#include "base/json.h"

#include <satsync/status.h>

enum { CONTROL_PEERS = 8, CONTROL_LINE_BYTES = 256 };

struct control;

/* Writes the answer to `line` as one JSON value. */
typedef void control_handler(void *context, const char *line, struct json *answer);

/* A socket file that nobody serves any more is replaced. SATSYNC_BUSY when somebody does. */
enum satsync_status control_open(const char *path, struct control **control,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Removes the socket file. NULL is fine. */
void control_close(struct control *control);

/* Polls readable when control_poll has work. */
int control_fd(const struct control *control);

/* Serves what has come; does not block. */
void control_poll(struct control *control, control_handler *handler, void *context);

#endif
