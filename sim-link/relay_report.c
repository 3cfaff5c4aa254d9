#include "sim-link/relay.h"

static void direction_json(struct json *json, const char *key, const struct lane_counts *counts) {
    json_key(json, key);
    json_object(json);
    json_key(json, "entered_packets");
    json_u64(json, counts->entered_packets);
    json_key(json, "entered_bytes");
    json_u64(json, counts->entered_bytes);
    json_key(json, "delivered_packets");
    json_u64(json, counts->delivered_packets);
    json_key(json, "delivered_bytes");
    json_u64(json, counts->delivered_bytes);
    json_key(json, "duplicated_packets");
    json_u64(json, counts->duplicated_packets);
    json_key(json, "dropped_packets");
    json_object(json);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        json_key(json, drop_cause_name((enum drop_cause)cause));
        json_u64(json, counts->dropped_packets[cause]);
    }
    json_object_end(json);
    json_key(json, "queued_packets");
    json_u64(json, counts->queued_packets);
    json_key(json, "flying_packets");
    json_u64(json, counts->flying_packets);
    json_object_end(json);
}

void relay_report_json(const struct relay_report *report, struct json *json) {
    json_object(json);
    json_key(json, "running_ns");
    json_u64(json, report->running_ns);
    json_key(json, "clients");
    json_u64(json, report->clients);
    json_key(json, "refused_packets");
    json_u64(json, report->refused_packets);
    json_key(json, "unsent_packets");
    json_u64(json, report->unsent_packets);
    direction_json(json, "up", &report->up);
    direction_json(json, "down", &report->down);
    json_key(json, "late_ns");
    json_object(json);
    json_key(json, "p50");
    json_u64(json, histogram_quantile(&report->late, 500));
    json_key(json, "p90");
    json_u64(json, histogram_quantile(&report->late, 900));
    json_key(json, "p99");
    json_u64(json, histogram_quantile(&report->late, 990));
    json_key(json, "max");
    json_u64(json, report->late.max);
    json_key(json, "limit");
    json_u64(json, report->late_limit_ns);
    json_object_end(json);
    json_key(json, "void");
    json_bool(json, report->is_void);
    json_object_end(json);
}
