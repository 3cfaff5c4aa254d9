#include "sim-link/link_metrics.h"

#include <stdarg.h>
#include <stdio.h>

/* Text as it grows; what does not fit is cut. */
struct text {
    char *at;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(text->at, text->room, format, arguments);
    va_end(arguments);
    size_t taken = bytes < 0 ? 0 : (size_t)bytes < text->room ? (size_t)bytes : text->room - 1;
    text->at += taken;
    text->room -= taken;
}

static void add_family(struct text *text, const char *name, const char *type, const char *help) {
    add(text, "# HELP satsync_link_%s %s\n# TYPE satsync_link_%s %s\n", name, help, name, type);
}

static void add_seconds(struct text *text, uint64_t value_ns) {
    add(text, "%llu.%09llu\n", (unsigned long long)value_ns / 1000000000,
        (unsigned long long)value_ns % 1000000000);
}

/* One value a direction. */
static void add_both(struct text *text, const char *name, uint64_t up, uint64_t down) {
    add(text, "satsync_link_%s{direction=\"up\"} %llu\n", name, (unsigned long long)up);
    add(text, "satsync_link_%s{direction=\"down\"} %llu\n", name, (unsigned long long)down);
}

static void add_counters(struct text *text, const struct relay_report *report) {
    const struct lane_counts *up = &report->up;
    const struct lane_counts *down = &report->down;
    add_family(text, "entered_packets_total", "counter", "Packets that were sent into the link.");
    add_both(text, "entered_packets_total", up->entered_packets, down->entered_packets);
    add_family(text, "entered_bytes_total", "counter", "Their payload.");
    add_both(text, "entered_bytes_total", up->entered_bytes, down->entered_bytes);
    add_family(text, "delivered_packets_total", "counter", "Packets that came out of it.");
    add_both(text, "delivered_packets_total", up->delivered_packets, down->delivered_packets);
    add_family(text, "delivered_bytes_total", "counter", "Their payload.");
    add_both(text, "delivered_bytes_total", up->delivered_bytes, down->delivered_bytes);
    add_family(text, "duplicated_packets_total", "counter", "Packets that the link made twice.");
    add_both(text, "duplicated_packets_total", up->duplicated_packets, down->duplicated_packets);
    add_family(text, "dropped_packets_total", "counter", "Packets that were lost, by cause.");
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        const char *name = drop_cause_name((enum drop_cause)cause);
        add(text, "satsync_link_dropped_packets_total{direction=\"up\",cause=\"%s\"} %llu\n", name,
            (unsigned long long)up->dropped_packets[cause]);
        add(text, "satsync_link_dropped_packets_total{direction=\"down\",cause=\"%s\"} %llu\n",
            name, (unsigned long long)down->dropped_packets[cause]);
    }
}

static void add_gauges(struct text *text, const struct relay_report *report) {
    add_family(text, "queued_packets", "gauge", "Packets in the queues now.");
    add_both(text, "queued_packets", report->up.queued_packets, report->down.queued_packets);
    add_family(text, "flying_packets", "gauge", "Packets on their way now.");
    add_both(text, "flying_packets", report->up.flying_packets, report->down.flying_packets);
    add_family(text, "queued_bytes", "gauge", "Bytes of IP packets in the first queue now.");
    add_both(text, "queued_bytes", report->up_state.queued_bytes, report->down_state.queued_bytes);
    add_family(text, "rate_bits_per_second", "gauge", "Rate now; 0 without a limit.");
    add_both(text, "rate_bits_per_second", report->up_state.rate_bps, report->down_state.rate_bps);
    add_family(text, "clients", "gauge", "Clients of the relay now.");
    add(text, "satsync_link_clients %llu\n", (unsigned long long)report->clients);
}

static void add_lateness(struct text *text, const struct relay_report *report) {
    static const struct {
        const char *share;
        unsigned permille;
    } ranks[] = {{"0.5", 500}, {"0.9", 900}, {"0.99", 990}, {"1", 1000}};
    add_family(text, "late_seconds", "summary", "How much later than due packets left.");
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        add(text, "satsync_link_late_seconds{quantile=\"%s\"} ", ranks[i].share);
        add_seconds(text, histogram_quantile(&report->late, ranks[i].permille));
    }
    add(text, "satsync_link_late_seconds_sum ");
    add_seconds(text, report->late.sum);
    add(text, "satsync_link_late_seconds_count %llu\n", (unsigned long long)report->late.count);
    add_family(text, "void", "gauge", "1 when this machine was too busy to emulate the link.");
    add(text, "satsync_link_void %d\n", report->is_void);
    add_family(text, "unsent_packets_total", "counter", "Packets that the system did not take.");
    add(text, "satsync_link_unsent_packets_total %llu\n",
        (unsigned long long)report->unsent_packets);
    add_family(text, "refused_packets_total", "counter", "Packets of clients beyond the limit.");
    add(text, "satsync_link_refused_packets_total %llu\n",
        (unsigned long long)report->refused_packets);
}

void link_metrics_text(const struct relay_report *report, char out[LINK_METRICS_BYTES]) {
    struct text text = {out, LINK_METRICS_BYTES};
    add_counters(&text, report);
    add_gauges(&text, report);
    add_lateness(&text, report);
}
