#include "sim-link/cli/link_report.h"

#include "sim-link/cli/command.h"
#include "sim-link/cli/report.h"

#include <stdio.h>

static void print_direction(FILE *out, const char *name, const struct lane_counts *counts) {
    fprintf(out, "%-5s %llu entered, %llu delivered; dropped:", name,
            (unsigned long long)counts->entered_packets,
            (unsigned long long)counts->delivered_packets);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        fprintf(out, " %s %llu", drop_cause_name((enum drop_cause)cause),
                (unsigned long long)counts->dropped_packets[cause]);
    }
    fputs("\n", out);
}

static void print_report(FILE *out, const struct relay_report *report) {
    print_direction(out, "up", &report->up);
    print_direction(out, "down", &report->down);
    fprintf(out, "late: p50 %llu us, p90 %llu us, p99 %llu us, max %llu us (limit %llu us)\n",
            (unsigned long long)histogram_quantile(&report->late, 500) / 1000,
            (unsigned long long)histogram_quantile(&report->late, 900) / 1000,
            (unsigned long long)histogram_quantile(&report->late, 990) / 1000,
            (unsigned long long)report->late.max / 1000,
            (unsigned long long)report->late_limit_ns / 1000);
    if (report->is_void) {
        fputs(
            "void: this machine was too busy to emulate the link; do not use figures of this run\n",
            out);
    }
}

void link_report_print(const struct relay_report *report, const struct cli_args *args) {
    if (!args->values[OPTION_JSON]) {
        print_report(stdout, report);
        return;
    }
    struct json json;
    report_start(&json, "relay", SATSYNC_OK);
    json_member_string(&json, "profile", args->words[0]);
    json_put_key(&json, "report");
    relay_report_json(report, &json);
    json_end_object(&json);
    report_print(&json);
}

void link_report_summarise(const struct relay_report *report) {
    print_report(stderr, report);
}
