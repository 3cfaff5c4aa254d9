/*
 * A scenario: what to measure, as a small text of "key value" lines; '#' begins a comment. Keys are
 * the rows of scenario_options; README.md explains them.
 */
#ifndef BENCH_SCENARIO_H
#define BENCH_SCENARIO_H

#include "codec/quantise.h"

#include <satsync/option.h>
#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum scenario_kind {
    SCENARIO_LINK,
    SCENARIO_LOOPBACK,
    SCENARIO_CODEC,
    SCENARIO_STORE,
    SCENARIO_OUTER,
    SCENARIO_QUANTISE,
    SCENARIO_UCX_STREAM,
    SCENARIO_UCX_PING,
    SCENARIO_UCX_REDUCE,
    SCENARIO_EMULATOR
};
enum scenario_controller { CONTROLLER_RATED, CONTROLLER_MODEL, CONTROLLER_REMEMBERED };

enum { SCENARIO_TEXT_BYTES = 256, SCENARIO_MESSAGES_MOST = 10000 };

struct scenario {
    char name[64];
    char about[SCENARIO_TEXT_BYTES];
    enum scenario_kind kind;
    char link[SCENARIO_TEXT_BYTES];       /* of link scenarios: as satsync-link reads it */
    char transports[SCENARIO_TEXT_BYTES]; /* of ucx scenarios: UCX_TLS */
    enum scenario_controller controller;
    uint64_t rate_bps;          /* what the rated controller is told; 0: the link's own */
    enum quantise_codec values; /* of outer steps: how contributions are coded */
    uint64_t inner_steps;       /* of outer steps: from one to the next */
    uint64_t overlap_steps;     /* of them, trained while the outer step is under way */
    uint64_t inner_ns;          /* of each; 0: only the exchange is measured */
    uint64_t bytes;
    uint64_t messages; /* of link and ucx scenarios: of `bytes` each */
    uint64_t seeds;
    uint64_t target_ppb; /* share that must be reached; 0: for information */
};

/* `name` is for messages. Missing keys take their defaults. */
enum satsync_status scenario_parse(const char *name, const char *text, struct scenario *scenario,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Those that are built in, sorted by name; the list ends with a NULL name. */
struct scenario_text {
    const char *name;
    const char *text;
};
extern const struct scenario_text scenario_texts[];

/* A built-in scenario by name, or a file by its path, which has a '/' or ends in ".scenario". */
enum satsync_status scenario_open(const char *name, struct scenario *scenario,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

const struct satsync_option *scenario_options(size_t *count);

#endif
