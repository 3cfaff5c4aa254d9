#include "sim-link/profile.h"

#include "base/check.h"
#include "sim-link/profile_fixed.h"
#include "sim-link/profile_leo.h"
#include "sim-link/profile_option.h"
#include "sim-link/profile_sky.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { WORD_BYTES = 64, VALUE_BYTES = PROFILE_TRACE_BYTES, QUEUE_NS_LEAST = 20000000 };

static const uint64_t YEAR_NS = 31536000000000000u;

const struct satsync_option *profile_options(size_t *count) {
    *count = FIELDS;
    return profile_rows;
}

static const struct profile_entry *const entries[] = {
    &profile_plain,          &profile_lan,      &profile_fibre_atlanta, &profile_fibre_ashburn,
    &profile_fibre_abudhabi, &profile_leo_bent, &profile_leo_bent_rain, &profile_leo_isl,
    &profile_leo_oneweb,     &profile_meo,      &profile_geo,           &profile_opt_down,
    &profile_lunar,
};

const struct profile_entry *const *profile_entries(size_t *count) {
    *count = COUNT(entries);
    return entries;
}

const struct profile_entry *profile_find(const char *name, const char **nearest) {
    struct satsync_option names[COUNT(entries)];
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < COUNT(entries); i++) {
        names[i].name = entries[i]->name;
    }
    const struct satsync_option *found = satsync_option_find(names, COUNT(names), name, nearest);
    return found == NULL ? NULL : entries[found - names];
}

struct parse {
    struct profile *profile;
    bool swap;
    bool given[2][FIELDS];
    struct satsync_error *error;
};

/* `directions` has bit 0 for up, bit 1 for down. */
static enum satsync_status apply_option(struct parse *parse, unsigned directions, const char *name,
                                        const char *value_text) {
    const char *nearest = NULL;
    const struct satsync_option *row = satsync_option_find(profile_rows, FIELDS, name, &nearest);
    if (row == NULL) {
        return error_set(parse->error, SATSYNC_NOT_FOUND, name,
                         "there is no link option \"%s\"%s%s%s", name,
                         nearest == NULL ? "; see satsync-link profiles" : "; did you mean \"",
                         nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    enum profile_field field = (enum profile_field)(row - profile_rows);
    uint64_t value = 1;
    if (value_text != NULL) {
        TRY(satsync_option_parse(row, value_text, &value, parse->error));
    } else if (row->type != SATSYNC_OPTION_BOOL) {
        return error_set(parse->error, SATSYNC_INVALID, name, "option \"%s\" needs a value: %s=%s",
                         name, name, row->unit);
    }
    if (field < FIELD_RATE) {
        ENSURE(directions == 3, parse->error, SATSYNC_INVALID, name,
               "option \"%s\" is of the whole link; it takes neither up. nor down.", name);
        parse->given[0][field] = true;
        if (field == FIELD_SWAP) {
            parse->swap = value != 0;
        } else {
            profile_apply_link(parse->profile, field, value);
        }
        return SATSYNC_OK;
    }
    struct lane_plan *plans[2] = {&parse->profile->there, &parse->profile->back};
    for (unsigned i = 0; i < 2; i++) {
        if ((directions >> i & 1) == 0) {
            continue;
        }
        parse->given[i][field] = true;
        if (field == FIELD_TRACE) {
            strcpy(parse->profile->trace_paths[i], value_text);
        } else {
            profile_apply(plans[i], field, value);
        }
    }
    return SATSYNC_OK;
}

/* Copies up to `to`; false when it is too long. */
static bool copy_word(char *out, size_t out_bytes, const char *from, const char *to) {
    size_t bytes = (size_t)(to - from);
    if (bytes >= out_bytes) {
        return false;
    }
    memcpy(out, from, bytes);
    out[bytes] = 0;
    return true;
}

/* One "name=value" of [from, to). */
static enum satsync_status parse_option(struct parse *parse, const char *from, const char *to) {
    unsigned directions = 3;
    if (to - from > 3 && strncmp(from, "up.", 3) == 0) {
        directions = 1;
        from += 3;
    } else if (to - from > 5 && strncmp(from, "down.", 5) == 0) {
        directions = 2;
        from += 5;
    }
    const char *equals = memchr(from, '=', (size_t)(to - from));
    char name[WORD_BYTES];
    char value[VALUE_BYTES];
    bool fits = copy_word(name, sizeof name, from, equals == NULL ? to : equals) &&
                (equals == NULL || copy_word(value, sizeof value, equals + 1, to));
    ENSURE(fits, parse->error, SATSYNC_INVALID, "link",
           "a link option has at most %d characters, its value at most %d", WORD_BYTES - 1,
           VALUE_BYTES - 1);
    return apply_option(parse, directions, name, equals == NULL ? NULL : value);
}

static enum satsync_status parse_options(struct parse *parse, const char *text) {
    while (*text != 0) {
        const char *to = text + strcspn(text, "&");
        if (to > text) {
            TRY(parse_option(parse, text, to));
        }
        text = *to == '&' ? to + 1 : to;
    }
    return SATSYNC_OK;
}

/* Two options that cannot both be meant. */
static enum satsync_status check_conflicts(const struct parse *parse, int direction) {
    static const enum profile_field pairs[][2] = {
        {FIELD_RATE, FIELD_TRACE},          {FIELD_RTT, FIELD_ORBIT},
        {FIELD_DELAY, FIELD_ORBIT},         {FIELD_QUEUE, FIELD_QUEUE_BYTES},
        {FIELD_QUEUE, FIELD_QUEUE_PACKETS}, {FIELD_QUEUE_BYTES, FIELD_QUEUE_PACKETS},
        {FIELD_BURST, FIELD_FADE}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        bool both = true;
        for (int k = 0; k < 2; k++) {
            enum profile_field field = pairs[i][k];
            both = both && parse->given[field < FIELD_RATE ? 0 : direction][field];
        }
        ENSURE(!both, parse->error, SATSYNC_INVALID, profile_rows[pairs[i][1]].name,
               "\"%s\" and \"%s\" contradict each other; leave one out",
               profile_rows[pairs[i][0]].name, profile_rows[pairs[i][1]].name);
    }
    return SATSYNC_OK;
}

/* What the option before it needs to mean anything. */
static enum satsync_status check_needs(const struct parse *parse, int direction) {
    static const enum profile_field needs[][2] = {
        {FIELD_FROM, FIELD_ORBIT},       {FIELD_TO, FIELD_ORBIT},
        {FIELD_VIA, FIELD_ORBIT},        {FIELD_ORBIT, FIELD_FROM},
        {FIELD_ORBIT, FIELD_TO},         {FIELD_POLICE_BURST, FIELD_POLICE},
        {FIELD_PARK_AT, FIELD_PARK},     {FIELD_PARK_EVERY, FIELD_PARK},
        {FIELD_TRACE_BYTES, FIELD_TRACE}};
    for (size_t i = 0; i < COUNT(needs); i++) {
        bool given[2];
        for (int k = 0; k < 2; k++) {
            enum profile_field field = needs[i][k];
            given[k] = parse->given[field < FIELD_RATE ? 0 : direction][field];
        }
        ENSURE(!given[0] || given[1], parse->error, SATSYNC_INVALID, profile_rows[needs[i][0]].name,
               "option \"%s\" needs \"%s\" besides", profile_rows[needs[i][0]].name,
               profile_rows[needs[i][1]].name);
    }
    return SATSYNC_OK;
}

static enum satsync_status finish_schedules(struct lane_plan *plan, struct satsync_error *error) {
    struct gate_schedule *outage = &plan->outage;
    if (outage->drop_ns == 0 && outage->hold_ns == 0) {
        outage->period_ns = 0;
    } else if (outage->period_ns == 0) {
        outage->count = 1;
        outage->period_ns = YEAR_NS;
    }
    ENSURE(outage->drop_ns <= outage->period_ns && outage->hold_ns <= outage->period_ns, error,
           SATSYNC_INVALID, "outage", "an outage must not be longer than outage-every");
    if (plan->park_ns == 0) {
        plan->park_period_ns = 0;
    } else if (plan->park_period_ns == 0) {
        plan->park_period_ns = 15000000000u;
    }
    ENSURE(plan->park_ns == 0 || plan->park_ns < plan->park_period_ns, error, SATSYNC_INVALID,
           "park", "park must be shorter than park-every, or nothing is ever sent");
    return SATSYNC_OK;
}

static enum satsync_status finish_queue(struct lane_plan *plan, struct satsync_error *error) {
    plan->codel_target_ns = plan->codel_target_ns == 0 ? 5000000 : plan->codel_target_ns;
    plan->codel_interval_ns = plan->codel_interval_ns == 0 ? 100000000 : plan->codel_interval_ns;
    plan->red_least_ns = plan->red_least_ns == 0 ? 5000000 : plan->red_least_ns;
    plan->red_most_ns = plan->red_most_ns == 0 ? 15000000 : plan->red_most_ns;
    plan->red_ppb = plan->red_ppb == 0 ? 100000000 : plan->red_ppb;
    ENSURE(plan->red_least_ns < plan->red_most_ns, error, SATSYNC_INVALID, "red-most",
           "red-most must be more than red-least");
    return SATSYNC_OK;
}

static enum satsync_status finish_plan(struct parse *parse, int direction) {
    struct profile *profile = parse->profile;
    struct lane_plan *plan = direction == 0 ? &profile->there : &profile->back;
    const bool *given = parse->given[direction];
    TRY(check_conflicts(parse, direction));
    TRY(check_needs(parse, direction));
    bool limited = plan->queue_ns > 0 || plan->queue_bytes > 0 || plan->queue_packets > 0;
    bool meant = given[FIELD_QUEUE] || given[FIELD_QUEUE_BYTES] || given[FIELD_QUEUE_PACKETS];
    if (!limited && !meant) {
        plan->queue_ns = profile->rtt_ns > QUEUE_NS_LEAST ? profile->rtt_ns : QUEUE_NS_LEAST;
    }
    if (plan->reorder_ppb > 0 && plan->reorder_ns == 0) {
        plan->reorder_ns = 10000000;
    }
    if (plan->police_burst_bytes == 0) {
        plan->police_burst_bytes = 65536;
    }
    TRY(finish_queue(plan, parse->error));
    return finish_schedules(plan, parse->error);
}

/* Both directions go over the same satellites, a slot of 15 s each; a millisecond in each. */
static void finish_orbit(struct profile *profile) {
    if (profile->there.orbit.router.constellation == NULL) {
        return;
    }
    profile->there.orbit.hop_ns = 1000000;
    profile->back.orbit = profile->there.orbit;
    struct lane_plan *plans[2] = {&profile->there, &profile->back};
    for (int i = 0; i < 2; i++) {
        if (plans[i]->slots.period_ns == 0) {
            plans[i]->slots.period_ns = 15000000000u;
            plans[i]->slots.phase_ns = 12000000000u;
        }
    }
}

static bool is_live(enum profile_field field) {
    return field == FIELD_RATE || field == FIELD_RTT || field == FIELD_DELAY ||
           field == FIELD_JITTER || field == FIELD_LOSS;
}

enum satsync_status profile_change(struct profile *profile, const char *options,
                                   struct satsync_error *error) {
    struct profile changed = *profile;
    struct parse parse = {.profile = &changed, .error = error};
    TRY(parse_options(&parse, options));
    for (int field = 0; field < FIELDS; field++) {
        bool given = parse.given[0][field] || parse.given[1][field];
        ENSURE(!given || is_live((enum profile_field)field), error, SATSYNC_UNSUPPORTED,
               profile_rows[field].name,
               "\"%s\" cannot be changed while the link runs; rate, rtt, delay, jitter, loss can",
               profile_rows[field].name);
    }
    *profile = changed;
    return SATSYNC_OK;
}

enum satsync_status profile_parse(const char *text, struct profile *profile,
                                  struct satsync_error *error) {
    memset(profile, 0, sizeof *profile);
    char name[WORD_BYTES];
    const char *end = text + strcspn(text, "?");
    const char *nearest = NULL;
    ENSURE(copy_word(name, sizeof name, text, end), error, SATSYNC_NOT_FOUND, "link",
           "a link profile's name has at most %d characters", WORD_BYTES - 1);
    const struct profile_entry *entry = profile_find(name, &nearest);
    if (entry == NULL) {
        return error_set(error, SATSYNC_NOT_FOUND, name, "there is no link profile \"%s\"%s%s%s",
                         name,
                         nearest == NULL ? "; see satsync-link profiles" : "; did you mean \"",
                         nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    profile->name = entry->name;
    profile->seed = 1;
    entry->fill(profile);
    struct parse parse = {.profile = profile, .error = error};
    TRY(parse_options(&parse, *end == '?' ? end + 1 : end));
    finish_orbit(profile);
    TRY(finish_plan(&parse, 0));
    TRY(finish_plan(&parse, 1));
    if (parse.swap) {
        struct lane_plan there = profile->there;
        profile->there = profile->back;
        profile->back = there;
        char path[PROFILE_TRACE_BYTES];
        memcpy(path, profile->trace_paths[0], sizeof path);
        memcpy(profile->trace_paths[0], profile->trace_paths[1], sizeof path);
        memcpy(profile->trace_paths[1], path, sizeof path);
    }
    return SATSYNC_OK;
}

/* Of the first hop: what a later one cannot carry it drops. */
static size_t plan_payload_bytes(const struct lane_plan *plan) {
    return (plan->mtu_bytes == 0 ? 1500 : plan->mtu_bytes) - LANE_HEADER_BYTES;
}

size_t profile_payload_bytes(const struct profile *profile) {
    size_t there = plan_payload_bytes(&profile->there);
    size_t back = plan_payload_bytes(&profile->back);
    return there > back ? there : back;
}
