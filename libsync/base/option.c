#include "base/check.h"
#include "base/wide.h"

#include <ctype.h>
#include <inttypes.h>
#include <satsync/option.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Of units with one factor the last is what satsync_option_format writes. */
static const struct unit bytes_units[] = {
    {"", 1},
    {"B", 1},
    {"k", 1000},
    {"K", 1000},
    {"KB", 1000},
    {"kB", 1000},
    {"M", 1000000},
    {"MB", 1000000},
    {"G", 1000000000},
    {"GB", 1000000000},
    {"T", 1000000000000},
    {"TB", 1000000000000},
    {"Ki", 1ull << 10},
    {"KiB", 1ull << 10},
    {"Mi", 1ull << 20},
    {"MiB", 1ull << 20},
    {"Gi", 1ull << 30},
    {"GiB", 1ull << 30},
    {"Ti", 1ull << 40},
    {"TiB", 1ull << 40},
    {NULL, 0},
};

static const struct unit rate_units[] = {
    {"", 1},
    {"bit", 1},
    {"k", 1000},
    {"K", 1000},
    {"kbit", 1000},
    {"M", 1000000},
    {"Mbit", 1000000},
    {"G", 1000000000},
    {"Gbit", 1000000000},
    {"T", 1000000000000},
    {"Tbit", 1000000000000},
    {NULL, 0},
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"min", 60000000000},
    {"h", 3600000000000},
    {"d", 86400000000000},
    {NULL, 0},
};

static const struct unit fraction_units[] = {
    {"", 1000000000},
    {"%", 10000000},
    {"ppm", 1000},
    {NULL, 0},
};

static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum satsync_option_type type) {
    switch (type) {
    case SATSYNC_OPTION_BYTES:
        return bytes_units;
    case SATSYNC_OPTION_RATE:
        return rate_units;
    case SATSYNC_OPTION_DURATION:
        return duration_units;
    case SATSYNC_OPTION_FRACTION:
        return fraction_units;
    default:
        return count_units;
    }
}

/* A decimal as digits * 10^exponent: exact, so that "0.1%" is 1000000 parts per billion on any
 * machine and locale. */
struct decimal {
    uint64_t digits;
    int exponent;
    const char *rest;
};

static bool decimal_parse(const char *text, struct decimal *out) {
    *out = (struct decimal){.rest = text};
    bool any = false;
    bool point = false;
    for (;; out->rest++) {
        if (*out->rest == '.' && !point) {
            point = true;
        } else if (isdigit((unsigned char)*out->rest)) {
            if (__builtin_mul_overflow(out->digits, 10u, &out->digits) ||
                __builtin_add_overflow(out->digits, (uint64_t)(*out->rest - '0'), &out->digits)) {
                return false;
            }
            out->exponent -= point;
            any = true;
        } else {
            break;
        }
    }
    if (any && *out->rest == 'e' && (isdigit((unsigned char)out->rest[1]) || out->rest[1] == '-')) {
        int power = 0;
        int used = 0;
        if (sscanf(out->rest, "e%3d%n", &power, &used) != 1) {
            return false;
        }
        out->exponent += power;
        out->rest += used;
    }
    return any;
}

static bool decimal_scale(const struct decimal *decimal, uint64_t factor, uint64_t *value) {
    uint128 scaled = (uint128)decimal->digits * factor;
    for (int i = decimal->exponent; i < 0; i++) {
        scaled /= 10;
    }
    for (int i = decimal->exponent; i > 0 && scaled <= UINT64_MAX; i--) {
        scaled *= 10;
    }
    *value = (uint64_t)scaled;
    return scaled <= UINT64_MAX;
}

static bool quantity_parse(const struct satsync_option *row, const char *text, uint64_t *value) {
    struct decimal decimal;
    if (!decimal_parse(text, &decimal)) {
        return false;
    }
    if (decimal.digits == 0 && *decimal.rest == '\0') {
        *value = 0;
        return true;
    }
    if (row->type == SATSYNC_OPTION_COUNT && decimal.exponent < 0) {
        return false;
    }
    size_t length = strlen(decimal.rest);
    if (row->type == SATSYNC_OPTION_RATE && length >= 2 &&
        strcmp(decimal.rest + length - 2, "/s") == 0) {
        length -= 2;
    }
    for (const struct unit *unit = units_of(row->type); unit->name; unit++) {
        if (strlen(unit->name) == length && memcmp(unit->name, decimal.rest, length) == 0) {
            return decimal_scale(&decimal, unit->factor, value);
        }
    }
    return false;
}

static bool bool_parse(const char *text, uint64_t *value) {
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i % 2;
            return true;
        }
    }
    return false;
}

static bool choice_parse(const char *choices, const char *text, uint64_t *value) {
    size_t length = strlen(text);
    for (uint64_t index = 0; *choices; index++) {
        size_t word = strcspn(choices, "|");
        if (word == length && memcmp(choices, text, length) == 0) {
            *value = index;
            return true;
        }
        choices += word + (choices[word] == '|');
    }
    return false;
}

static const char *example_of(const struct satsync_option *row) {
    switch (row->type) {
    case SATSYNC_OPTION_BOOL:
        return "yes or no";
    case SATSYNC_OPTION_COUNT:
        return "a whole number";
    case SATSYNC_OPTION_BYTES:
        return "a size such as 4096, 64KiB or 2GB";
    case SATSYNC_OPTION_RATE:
        return "a rate such as 100Mbit or 2.5Gbit";
    case SATSYNC_OPTION_DURATION:
        return "a time with its unit, such as 600ms, 1.5s or 10min";
    case SATSYNC_OPTION_FRACTION:
        return "a share such as 1% or 0.01";
    case SATSYNC_OPTION_CHOICE:
        return row->unit;
    case SATSYNC_OPTION_TEXT:
        break;
    }
    return "text";
}

enum satsync_status satsync_option_parse(const struct satsync_option *row, const char *text,
                                         uint64_t *value, struct satsync_error *error) {
    uint64_t parsed = 0;
    bool understood;
    switch (row->type) {
    case SATSYNC_OPTION_BOOL:
        understood = bool_parse(text, &parsed);
        break;
    case SATSYNC_OPTION_CHOICE:
        understood = choice_parse(row->unit, text, &parsed);
        break;
    case SATSYNC_OPTION_TEXT:
        parsed = strlen(text);
        understood = true;
        break;
    default:
        understood = quantity_parse(row, text, &parsed);
        break;
    }
    ENSURE(understood, error, SATSYNC_INVALID, row->name, "\"%.64s\" is not %s%s", text,
           row->type == SATSYNC_OPTION_CHOICE ? "one of " : "", example_of(row));
    if (row->type != SATSYNC_OPTION_BOOL && row->type != SATSYNC_OPTION_CHOICE) {
        char low[32];
        char high[32];
        satsync_option_format(row, row->min, low, sizeof low);
        satsync_option_format(row, row->max, high, sizeof high);
        ENSURE(parsed >= row->min && parsed <= row->max, error, SATSYNC_INVALID, row->name,
               "\"%.64s\" is outside %s to %s", text, low, high);
    }
    *value = parsed;
    return SATSYNC_OK;
}

/* Levenshtein distance, 99 when either word is too long to be a typo of the other. */
static unsigned distance(const char *a, const char *b) {
    enum { LONGEST = 40 };
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST) {
        return 99;
    }
    unsigned row[LONGEST + 1];
    for (unsigned j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_length; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = step < change ? step : change;
        }
    }
    return row[b_length];
}

const struct satsync_option *satsync_option_find(const struct satsync_option *rows, size_t count,
                                                 const char *name, const char **nearest) {
    unsigned best = 4; /* three edits away is still worth a suggestion */
    const char *best_name = NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned edits = distance(rows[i].name, name);
        if (edits == 0) {
            return &rows[i];
        }
        if (edits < best && edits < strlen(name)) {
            best = edits;
            best_name = rows[i].name;
        }
    }
    if (nearest) {
        *nearest = best_name;
    }
    return NULL;
}

static void format_choice(const char *choices, uint64_t value, char *out, size_t out_bytes) {
    for (; value > 0 && *choices; value--) {
        choices += strcspn(choices, "|");
        choices += *choices == '|';
    }
    snprintf(out, out_bytes, "%.*s", (int)strcspn(choices, "|"), choices);
}

/* Exact and free of the locale, so that what is written can be parsed again. */
static void format_percent(uint64_t parts_per_billion, char *out, size_t out_bytes) {
    uint64_t fraction = parts_per_billion % 10000000;
    int digits = 7;
    while (digits > 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    uint64_t whole = parts_per_billion / 10000000;
    if (digits == 0) {
        snprintf(out, out_bytes, "%" PRIu64 "%%", whole);
    } else {
        snprintf(out, out_bytes, "%" PRIu64 ".%0*" PRIu64 "%%", whole, digits, fraction);
    }
}

void satsync_option_format(const struct satsync_option *row, uint64_t value, char *out,
                           size_t out_bytes) {
    if (row->type == SATSYNC_OPTION_BOOL) {
        snprintf(out, out_bytes, "%s", value ? "yes" : "no");
        return;
    }
    if (row->type == SATSYNC_OPTION_CHOICE) {
        format_choice(row->unit, value, out, out_bytes);
        return;
    }
    if (row->type == SATSYNC_OPTION_FRACTION) {
        format_percent(value, out, out_bytes);
        return;
    }
    const struct unit *best = NULL;
    for (const struct unit *unit = units_of(row->type); unit->name; unit++) {
        bool fits = value % unit->factor == 0 && (value > 0 || unit->factor == 1);
        if (fits && (!best || unit->factor >= best->factor)) {
            best = unit;
        }
    }
    snprintf(out, out_bytes, "%" PRIu64 "%s", value / best->factor, best->name);
}
