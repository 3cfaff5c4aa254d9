#include "sim-link/relay.h"

static void direction_json(struct json *json, const char *key, const struct lane_counts *counts,
                           const struct lane_state *state) {
    json_put_key(json, key);
    json_put_object(json);
    json_member_u64(json, "entered_packets", counts->entered_packets);
    json_member_u64(json, "entered_bytes", counts->entered_bytes);
    json_member_u64(json, "delivered_packets", counts->delivered_packets);
    json_member_u64(json, "delivered_bytes", counts->delivered_bytes);
    json_member_u64(json, "duplicated_packets", counts->duplicated_packets);
    json_put_key(json, "dropped_packets");
    json_put_object(json);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        json_member_u64(json, drop_cause_name((enum drop_cause)cause),
                        counts->dropped_packets[cause]);
    }
    json_end_object(json);
    json_member_u64(json, "queued_packets", counts->queued_packets);
    json_member_u64(json, "flying_packets", counts->flying_packets);
    json_member_u64(json, "queued_bytes", state->queued_bytes);
    json_member_u64(json, "rate_bps", state->rate_bps);
    json_end_object(json);
}

void relay_report_judge(struct relay_report *report, uint64_t rtt_ns) {
    uint64_t share_ns = rtt_ns / 100;
    report->late_limit_ns = share_ns > 1000000 ? share_ns : 1000000;
    report->is_void = histogram_quantile(&report->late, 990) > report->late_limit_ns;
}

void relay_report_json(const struct relay_report *report, struct json *json) {
    json_put_object(json);
    json_member_u64(json, "running_ns", report->running_ns);
    json_member_u64(json, "clients", report->clients);
    json_member_u64(json, "refused_packets", report->refused_packets);
    json_member_u64(json, "unsent_packets", report->unsent_packets);
    direction_json(json, "up", &report->up, &report->up_state);
    direction_json(json, "down", &report->down, &report->down_state);
    json_put_key(json, "late_ns");
    json_put_object(json);
    json_member_u64(json, "p50", histogram_quantile(&report->late, 500));
    json_member_u64(json, "p90", histogram_quantile(&report->late, 900));
    json_member_u64(json, "p99", histogram_quantile(&report->late, 990));
    json_member_u64(json, "max", report->late.max);
    json_member_u64(json, "limit", report->late_limit_ns);
    json_end_object(json);
    json_member_bool(json, "void", report->is_void);
    json_end_object(json);
}
