/*
 * How long the way through a link is: straight lines in time, one after the other.
 *
 * Three kinds: drawn anew each slot from an empirical distribution, by a table, or over satellites.
 * A line is asked for with time that never goes back. Owner thread.
 */
#ifndef SIM_LINK_PATH_H
#define SIM_LINK_PATH_H

#include "base/memory.h"
#include "sim-link/route.h"
#include "sim-link/slots.h"

#include <stdbool.h>
#include <stdint.h>

/* [from_ns, until_ns): the delay goes from `first_ns` to `last_ns`. */
struct path_line {
    uint64_t from_ns;
    uint64_t until_ns;
    uint64_t first_ns;
    uint64_t last_ns;
    bool closed; /* there is no way at all */
};

struct path;
struct path_ops {
    void (*line)(struct path *path, uint64_t now_ns, struct path_line *line);
    void (*free)(struct path *path);
};
struct path {
    const struct path_ops *ops;
};

/* Half of a round trip whose distribution is `quantiles`: rank z of a slot, disturbed within the
 * slot by `within_permille` of the whole, anew each `within_ns`. Steps and disturbance leave the
 * distribution as it is. */
struct path_slots_options {
    struct slots_options slots;
    const struct quantile *quantiles; /* borrowed */
    size_t quantile_count;
    const uint32_t *within_permille; /* borrowed; one of these is drawn for each slot */
    size_t within_count;             /* 0: nothing changes within a slot */
    uint64_t within_ns;
    uint64_t seed;
    uint64_t stream;
    uint64_t within_stream;
};
struct path *path_slots_new(const struct path_slots_options *options,
                            const struct allocator *allocator);

/* Delays at times, repeated with the last time as the period. */
struct path_knot {
    uint64_t at_ns; /* the first 0, rising */
    uint64_t delay_ns;
};
struct path_table_options {
    const struct path_knot *knots; /* borrowed */
    size_t count;                  /* at least 2 */
    bool steps;                    /* hold each until the next, instead of a line to it */
};
struct path *path_table_new(const struct path_table_options *options,
                            const struct allocator *allocator);

/* Over satellites: a way for each slot, and on it the satellites' own movement. */
struct path_orbit_options {
    struct router_options router;
    uint64_t period_ns;
    uint64_t phase_ns;
    uint64_t hop_ns; /* each satellite's own delay */
};
struct path *path_orbit_new(const struct path_orbit_options *options,
                            const struct allocator *allocator);

/* The delay on a line at a time within it. Pure. */
static inline uint64_t path_line_at(const struct path_line *line, uint64_t now_ns) {
    if (line->first_ns == line->last_ns) {
        return line->first_ns;
    }
    /* In units of 1.024 us, or of about a second on lines of more than an hour, so that 64 bits
     * hold the products as long as the delay changes by less than 4 s. */
    uint64_t span_ns = line->until_ns - line->from_ns;
    unsigned shift = span_ns >> 42 == 0 ? 10 : 30;
    uint64_t across = span_ns >> shift;
    uint64_t along = (now_ns - line->from_ns) >> shift;
    if (across == 0) {
        return line->first_ns;
    }
    return line->last_ns >= line->first_ns
               ? line->first_ns + (line->last_ns - line->first_ns) * along / across
               : line->first_ns - (line->first_ns - line->last_ns) * along / across;
}

#endif
