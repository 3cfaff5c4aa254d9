#include "sim-link/relay.h"

static void direction_json(struct json *json, const char *key, const struct lane_counts *counts,
                           const struct lane_state *state) {
    json_put_key(json, key);
    json_put_object(json);
    json_put_key(json, "entered_packets");
    json_put_u64(json, counts->entered_packets);
    json_put_key(json, "entered_bytes");
    json_put_u64(json, counts->entered_bytes);
    json_put_key(json, "delivered_packets");
    json_put_u64(json, counts->delivered_packets);
    json_put_key(json, "delivered_bytes");
    json_put_u64(json, counts->delivered_bytes);
    json_put_key(json, "duplicated_packets");
    json_put_u64(json, counts->duplicated_packets);
    json_put_key(json, "dropped_packets");
    json_put_object(json);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        json_put_key(json, drop_cause_name((enum drop_cause)cause));
        json_put_u64(json, counts->dropped_packets[cause]);
    }
    json_end_object(json);
    json_put_key(json, "queued_packets");
    json_put_u64(json, counts->queued_packets);
    json_put_key(json, "flying_packets");
    json_put_u64(json, counts->flying_packets);
    json_put_key(json, "queued_bytes");
    json_put_u64(json, state->queued_bytes);
    json_put_key(json, "rate_bps");
    json_put_u64(json, state->rate_bps);
    json_end_object(json);
}

void relay_report_judge(struct relay_report *report, uint64_t rtt_ns) {
    uint64_t share_ns = rtt_ns / 100;
    report->late_limit_ns = share_ns > 1000000 ? share_ns : 1000000;
    report->is_void = histogram_quantile(&report->late, 990) > report->late_limit_ns;
}

void relay_report_json(const struct relay_report *report, struct json *json) {
    json_put_object(json);
    json_put_key(json, "running_ns");
    json_put_u64(json, report->running_ns);
    json_put_key(json, "clients");
    json_put_u64(json, report->clients);
    json_put_key(json, "refused_packets");
    json_put_u64(json, report->refused_packets);
    json_put_key(json, "unsent_packets");
    json_put_u64(json, report->unsent_packets);
    direction_json(json, "up", &report->up, &report->up_state);
    direction_json(json, "down", &report->down, &report->down_state);
    json_put_key(json, "late_ns");
    json_put_object(json);
    json_put_key(json, "p50");
    json_put_u64(json, histogram_quantile(&report->late, 500));
    json_put_key(json, "p90");
    json_put_u64(json, histogram_quantile(&report->late, 900));
    json_put_key(json, "p99");
    json_put_u64(json, histogram_quantile(&report->late, 990));
    json_put_key(json, "max");
    json_put_u64(json, report->late.max);
    json_put_key(json, "limit");
    json_put_u64(json, report->late_limit_ns);
    json_end_object(json);
    json_put_key(json, "void");
    json_put_bool(json, report->is_void);
    json_end_object(json);
}
