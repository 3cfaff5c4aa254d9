/*
 * What most commands hold while they run: an engine, the site's key and a store; and the wait for
 * an operation, with progress and Ctrl-C.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "ckpt/cli/program.h"

#include <satsync/engine.h>
#include <satsync/key.h>
#include <satsync/store.h>

struct session {
    struct cli *cli;
    struct satsync_engine *engine;
    struct satsync_key *key; /* NULL when none was given */
    struct satsync_store *store;
};

/* Opens the engine and, when the command line names one, loads the key. To be given to
 * session_close in any case. */
enum satsync_status session_open_engine(struct session *session, struct cli *cli,
                                        struct satsync_error *error);

/* As session_open_engine, and opens the store. */
enum satsync_status session_open(struct session *session, struct cli *cli,
                                 struct satsync_error *error);
void session_close(struct session *session);

/* Waits for the end. The first signal cancels the operation; it is then waited for all the same.
 * `label` stands before the progress. `progress` (may be NULL) is how it stood at the end. Frees
 * the operation. */
enum satsync_status session_await(struct session *session, struct satsync_operation *operation,
                                  const char *label, struct satsync_progress *progress,
                                  struct satsync_error *error);

/* Nanoseconds of a clock that only goes forward. */
uint64_t session_now_ns(void);

#endif
