#include "bench/scenario.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    KEY_ABOUT,
    KEY_KIND,
    KEY_LINK,
    KEY_TRANSPORTS,
    KEY_CONTROLLER,
    KEY_RATE,
    KEY_BYTES,
    KEY_MESSAGES,
    KEY_SEEDS,
    KEY_TARGET,
    KEY_VALUES,
    KEY_INNER_STEPS,
    KEY_OVERLAP,
    KEY_INNER_TIME
};

static const struct satsync_option rows[] = {
    [KEY_ABOUT] = {"about", SATSYNC_OPTION_TEXT, "TEXT", NULL, 1, SCENARIO_TEXT_BYTES - 1,
                   "What is measured, in a sentence."},
    [KEY_KIND] =
        {"kind", SATSYNC_OPTION_CHOICE,
         "link|loopback|codec|store|outer|quantise|ucx-stream|ucx-ping|ucx-reduce|emulator", "link",
         0, 9, "Which part is measured."},
    [KEY_LINK] = {"link", SATSYNC_OPTION_TEXT, "LINK", NULL, 1, SCENARIO_TEXT_BYTES - 1,
                  "The emulated link, as satsync-link reads it."},
    [KEY_TRANSPORTS] = {"transports", SATSYNC_OPTION_TEXT, "LIST", NULL, 1, SCENARIO_TEXT_BYTES - 1,
                        "What UCX may use, as in UCX_TLS."},
    [KEY_CONTROLLER] =
        {"controller", SATSYNC_OPTION_CHOICE, "rated|model|remembered", "rated", 0, 2,
         "Whether the sender is told the rate, finds it out, or remembers the path."},
    [KEY_RATE] = {"rate", SATSYNC_OPTION_RATE, "RATE", "0", 0, UINT64_C(1000000000000),
                  "What the rated sender is told; 0 is the link's own rate."},
    [KEY_BYTES] = {"bytes", SATSYNC_OPTION_BYTES, "BYTES", "64MiB", 1, UINT64_C(1) << 44,
                   "Size of the message or state."},
    [KEY_MESSAGES] = {"messages", SATSYNC_OPTION_COUNT, "COUNT", "1", 1, SCENARIO_MESSAGES_MOST,
                      "So many, each when the last is known to be there; the slowest 1 % count."},
    [KEY_SEEDS] = {"seeds", SATSYNC_OPTION_COUNT, "COUNT", "10", 1, 1000,
                   "Runs; the median and the worst are reported."},
    [KEY_TARGET] = {"target", SATSYNC_OPTION_FRACTION, "SHARE", "0", 0, 1000000000,
                    "Share of the limit that the median must reach; 0 is none."},
    [KEY_VALUES] = {"values", SATSYNC_OPTION_CHOICE, "fp32|bf16|int8", "int8", 0, 2,
                    "How an outer step's contributions are coded."},
    [KEY_INNER_STEPS] = {"inner-steps", SATSYNC_OPTION_COUNT, "COUNT", "1", 1, 100000,
                         "Inner steps from one outer step to the next."},
    [KEY_OVERLAP] = {"overlap", SATSYNC_OPTION_COUNT, "COUNT", "0", 0, 100000,
                     "Inner steps trained while an outer step is under way."},
    [KEY_INNER_TIME] = {"inner-time", SATSYNC_OPTION_DURATION, "TIME", "0", 0,
                        UINT64_C(3600000000000),
                        "Of an inner step; 0 measures the exchange alone."},
};

enum { ROWS = sizeof rows / sizeof *rows, FILE_BYTES_LIMIT = 16384 };

const struct satsync_option *scenario_options(size_t *count) {
    *count = ROWS;
    return rows;
}

static void take(struct scenario *scenario, int key, uint64_t value, const char *text) {
    switch (key) {
    case KEY_ABOUT:
        snprintf(scenario->about, sizeof scenario->about, "%s", text);
        break;
    case KEY_KIND:
        scenario->kind = (enum scenario_kind)value;
        break;
    case KEY_LINK:
        snprintf(scenario->link, sizeof scenario->link, "%s", text);
        break;
    case KEY_TRANSPORTS:
        snprintf(scenario->transports, sizeof scenario->transports, "%s", text);
        break;
    case KEY_CONTROLLER:
        scenario->controller = (enum scenario_controller)value;
        break;
    case KEY_RATE:
        scenario->rate_bps = value;
        break;
    case KEY_BYTES:
        scenario->bytes = value;
        break;
    case KEY_MESSAGES:
        scenario->messages = value;
        break;
    case KEY_SEEDS:
        scenario->seeds = value;
        break;
    case KEY_TARGET:
        scenario->target_ppb = value;
        break;
    case KEY_VALUES:
        scenario->values = (enum quantise_codec)(QUANTISE_FP32 + value);
        break;
    case KEY_INNER_STEPS:
        scenario->inner_steps = value;
        break;
    case KEY_OVERLAP:
        scenario->overlap_steps = value;
        break;
    case KEY_INNER_TIME:
        scenario->inner_ns = value;
        break;
    default:
        assert(0);
    }
}

static enum satsync_status take_line(struct scenario *scenario, char *line,
                                     struct satsync_error *error) {
    line[strcspn(line, "#\r")] = 0;
    char *key = line + strspn(line, " \t");
    if (*key == 0) {
        return SATSYNC_OK;
    }
    char *value = key + strcspn(key, " \t");
    if (*value) {
        *value++ = 0;
    }
    value += strspn(value, " \t");
    for (size_t end = strlen(value); end > 0 && strchr(" \t", value[end - 1]); end--) {
        value[end - 1] = 0;
    }
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, key) == 0) {
            uint64_t number = 0;
            TRY(satsync_option_parse(&rows[i], value, &number, error));
            take(scenario, i, number, value);
            return SATSYNC_OK;
        }
    }
    return error_set(error, SATSYNC_INVALID, scenario->name,
                     "scenario \"%s\" has no key \"%s\"; see bench/README.md for the keys",
                     scenario->name, key);
}

static void set_defaults(struct scenario *scenario) {
    for (int i = 0; i < ROWS; i++) {
        uint64_t value = 0;
        if (rows[i].fallback) {
            enum satsync_status status =
                satsync_option_parse(&rows[i], rows[i].fallback, &value, NULL);
            assert(status == SATSYNC_OK);
            (void)status;
            take(scenario, i, value, rows[i].fallback);
        }
    }
}

enum satsync_status scenario_parse(const char *name, const char *text, struct scenario *scenario,
                                   struct satsync_error *error) {
    memset(scenario, 0, sizeof *scenario);
    snprintf(scenario->name, sizeof scenario->name, "%s", name);
    set_defaults(scenario);
    while (*text) {
        char line[SCENARIO_TEXT_BYTES + 64];
        size_t bytes = strcspn(text, "\n");
        ENSURE(bytes < sizeof line, error, SATSYNC_INVALID, name,
               "a line of scenario \"%s\" is longer than %zu bytes", name, sizeof line - 1);
        memcpy(line, text, bytes);
        line[bytes] = 0;
        TRY(take_line(scenario, line, error));
        text += bytes + (text[bytes] == '\n');
    }
    bool needs_link = scenario->kind == SCENARIO_LINK || scenario->kind == SCENARIO_OUTER;
    ENSURE(!needs_link || scenario->link[0], error, SATSYNC_INVALID, name,
           "scenario \"%s\" is over a link and names none; add a line \"link NAME\"", name);
    bool needs_transports =
        scenario->kind >= SCENARIO_UCX_STREAM && scenario->kind <= SCENARIO_UCX_REDUCE;
    ENSURE(!needs_transports || scenario->transports[0], error, SATSYNC_INVALID, name,
           "scenario \"%s\" is over UCX; add a line \"transports LIST\"", name);
    return SATSYNC_OK;
}

static enum satsync_status open_file(const char *path, struct scenario *scenario,
                                     struct satsync_error *error) {
    char text[FILE_BYTES_LIMIT];
    FILE *file = fopen(path, "rb");
    ENSURE(file, error, SATSYNC_NOT_FOUND, path, "cannot open scenario %s", path);
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[bytes] = 0;
    const char *slash = strrchr(path, '/');
    char name[sizeof scenario->name];
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot && dot != name) {
        *dot = 0;
    }
    return scenario_parse(name, text, scenario, error);
}

enum satsync_status scenario_open(const char *name, struct scenario *scenario,
                                  struct satsync_error *error) {
    static const char ending[] = ".scenario";
    size_t length = strlen(name);
    bool is_path = strchr(name, '/') || (length >= sizeof ending &&
                                         strcmp(name + length - sizeof ending + 1, ending) == 0);
    if (is_path) {
        return open_file(name, scenario, error);
    }
    for (const struct scenario_text *text = scenario_texts; text->name; text++) {
        if (strcmp(text->name, name) == 0) {
            return scenario_parse(name, text->text, scenario, error);
        }
    }
    return error_set(error, SATSYNC_NOT_FOUND, name,
                     "there is no scenario \"%s\"; \"satsync-bench list\" names them", name);
}
