#include "base/check.h"
#include "sim-link/profile.h"
#include "sim-link/trace.h"

#include <string.h>

enum { TEXT_BYTES = 2048 };

/* The hops' plans in the order of each direction, so that they can point to each other, and the
 * traces they replay. */
struct profile_rest {
    struct lane_plan there[LANE_HOPS_LIMIT];
    struct lane_plan back[LANE_HOPS_LIMIT];
    struct trace traces[2 * LANE_HOPS_LIMIT];
    size_t trace_count;
};

static enum satsync_status replay(struct profile_rest *rest, const char *path,
                                  struct lane_plan *plan, struct satsync_error *error) {
    struct trace *trace = &rest->traces[rest->trace_count];
    if (path[0] == 0) {
        return SATSYNC_OK;
    }
    TRY(trace_read(path, NULL, trace, error));
    rest->trace_count++;
    uint32_t opportunity_bytes = plan->replay.opportunity_bytes;
    plan->replay = trace->replay;
    if (opportunity_bytes > 0 && trace->replay.count > 0) {
        plan->replay.opportunity_bytes = opportunity_bytes;
    }
    plan->rate_series = trace->rate;
    plan->loss_series = trace->loss;
    if (trace->delay != NULL) {
        plan->rtt.quantiles = NULL;
        plan->orbit.router.constellation = NULL;
        plan->delay_ns = 0;
        plan->table = (struct path_table_options){trace->delay, trace->delay_count, true};
    }
    return SATSYNC_OK;
}

/* The hop's text, up to a bar. */
static enum satsync_status take_hop(const char **text, char hop[TEXT_BYTES],
                                    struct satsync_error *error) {
    size_t bytes = strcspn(*text, "|");
    ENSURE(bytes < TEXT_BYTES, error, SATSYNC_INVALID, "link",
           "a hop is described in at most %d characters", TEXT_BYTES - 1);
    memcpy(hop, *text, bytes);
    hop[bytes] = 0;
    *text += bytes;
    return SATSYNC_OK;
}

static enum satsync_status add_hops(struct profile *profile, const char *text,
                                    struct satsync_error *error) {
    struct profile_rest *rest = profile->rest;
    for (size_t hop = 0;; hop++) {
        char one[TEXT_BYTES];
        struct profile part;
        ENSURE(hop < LANE_HOPS_LIMIT, error, SATSYNC_LIMIT, "link", "a link has at most %d hops",
               (int)LANE_HOPS_LIMIT);
        TRY(take_hop(&text, one, error));
        TRY(profile_parse(one, &part, error));
        TRY(replay(rest, part.trace_paths[0], &part.there, error));
        TRY(replay(rest, part.trace_paths[1], &part.back, error));
        if (hop == 0) {
            *profile = part;
            profile->rest = rest;
        } else {
            profile->rtt_ns += part.rtt_ns;
            part.back.after = &rest->back[hop - 1];
        }
        rest->there[hop] = part.there;
        rest->back[hop] = part.back;
        if (hop > 0) {
            rest->there[hop - 1].after = &rest->there[hop];
        }
        if (*text == 0) {
            profile->there = rest->there[0];
            profile->back = rest->back[hop];
            return SATSYNC_OK;
        }
        text++;
    }
}

enum satsync_status profile_open(const char *text, struct profile *profile,
                                 struct satsync_error *error) {
    memset(profile, 0, sizeof *profile);
    profile->rest = memory_new(NULL, 1, sizeof *profile->rest);
    ENSURE(profile->rest != NULL, error, SATSYNC_NO_MEMORY, "link", "no memory for a link");
    enum satsync_status status = add_hops(profile, text, error);
    if (status != SATSYNC_OK) {
        profile_fini(profile);
    }
    return status;
}

void profile_fini(struct profile *profile) {
    struct profile_rest *rest = profile->rest;
    if (rest != NULL) {
        for (size_t i = 0; i < rest->trace_count; i++) {
            trace_fini(&rest->traces[i]);
        }
        memory_free(NULL, rest);
    }
    profile->rest = NULL;
}
