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
    bool one_way;         /* the turn of options of one direction, see parse_options */
    bool seen[2][FIELDS]; /* in this turn */
    bool given[2][FIELDS];
    struct satsync_error *error;
};

static enum satsync_status parse_value(const struct parse *parse, const struct satsync_option *row,
                                       const char *text, uint64_t *value) {
    struct satsync_error why;
    *value = 1;
    if (text == NULL) {
        ENSURE(row->type == SATSYNC_OPTION_BOOL, parse->error, SATSYNC_INVALID, row->name,
               "option \"%s\" needs a value: %s=%s", row->name, row->name, row->unit);
        return SATSYNC_OK;
    }
    return satsync_option_parse(row, text, value, &why) == SATSYNC_OK
               ? SATSYNC_OK
               : error_set(parse->error, why.status, why.subject, "option \"%s\": %s", row->name,
                           why.message);
}

/* Of the direction; 0 for options of the whole link. */
static enum satsync_status note_given(struct parse *parse, unsigned direction,
                                      enum profile_field field) {
    ENSURE(!parse->seen[direction][field], parse->error, SATSYNC_INVALID, profile_rows[field].name,
           "option \"%s\" is given twice; leave one out", profile_rows[field].name);
    parse->seen[direction][field] = true;
    parse->given[direction][field] = true;
    return SATSYNC_OK;
}

static enum satsync_status apply_to_link(struct parse *parse, enum profile_field field,
                                         uint64_t value) {
    TRY(note_given(parse, 0, field));
    if (field == FIELD_SWAP) {
        parse->swap = value != 0;
    } else {
        profile_apply_link(parse->profile, field, value);
    }
    return SATSYNC_OK;
}

/* `directions` has bit 0 for up, bit 1 for down. */
static enum satsync_status apply_option(struct parse *parse, unsigned directions, const char *name,
                                        const char *text) {
    uint64_t value;
    const char *nearest = NULL;
    const struct satsync_option *row = satsync_option_find(profile_rows, FIELDS, name, &nearest);
    if (row == NULL) {
        return error_set(parse->error, SATSYNC_NOT_FOUND, name,
                         "there is no link option \"%s\"%s%s%s", name,
                         nearest == NULL ? "; see satsync-link profiles" : "; did you mean \"",
                         nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    enum profile_field field = (enum profile_field)(row - profile_rows);
    TRY(parse_value(parse, row, text, &value));
    if (field < FIELD_RATE) {
        ENSURE(directions == 3, parse->error, SATSYNC_INVALID, name,
               "option \"%s\" is of the whole link; it takes neither up. nor down.", name);
        return apply_to_link(parse, field, value);
    }
    struct lane_plan *plans[2] = {&parse->profile->there, &parse->profile->back};
    for (unsigned i = 0; i < 2; i++) {
        if ((directions >> i & 1) == 0) {
            continue;
        }
        TRY(note_given(parse, i, field));
        if (field == FIELD_TRACE) {
            strcpy(parse->profile->trace_paths[i], text);
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
    if ((directions != 3) != parse->one_way) {
        return SATSYNC_OK;
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

/* In two turns, so that "up." and "down." win wherever they stand. */
static enum satsync_status parse_options(struct parse *parse, const char *text) {
    for (int turn = 0; turn < 2; turn++) {
        parse->one_way = turn == 1;
        memset(parse->seen, 0, sizeof parse->seen);
        for (const char *from = text; *from != 0;) {
            const char *to = from + strcspn(from, "&");
            if (to > from) {
                TRY(parse_option(parse, from, to));
            }
            from = *to == '&' ? to + 1 : to;
        }
    }
    return SATSYNC_OK;
}

static bool is_given(const struct parse *parse, int direction, enum profile_field field) {
    return parse->given[field < FIELD_RATE ? 0 : direction][field];
}

/* Two options that cannot both be meant. */
static enum satsync_status check_conflicts(const struct parse *parse, int direction) {
    static const enum profile_field pairs[][2] = {{FIELD_RATE, FIELD_TRACE},
                                                  {FIELD_RTT, FIELD_ORBIT},
                                                  {FIELD_DELAY, FIELD_ORBIT},
                                                  {FIELD_RTT, FIELD_DELAY},
                                                  {FIELD_QUEUE, FIELD_QUEUE_BYTES},
                                                  {FIELD_QUEUE, FIELD_QUEUE_PACKETS},
                                                  {FIELD_QUEUE_BYTES, FIELD_QUEUE_PACKETS},
                                                  {FIELD_BURST, FIELD_FADE}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        bool both =
            is_given(parse, direction, pairs[i][0]) && is_given(parse, direction, pairs[i][1]);
        ENSURE(!both, parse->error, SATSYNC_INVALID, profile_rows[pairs[i][1]].name,
               "\"%s\" and \"%s\" contradict each other; leave one out",
               profile_rows[pairs[i][0]].name, profile_rows[pairs[i][1]].name);
    }
    return SATSYNC_OK;
}

/* Whether the profile has such a figure without being given it. */
static bool plan_has(const struct lane_plan *plan, enum profile_field field) {
    switch (field) {
    case FIELD_POLICE:
        return plan->police_bps > 0;
    case FIELD_LOSS:
        return plan->loss_ppb > 0;
    case FIELD_FADE:
        return plan->bad_ns > 0;
    case FIELD_AQM:
        return plan->discipline != QUEUE_DROPTAIL;
    case FIELD_PARK:
        return plan->park_ns > 0;
    case FIELD_OUTAGE:
        return plan->outage.drop_ns > 0 || plan->outage.hold_ns > 0;
    case FIELD_REORDER:
        return plan->reorder_ppb > 0;
    default:
        return false;
    }
}

/* What the option before it needs to mean anything, in some direction that it is given for. */
static enum satsync_status check_needs(const struct parse *parse) {
    static const enum profile_field needs[][2] = {{FIELD_FROM, FIELD_ORBIT},
                                                  {FIELD_TO, FIELD_ORBIT},
                                                  {FIELD_VIA, FIELD_ORBIT},
                                                  {FIELD_ORBIT, FIELD_FROM},
                                                  {FIELD_ORBIT, FIELD_TO},
                                                  {FIELD_POLICE_BURST, FIELD_POLICE},
                                                  {FIELD_PARK_AT, FIELD_PARK},
                                                  {FIELD_PARK_EVERY, FIELD_PARK},
                                                  {FIELD_BURST, FIELD_LOSS},
                                                  {FIELD_FADE_EVERY, FIELD_FADE},
                                                  {FIELD_FADE_LOSS, FIELD_FADE},
                                                  {FIELD_CODEL_TARGET, FIELD_AQM},
                                                  {FIELD_CODEL_INTERVAL, FIELD_AQM},
                                                  {FIELD_RED_LEAST, FIELD_AQM},
                                                  {FIELD_RED_MOST, FIELD_AQM},
                                                  {FIELD_RED_SHARE, FIELD_AQM},
                                                  {FIELD_ECN, FIELD_AQM},
                                                  {FIELD_OUTAGE_AT, FIELD_OUTAGE},
                                                  {FIELD_OUTAGE_EVERY, FIELD_OUTAGE},
                                                  {FIELD_REORDER_BY, FIELD_REORDER},
                                                  {FIELD_TRACE_BYTES, FIELD_TRACE}};
    const struct lane_plan *plans[2] = {&parse->profile->there, &parse->profile->back};
    for (size_t i = 0; i < COUNT(needs); i++) {
        bool given = false;
        bool met = false;
        for (int direction = 0; direction < 2; direction++) {
            if (is_given(parse, direction, needs[i][0])) {
                given = true;
                met = met || is_given(parse, direction, needs[i][1]) ||
                      plan_has(plans[direction], needs[i][1]);
            }
        }
        ENSURE(!given || met, parse->error, SATSYNC_INVALID, profile_rows[needs[i][0]].name,
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
    TRY(check_conflicts(&parse, 0));
    TRY(check_conflicts(&parse, 1));
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
    TRY(check_needs(&parse));
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
