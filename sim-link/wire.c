#include "sim-link/wire.h"

#include "base/check.h"
#include "sim-link/sim.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_BYTES = 65536, READS_AT_ONCE = 64 };

struct wire {
    struct wire_options options;
    struct sim *sim;
    struct lane *lanes[2];
    uint64_t origin_ns; /* the given clock less the sim's */
    uint64_t unsent_packets;
    struct record record;
    struct histogram late;
    uint8_t packet[PACKET_BYTES];
};

/* Writing takes a while: each packet's own time counts. */
static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void deliver(struct wire *wire, int fd, uint64_t due_ns, struct packet *packet) {
    if (write(fd, packet->data, packet->bytes) != (ssize_t)packet->bytes) {
        wire->unsent_packets++;
    }
    uint64_t now_ns = clock_ns() - wire->origin_ns;
    histogram_add(&wire->late, now_ns > due_ns ? now_ns - due_ns : 0);
    sim_release(wire->sim, packet);
}

static void deliver_up(void *context, uint64_t now_ns, struct packet *packet) {
    struct wire *wire = context;
    deliver(wire, wire->options.fds[1], now_ns, packet);
}

static void deliver_down(void *context, uint64_t now_ns, struct packet *packet) {
    struct wire *wire = context;
    deliver(wire, wire->options.fds[0], now_ns, packet);
}

static enum satsync_status open_lanes(struct wire *wire, struct satsync_error *error) {
    const struct profile *profile = wire->options.profile;
    struct sim_options options = {.start_ns = profile->start_ns,
                                  .payload_bytes_limit =
                                      profile_payload_bytes(profile) + LANE_HEADER_BYTES,
                                  .untraced = true,
                                  .whole_packets = true};
    TRY(sim_open(&options, &wire->sim, error));
    struct sim_lane up = {&profile->there, {.seed = profile->seed, .name = "up"}, deliver_up, wire};
    struct sim_lane down = {&profile->back, {profile->seed, 0, 1, "down"}, deliver_down, wire};
    struct record_options record = wire->options.record;
    TRY(sim_add(wire->sim, &up, &wire->lanes[0], error));
    TRY(sim_add(wire->sim, &down, &wire->lanes[1], error));
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

enum satsync_status wire_close_record(struct wire *wire, struct satsync_error *error) {
    sim_run_until(wire->sim, clock_ns() - wire->origin_ns);
    return record_close(&wire->record, error);
}

void wire_close(struct wire *wire) {
    if (wire != NULL) {
        (void)!record_close(&wire->record, NULL);
        sim_close(wire->sim);
        memory_free(NULL, wire);
    }
}

static void take_in(struct wire *wire, int direction) {
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t bytes = read(wire->options.fds[direction], wire->packet, sizeof wire->packet);
        if (bytes <= 0) {
            return;
        }
        struct packet header = {.bytes = (uint32_t)bytes};
        sim_run_until(wire->sim, clock_ns() - wire->origin_ns);
        sim_push(wire->sim, wire->lanes[direction], &header, wire->packet);
    }
}

void wire_poll(struct wire *wire, uint64_t now_ns) {
    sim_run_until(wire->sim, now_ns - wire->origin_ns);
    take_in(wire, 0);
    take_in(wire, 1);
}

uint64_t wire_next_ns(const struct wire *wire) {
    uint64_t next_ns = sim_next_ns(wire->sim);
    return next_ns == TIME_NEVER ? TIME_NEVER : next_ns + wire->origin_ns;
}

void wire_report(const struct wire *wire, uint64_t now_ns, struct relay_report *report) {
    memset(report, 0, sizeof *report);
    report->running_ns = now_ns - wire->options.now_ns;
    report->unsent_packets = wire->unsent_packets;
    lane_counts(wire->lanes[0], &report->up);
    lane_counts(wire->lanes[1], &report->down);
    lane_state(wire->lanes[0], now_ns - wire->origin_ns, &report->up_state);
    lane_state(wire->lanes[1], now_ns - wire->origin_ns, &report->down_state);
    report->late = wire->late;
    relay_report_judge(report, wire->options.profile->rtt_ns);
}
