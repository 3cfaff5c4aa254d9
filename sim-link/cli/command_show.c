#include "base/check.h"
#include "sim-link/cli/chart.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/recording.h"
#include "sim-link/cli/report.h"
#include "sim-link/profile.h"

#include <stdio.h>

static void print_figure(const char *name, enum satsync_option_type type, uint64_t value) {
    struct satsync_option row = {.name = name, .type = type, .max = UINT64_MAX};
    char text[64];
    satsync_option_format(&row, value, text, sizeof text);
    printf("    %-22s%s\n", name, text);
}

static void print_plan(const char *direction, const struct lane_plan *plan) {
    printf("  %s\n", direction);
    print_figure("rate", SATSYNC_OPTION_RATE, plan->rate_bps);
    if (plan->rtt.quantiles != NULL) {
        puts("    delay                 half of a measured round trip, drawn each slot");
    } else if (plan->orbit.router.constellation != NULL) {
        printf("    delay                 over %s from %s to %s, %s\n",
               plan->orbit.router.constellation->name, plan->orbit.router.from->name,
               plan->orbit.router.to->name,
               plan->orbit.router.via == ROUTE_BENT ? "bent" : "by lasers");
    } else if (plan->table.count > 0) {
        puts("    delay                 by a table over time");
    } else {
        print_figure("delay", SATSYNC_OPTION_DURATION, plan->delay_ns);
    }
    print_figure("jitter", SATSYNC_OPTION_DURATION, plan->jitter_ns);
    print_figure("loss", SATSYNC_OPTION_FRACTION, plan->loss_ppb);
    if (plan->queue_packets > 0) {
        print_figure("queue-packets", SATSYNC_OPTION_COUNT, plan->queue_packets);
    } else if (plan->queue_bytes > 0) {
        print_figure("queue-bytes", SATSYNC_OPTION_BYTES, plan->queue_bytes);
    } else {
        print_figure("queue", SATSYNC_OPTION_DURATION, plan->queue_ns);
    }
}

static void plan_json(struct json *json, const char *key, const struct lane_plan *plan) {
    json_put_key(json, key);
    json_put_object(json);
    json_member_u64(json, "rate_bps", plan->rate_bps);
    json_member_u64(json, "delay_ns", plan->delay_ns);
    json_member_bool(json, "delay_varies",
                     plan->rtt.quantiles != NULL || plan->table.count > 0 ||
                         plan->orbit.router.constellation != NULL);
    json_member_u64(json, "jitter_ns", plan->jitter_ns);
    json_member_u64(json, "loss_ppb", plan->loss_ppb);
    json_member_u64(json, "queue_ns", plan->queue_ns);
    json_member_u64(json, "queue_packets", plan->queue_packets);
    json_member_u64(json, "queue_bytes", plan->queue_bytes);
    json_end_object(json);
}

static void show_json(const struct profile *profile, const struct profile_entry *entry) {
    struct json json;
    report_start(&json, "show", SATSYNC_OK);
    json_member_string(&json, "profile", profile->name);
    json_member_u64(&json, "rtt_ns", profile->rtt_ns);
    json_member_u64(&json, "seed", profile->seed);
    plan_json(&json, "up", &profile->there);
    plan_json(&json, "down", &profile->back);
    json_put_key(&json, "figures");
    json_put_array(&json);
    for (size_t i = 0; i < entry->figure_count; i++) {
        json_put_object(&json);
        json_member_string(&json, "what", entry->figures[i].what);
        json_member_string(&json, "value", entry->figures[i].value);
        json_member_string(&json, "source", entry->figures[i].source);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    report_print(&json);
}

static void print_text(const struct profile *profile, const struct profile_entry *entry,
                       const struct chart *chart) {
    printf("%s: %s\n", entry->name, entry->summary);
    print_plan("up (LISTEN to TARGET)", &profile->there);
    print_plan("down", &profile->back);
    for (size_t i = 0; i < entry->figure_count; i++) {
        const struct profile_figure *figure = &entry->figures[i];
        printf("%s: %s\n    source: %s\n", figure->what, figure->value, figure->source);
    }
    chart_print(chart);
}

enum satsync_status command_show(const struct cli_args *args, struct satsync_error *error) {
    struct profile profile;
    struct chart chart;
    ENSURE(args->word_count == 1, error, SATSYNC_INVALID, "show",
           "show takes one profile; `satsync-link profiles` lists them");
    TRY(profile_open(args->words[0], &profile, error));
    const struct profile_entry *entry = profile_find(profile.name, NULL);
    struct record_options record = recording_options(args, 0);
    enum satsync_status status = chart_make(&profile, &record, &chart, error);
    if (status == SATSYNC_OK && args->given[OPTION_PLOT]) {
        status = chart_write(&chart, args->words[0], args->texts[OPTION_PLOT], error);
    }
    if (status == SATSYNC_OK && args->values[OPTION_JSON]) {
        show_json(&profile, entry);
    } else if (status == SATSYNC_OK) {
        print_text(&profile, entry, &chart);
    }
    profile_fini(&profile);
    return status;
}
