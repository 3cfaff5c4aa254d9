#include "sim-link/profile.h"

#include "base/check.h"
#include "sim-link/profile_fixed.h"
#include "sim-link/profile_leo.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { WORD_BYTES = 64, QUEUE_NS_LEAST = 20000000 };

/* What an option changes. The first ones are of the whole link. */
enum field {
    FIELD_SEED,
    FIELD_SWAP,
    FIELD_START,
    FIELD_RTT,
    FIELD_RATE,
    FIELD_DELAY,
    FIELD_JITTER,
    FIELD_LOSS,
    FIELD_BURST,
    FIELD_QUEUE,
    FIELD_QUEUE_BYTES,
    FIELD_QUEUE_PACKETS,
    FIELD_OUTAGE,
    FIELD_OUTAGE_AT,
    FIELD_OUTAGE_EVERY,
    FIELD_REORDER,
    FIELD_REORDER_BY,
    FIELD_DUPLICATE,
    FIELD_CORRUPT,
    FIELD_MTU
};

static const uint64_t YEAR_NS = 31536000000000000u;

static const struct satsync_option rows[] = {
    [FIELD_SEED] = {"seed", SATSYNC_OPTION_COUNT, "N", "1", 0, UINT64_MAX,
                    "Seed of all the link's randomness; the same seed gives the same link."},
    [FIELD_SWAP] = {"swap", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
                    "Turn the link: what was the uplink is the downlink."},
    [FIELD_START] = {"start", SATSYNC_OPTION_DURATION, "TIME", "0", 0, 31536000000000000u,
                     "What the link's clock shows at the beginning; slots begin at second 12."},
    [FIELD_RTT] = {"rtt", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 3600000000000u,
                   "Round trip without queueing, half of it each way; replaces a moving one."},
    [FIELD_RATE] = {"rate", SATSYNC_OPTION_RATE, "RATE", NULL, 0, 1000000000000000u,
                    "IP bits a second, constant; 0 for no limit."},
    [FIELD_DELAY] = {"delay", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 3600000000000u,
                     "One-way delay, instead of half of rtt."},
    [FIELD_JITTER] = {"jitter", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 60000000000u,
                      "Extra one-way delay that wanders between 0 and this; never reorders."},
    [FIELD_LOSS] = {"loss", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, 1000000000,
                    "Share of packets lost at random."},
    [FIELD_BURST] = {"burst", SATSYNC_OPTION_COUNT, "PACKETS", NULL, 1, 1000000,
                     "Mean run of packets that the loss takes together."},
    [FIELD_QUEUE] = {"queue", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 3600000000000u,
                     "Longest wait in the queue; more is dropped. Default: rtt, at least 20 ms."},
    [FIELD_QUEUE_BYTES] = {"queue-bytes", SATSYNC_OPTION_BYTES, "BYTES", NULL, 0, 1ull << 40,
                           "Size of the queue in bytes, instead of a time; 0 for no limit."},
    [FIELD_QUEUE_PACKETS] = {"queue-packets", SATSYNC_OPTION_COUNT, "N", NULL, 0, 1ull << 32,
                             "Size of the queue in packets, instead of a time; 0 for no limit."},
    [FIELD_OUTAGE] = {"outage", SATSYNC_OPTION_DURATION, "TIME", NULL, 0, 31536000000000000u,
                      "Drop all for so long, at outage-at."},
    [FIELD_OUTAGE_AT] = {"outage-at", SATSYNC_OPTION_DURATION, "TIME", "0", 0, 31536000000000000u,
                         "When the first outage begins, on the link's clock."},
    [FIELD_OUTAGE_EVERY] = {"outage-every", SATSYNC_OPTION_DURATION, "TIME", "0", 0,
                            31536000000000000u, "Repeat the outage so often; 0 for once."},
    [FIELD_REORDER] = {"reorder", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, 1000000000,
                       "Share of packets that come late and are overtaken."},
    [FIELD_REORDER_BY] = {"reorder-by", SATSYNC_OPTION_DURATION, "TIME", "10ms", 0, 60000000000u,
                          "How late such a packet is at most."},
    [FIELD_DUPLICATE] = {"duplicate", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, 1000000000,
                         "Share of packets that come twice."},
    [FIELD_CORRUPT] = {"corrupt", SATSYNC_OPTION_FRACTION, "SHARE", NULL, 0, 1000000000,
                       "Share of packets with one bit flipped."},
    [FIELD_MTU] = {"mtu", SATSYNC_OPTION_BYTES, "BYTES", "1500", 576, 65535,
                   "Largest IP packet; larger ones are dropped."},
};

const struct satsync_option *profile_options(size_t *count) {
    *count = COUNT(rows);
    return rows;
}

static const struct profile_entry *const entries[] = {
    &profile_plain,          &profile_lan,     &profile_geo,
    &profile_leo_bent,       &profile_leo_isl, &profile_fibre_atlanta,
    &profile_fibre_abudhabi,
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

static void apply_queue(struct lane_plan *plan, enum field field, uint64_t value) {
    plan->queue_ns = field == FIELD_QUEUE ? value : 0;
    plan->queue_bytes = field == FIELD_QUEUE_BYTES ? value : 0;
    plan->queue_packets = field == FIELD_QUEUE_PACKETS ? value : 0;
}

static void apply_delay(struct lane_plan *plan, uint64_t delay_ns) {
    plan->delay_ns = delay_ns;
    plan->rtt_quantiles = NULL;
    plan->rtt_quantile_count = 0;
}

static void apply_rate(struct lane_plan *plan, uint64_t rate_bps) {
    plan->rate_bps = rate_bps;
    plan->rate_spread_q16 = 0;
}

static void apply(struct lane_plan *plan, enum field field, uint64_t value) {
    switch (field) {
    case FIELD_RATE:
        apply_rate(plan, value);
        break;
    case FIELD_DELAY:
        apply_delay(plan, value);
        break;
    case FIELD_JITTER:
        plan->jitter_ns = value;
        break;
    case FIELD_LOSS:
        plan->loss_ppb = value;
        plan->bad_ns = 0;
        break;
    case FIELD_BURST:
        plan->burst_packets = value;
        plan->bad_ns = 0;
        break;
    case FIELD_QUEUE:
    case FIELD_QUEUE_BYTES:
    case FIELD_QUEUE_PACKETS:
        apply_queue(plan, field, value);
        break;
    case FIELD_OUTAGE:
        plan->outage.drop_ns = value;
        break;
    case FIELD_OUTAGE_AT:
        plan->outage.phase_ns = value;
        break;
    case FIELD_OUTAGE_EVERY:
        plan->outage.period_ns = value;
        break;
    case FIELD_REORDER:
        plan->reorder_ppb = value;
        break;
    case FIELD_REORDER_BY:
        plan->reorder_ns = value;
        break;
    case FIELD_DUPLICATE:
        plan->duplicate_ppb = value;
        break;
    case FIELD_CORRUPT:
        plan->corrupt_ppb = value;
        break;
    case FIELD_MTU:
        plan->mtu_bytes = value;
        break;
    default:
        assert(false);
    }
}

static bool is_queue(enum field field) {
    return field == FIELD_QUEUE || field == FIELD_QUEUE_BYTES || field == FIELD_QUEUE_PACKETS;
}

struct parse {
    struct profile *profile;
    bool swap;
    bool queue_given[2];
    struct satsync_error *error;
};

static void apply_link(struct parse *parse, enum field field, uint64_t value) {
    struct profile *profile = parse->profile;
    switch (field) {
    case FIELD_SEED:
        profile->seed = value;
        break;
    case FIELD_SWAP:
        parse->swap = value != 0;
        break;
    case FIELD_START:
        profile->start_ns = value;
        break;
    case FIELD_RTT:
        profile->rtt_ns = value;
        apply_delay(&profile->there, value - value / 2);
        apply_delay(&profile->back, value / 2);
        break;
    default:
        assert(false);
    }
}

/* `directions` has bit 0 for up, bit 1 for down. */
static enum satsync_status apply_option(struct parse *parse, unsigned directions, const char *name,
                                        const char *value_text) {
    const char *nearest = NULL;
    const struct satsync_option *row = satsync_option_find(rows, COUNT(rows), name, &nearest);
    if (row == NULL) {
        return error_set(parse->error, SATSYNC_NOT_FOUND, name,
                         "there is no link option \"%s\"%s%s%s", name,
                         nearest == NULL ? "; see satsync-link profiles" : "; did you mean \"",
                         nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    enum field field = (enum field)(row - rows);
    uint64_t value = 1;
    if (value_text != NULL) {
        TRY(satsync_option_parse(row, value_text, &value, parse->error));
    } else if (row->type != SATSYNC_OPTION_BOOL) {
        return error_set(parse->error, SATSYNC_INVALID, name, "option \"%s\" needs a value: %s=%s",
                         name, name, row->unit);
    }
    if (field <= FIELD_RTT) {
        ENSURE(directions == 3, parse->error, SATSYNC_INVALID, name,
               "option \"%s\" is of the whole link; it takes neither up. nor down.", name);
        apply_link(parse, field, value);
        return SATSYNC_OK;
    }
    struct lane_plan *plans[2] = {&parse->profile->there, &parse->profile->back};
    for (unsigned i = 0; i < 2; i++) {
        if ((directions >> i & 1) != 0) {
            apply(plans[i], field, value);
            parse->queue_given[i] = parse->queue_given[i] || is_queue(field);
        }
    }
    return SATSYNC_OK;
}

/* Copies up to `to`; false when it is too long. */
static bool copy_word(char out[WORD_BYTES], const char *from, const char *to) {
    size_t bytes = (size_t)(to - from);
    if (bytes >= WORD_BYTES) {
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
    char value[WORD_BYTES];
    bool fits = copy_word(name, from, equals == NULL ? to : equals) &&
                (equals == NULL || copy_word(value, equals + 1, to));
    ENSURE(fits, parse->error, SATSYNC_INVALID, "link",
           "a link option and its value have at most %d characters each", WORD_BYTES - 1);
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

static enum satsync_status finish_plan(struct parse *parse, int direction) {
    struct profile *profile = parse->profile;
    struct lane_plan *plan = direction == 0 ? &profile->there : &profile->back;
    bool limited = plan->queue_ns > 0 || plan->queue_bytes > 0 || plan->queue_packets > 0;
    if (!limited && !parse->queue_given[direction]) {
        plan->queue_ns = profile->rtt_ns > QUEUE_NS_LEAST ? profile->rtt_ns : QUEUE_NS_LEAST;
    }
    struct gate_schedule *outage = &plan->outage;
    if (outage->drop_ns == 0) {
        outage->period_ns = 0;
    } else if (outage->period_ns == 0) {
        outage->count = 1;
        outage->period_ns = YEAR_NS;
    }
    ENSURE(outage->drop_ns <= outage->period_ns, parse->error, SATSYNC_INVALID, "outage",
           "an outage must not be longer than outage-every");
    if (plan->reorder_ppb > 0 && plan->reorder_ns == 0) {
        plan->reorder_ns = 10000000;
    }
    return SATSYNC_OK;
}

enum satsync_status profile_parse(const char *text, struct profile *profile,
                                  struct satsync_error *error) {
    memset(profile, 0, sizeof *profile);
    char name[WORD_BYTES];
    const char *end = text + strcspn(text, "?");
    const char *nearest = NULL;
    ENSURE(copy_word(name, text, end), error, SATSYNC_NOT_FOUND, "link",
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
    TRY(finish_plan(&parse, 0));
    TRY(finish_plan(&parse, 1));
    if (parse.swap) {
        struct lane_plan there = profile->there;
        profile->there = profile->back;
        profile->back = there;
    }
    return SATSYNC_OK;
}

static size_t plan_payload_bytes(const struct lane_plan *plan) {
    return (plan->mtu_bytes == 0 ? 1500 : plan->mtu_bytes) - LANE_HEADER_BYTES;
}

size_t profile_payload_bytes(const struct profile *profile) {
    size_t there = plan_payload_bytes(&profile->there);
    size_t back = plan_payload_bytes(&profile->back);
    return there > back ? there : back;
}
