/*
 * A link in one line: "plain?rate=100M&rtt=600ms&loss=1%&down.rate=250M", "leo-bent?seed=7&swap".
 *
 * A name from the table gives the figures; options change them, for both directions or, with "up."
 * or "down." before the name, for one. LISTEN to TARGET of a relay, and end 0 to end 1 of an
 * emulation, is the uplink; `swap` turns it. Pure.
 */
#ifndef SIM_LINK_PROFILE_H
#define SIM_LINK_PROFILE_H

#include "sim-link/lane.h"

#include <satsync/option.h>
#include <satsync/status.h>

struct profile {
    const char *name;
    struct lane_plan there; /* LISTEN to TARGET, end 0 to end 1 */
    struct lane_plan back;
    uint64_t rtt_ns;   /* nominal, for the reader */
    uint64_t seed;     /* of all its randomness */
    uint64_t start_ns; /* the clock at the beginning */
};

enum satsync_status profile_parse(const char *text, struct profile *profile,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

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
