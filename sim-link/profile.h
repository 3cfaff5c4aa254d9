/*
 * A link in one line: "plain?rate=100M&rtt=600ms&loss=1%&down.rate=250M", "leo-bent?seed=7&swap".
 *
 * A name from the table gives the figures; options change them, for both directions or, with "up."
 * or "down." before the name, for one. LISTEN to TARGET of a relay, and end 0 to end 1 of an
 * emulation, is the uplink; `swap` turns it. Several hops are written one after the other with a
 * bar between: "leo-bent?seed=7|fibre-memphis-ashburn". Pure, but for profile_open.
 */
#ifndef SIM_LINK_PROFILE_H
#define SIM_LINK_PROFILE_H

#include "sim-link/lane.h"

#include <satsync/option.h>
#include <satsync/status.h>

enum { PROFILE_TRACE_BYTES = 512 };

struct profile {
    const char *name;       /* of the first hop */
    struct lane_plan there; /* LISTEN to TARGET, end 0 to end 1 */
    struct lane_plan back;
    uint64_t rtt_ns;                          /* nominal, for the reader; of all hops */
    uint64_t seed;                            /* of all its randomness */
    uint64_t start_ns;                        /* the clock at the beginning */
    char trace_paths[2][PROFILE_TRACE_BYTES]; /* of there and back, of one hop; empty: none */
    struct profile_rest *rest;                /* further hops and traces; profile_fini frees it */
};

/* One hop, and no file is read: a profile with traces does not replay them. */
enum satsync_status profile_parse(const char *text, struct profile *profile,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Changes figures of a running link, by options such as "down.rate=5M&loss=1%": rate, rtt, delay,
 * jitter and loss only, of the first hop. On failure `profile` is as before. */
enum satsync_status profile_change(struct profile *profile, const char *options,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* All hops, with the traces they name. profile_fini after a success, when nothing uses it. */
enum satsync_status profile_open(const char *text, struct profile *profile,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;
void profile_fini(struct profile *profile);

/* The largest UDP payload that either direction carries. */
size_t profile_payload_bytes(const struct profile *profile);

/* The rows that profile_parse reads: `count` of them. */
const struct satsync_option *profile_options(size_t *count);

/* One figure of a named profile, and where it comes from: an address, a computation, or "assumed".
 */
struct profile_figure {
    const char *what;
    const char *value;
    const char *source;
};

struct profile_entry {
    const char *name;
    const char *summary;
    void (*fill)(struct profile *profile);
    const struct profile_figure *figures;
    size_t figure_count;
};

const struct profile_entry *const *profile_entries(size_t *count);

/* NULL when there is none; then *nearest is the most similar name, or NULL. */
const struct profile_entry *profile_find(const char *name, const char **nearest);

#endif
