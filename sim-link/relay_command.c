#include "sim-link/relay_command.h"

#include "base/timers.h"
#include "sim-link/link_metrics.h"

#include <satsync/option.h>
#include <string.h>

static const struct satsync_option outage_row = {"outage",
                                                 SATSYNC_OPTION_DURATION,
                                                 "TIME",
                                                 NULL,
                                                 0,
                                                 31536000000000000u,
                                                 "How long the link drops everything."};

static const struct satsync_option commands[] = {
    {.name = "outage"}, {.name = "down"},    {.name = "up"},   {.name = "get"},
    {.name = "set"},    {.name = "metrics"}, {.name = "quit"},
};

static void say(struct json *answer, const char *problem) {
    json_put_object(answer);
    json_member_bool(answer, "ok", problem == NULL);
    if (problem != NULL) {
        json_member_string(answer, "error", problem);
    }
    json_end_object(answer);
}

static void refuse(const char *line, struct json *answer) {
    char problem[160] = "the commands are outage TIME, down, up, set OPTIONS, get, metrics, quit";
    const char *nearest = NULL;
    size_t count = sizeof commands / sizeof *commands;
    (void)satsync_option_find(commands, count, line, &nearest);
    if (nearest != NULL) {
        strcpy(problem, "there is no such command; did you mean ");
        strcat(problem, nearest);
    }
    say(answer, problem);
}

static void get(const struct relay *relay, struct json *answer) {
    static struct relay_report report;
    relay_report(relay, &report);
    json_put_object(answer);
    json_member_bool(answer, "ok", true);
    json_member_bool(answer, "shut", relay_is_shut(relay));
    json_put_key(answer, "report");
    relay_report_json(&report, answer);
    json_end_object(answer);
}

static void put_metrics(const struct relay *relay, struct json *answer) {
    static struct relay_report report;
    static char text[LINK_METRICS_BYTES];
    relay_report(relay, &report);
    link_metrics_text(&report, text);
    json_put_object(answer);
    json_member_bool(answer, "ok", true);
    json_member_string(answer, "metrics", text);
    json_end_object(answer);
}

void relay_command(struct relay *relay, const char *line, bool *quit, struct json *answer) {
    uint64_t outage_ns = 0;
    struct satsync_error error;
    if (strncmp(line, "outage ", 7) == 0) {
        if (satsync_option_parse(&outage_row, line + 7, &outage_ns, &error) != SATSYNC_OK) {
            say(answer, error.message);
            return;
        }
        relay_shut(relay, outage_ns);
        say(answer, NULL);
    } else if (strncmp(line, "set ", 4) == 0) {
        bool changed = relay_set(relay, line + 4, &error) == SATSYNC_OK;
        say(answer, changed ? NULL : error.message);
    } else if (strcmp(line, "down") == 0) {
        relay_shut(relay, TIME_NEVER);
        say(answer, NULL);
    } else if (strcmp(line, "up") == 0) {
        relay_shut(relay, 0);
        say(answer, NULL);
    } else if (strcmp(line, "get") == 0) {
        get(relay, answer);
    } else if (strcmp(line, "metrics") == 0) {
        put_metrics(relay, answer);
    } else if (strcmp(line, "quit") == 0) {
        *quit = true;
        say(answer, NULL);
    } else {
        refuse(line, answer);
    }
}
