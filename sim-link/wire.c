#include "sim-link/wire.h"

#include "base/check.h"
#include "sim-link/wire_out.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = GSO_HEADER_BYTES + 65536, PACKETS_AT_ONCE = 128 };

struct wire {
    struct wire_options options;
    struct sim *sim;
    struct lane *lanes[2];
    uint64_t origin_ns;      /* the given clock less the sim's */
    struct wire_out outs[2]; /* of the lanes */
    struct record record;
    struct histogram late;
    uint8_t data[READ_BYTES];
};

static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static enum satsync_status open_lanes(struct wire *wire, struct satsync_error *error) {
    const struct profile *profile = wire->options.profile;
    struct sim_options options = {.start_ns = profile->start_ns,
                                  .payload_bytes_limit =
                                      profile_payload_bytes(profile) + LANE_HEADER_BYTES,
                                  .untraced = true,
                                  .whole_packets = true};
    TRY(sim_open(&options, &wire->sim, error));
    struct record_options record = wire->options.record;
    for (uint32_t i = 0; i < 2; i++) {
        wire->outs[i] = (struct wire_out){.fd = wire->options.fds[1 - i],
                                          .sim = wire->sim,
                                          .origin_ns = wire->origin_ns,
                                          .late = &wire->late,
                                          .join.without_udp = !wire->options.joins_udp};
        struct sim_lane lane = {i == 0 ? &profile->there : &profile->back,
                                {profile->seed, 0, i, i == 0 ? "up" : "down"},
                                wire_out_add,
                                &wire->outs[i]};
        TRY(sim_add(wire->sim, &lane, &wire->lanes[i], error));
    }
    record.capture.whole_packets = true;
    return record_open(&record, wire->sim, &wire->record, error);
}

enum satsync_status wire_open(const struct wire_options *options, struct wire **out,
                              struct satsync_error *error) {
    *out = NULL;
    struct wire *wire = memory_new(NULL, 1, sizeof *wire);
    ENSURE(wire != NULL, error, SATSYNC_NO_MEMORY, "run", "no memory for a link");
    wire->options = *options;
    wire->origin_ns = options->now_ns - options->profile->start_ns;
    enum satsync_status status = open_lanes(wire, error);
    if (status != SATSYNC_OK) {
        wire_close(wire);
        return status;
    }
    *out = wire;
    return SATSYNC_OK;
}

static void run_until(struct wire *wire, uint64_t now_ns) {
    sim_run_until(wire->sim, now_ns - wire->origin_ns);
    wire_out_flush(&wire->outs[0]);
    wire_out_flush(&wire->outs[1]);
}

enum satsync_status wire_close_record(struct wire *wire, struct satsync_error *error) {
    run_until(wire, clock_ns());
    return record_close(&wire->record, error);
}

void wire_close(struct wire *wire) {
    if (wire != NULL) {
        (void)!record_close(&wire->record, NULL);
        sim_close(wire->sim);
        memory_free(NULL, wire);
    }
}

/* Each packet of what was read enters by itself; gives their number. */
static int take_one(struct wire *wire, int direction) {
    struct gso_cut cut;
    size_t packet_bytes;
    int packets = 0;
    ssize_t bytes = read(wire->options.fds[direction], wire->data, sizeof wire->data);
    if (bytes <= 0 || !gso_cut_start(&cut, wire->data, (size_t)bytes)) {
        return bytes <= 0 ? 0 : 1;
    }
    sim_run_until(wire->sim, clock_ns() - wire->origin_ns);
    for (uint8_t *data; (data = gso_cut_next(&cut, &packet_bytes)) != NULL; packets++) {
        struct packet header = {.bytes = (uint32_t)packet_bytes};
        sim_push(wire->sim, wire->lanes[direction], &header, data);
    }
    return packets;
}

static void take_in(struct wire *wire, int direction) {
    int packets = 1;
    for (int taken = 0; packets > 0 && taken < PACKETS_AT_ONCE; taken += packets) {
        packets = take_one(wire, direction);
    }
}

void wire_poll(struct wire *wire, uint64_t now_ns) {
    run_until(wire, now_ns);
    take_in(wire, 0);
    take_in(wire, 1);
    wire_out_flush(&wire->outs[0]);
    wire_out_flush(&wire->outs[1]);
}

uint64_t wire_next_ns(const struct wire *wire) {
    uint64_t next_ns = sim_next_ns(wire->sim);
    return next_ns == TIME_NEVER ? TIME_NEVER : next_ns + wire->origin_ns;
}

void wire_report(const struct wire *wire, uint64_t now_ns, struct relay_report *report) {
    memset(report, 0, sizeof *report);
    report->running_ns = now_ns - wire->options.now_ns;
    report->unsent_packets = wire->outs[0].unsent_packets + wire->outs[1].unsent_packets;
    lane_counts(wire->lanes[0], &report->up);
    lane_counts(wire->lanes[1], &report->down);
    lane_state(wire->lanes[0], now_ns - wire->origin_ns, &report->up_state);
    lane_state(wire->lanes[1], now_ns - wire->origin_ns, &report->down_state);
    report->late = wire->late;
    relay_report_judge(report, wire->options.profile->rtt_ns);
}
