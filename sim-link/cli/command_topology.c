#include "base/check.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/report.h"
#include "sim-link/topology.h"

#include <stdio.h>

static void print_json(const struct topology *topology) {
    struct json json;
    report_start(&json, "topology", SATSYNC_OK);
    json_member_u64(&json, "seed", topology->seed);
    json_put_key(&json, "sites");
    json_put_array(&json);
    for (size_t i = 0; i < topology->site_count; i++) {
        json_put_string(&json, topology->sites[i]);
    }
    json_end_array(&json);
    json_put_key(&json, "links");
    json_put_array(&json);
    for (size_t i = 0; i < topology->link_count; i++) {
        const struct topology_link *link = &topology->links[i];
        json_put_object(&json);
        json_member_string(&json, "from", topology->sites[link->a]);
        json_member_string(&json, "to", topology->sites[link->b]);
        json_member_string(&json, "profile", link->profile.name);
        json_member_u64(&json, "rtt_ns", link->profile.rtt_ns);
        json_member_u64(&json, "up_bps", link->profile.there.rate_bps);
        json_member_u64(&json, "down_bps", link->profile.back.rate_bps);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    report_print(&json);
}

static void print_figure(enum satsync_option_type type, uint64_t value) {
    struct satsync_option row = {.name = "figure", .type = type, .max = UINT64_MAX};
    char text[64];
    satsync_option_format(&row, value, text, sizeof text);
    printf("%-12s", value == 0 ? "-" : text);
}

static void print_text(const struct topology *topology) {
    printf("%-16s%-16s%-24s%-12s%-12s%s\n", "from", "to", "profile", "rtt", "up", "down");
    for (size_t i = 0; i < topology->link_count; i++) {
        const struct topology_link *link = &topology->links[i];
        printf("%-16s%-16s%-24s", topology->sites[link->a], topology->sites[link->b],
               link->profile.name);
        print_figure(SATSYNC_OPTION_DURATION, link->profile.rtt_ns);
        print_figure(SATSYNC_OPTION_RATE, link->profile.there.rate_bps);
        print_figure(SATSYNC_OPTION_RATE, link->profile.back.rate_bps);
        puts("");
    }
    printf("%zu sites, %zu links, seed %llu\n", topology->site_count, topology->link_count,
           (unsigned long long)topology->seed);
}

enum satsync_status command_topology(const struct cli_args *args, struct satsync_error *error) {
    struct topology topology;
    ENSURE(args->word_count == 1, error, SATSYNC_INVALID, "topology",
           "topology takes one file of lines such as: link memphis atlanta geo");
    TRY(topology_read(args->words[0], &topology, error));
    if (args->values[OPTION_JSON]) {
        print_json(&topology);
    } else {
        print_text(&topology);
    }
    topology_fini(&topology);
    return SATSYNC_OK;
}
