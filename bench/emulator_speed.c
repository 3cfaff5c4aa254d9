#include "bench/emulator_speed.h"

#include "base/check.h"
#include "bench/machine.h"
#include "sim-link/profile.h"
#include "sim-link/sim.h"

#include <stdio.h>

enum { PACKET_BYTES = 1500, LIMIT_NS = 100 };

static const uint64_t RATE_BPS = 1000000000; /* of a link without one */

static void take(void *context, uint64_t now_ns, struct packet *packet) {
    (void)now_ns;
    sim_release(*(struct sim **)context, packet);
}

/* A packet each so many nanoseconds, until all are out again. */
static void flood(struct sim *sim, struct lane *lane, uint64_t count, uint64_t step_ns) {
    const struct packet header = {.bytes = PACKET_BYTES - LANE_HEADER_BYTES};
    uint64_t start_ns = sim_now_ns(sim);
    for (uint64_t i = 0; i < count; i++) {
        sim_run_until(sim, start_ns + i * step_ns);
        sim_push(sim, lane, &header, NULL);
    }
    while (sim_step(sim)) {
        continue;
    }
}

static enum satsync_status run_once(const struct profile *profile, uint64_t count,
                                    struct row_run *run, struct lane_counts *counts,
                                    struct satsync_error *error) {
    struct sim *sim;
    struct lane *lane;
    struct sim_options options = {
        .start_ns = profile->start_ns, .untraced = true, .without_content = true};
    TRY(sim_open(&options, &sim, error));
    struct sim_lane down = {&profile->back, {.seed = run->seed, .direction = 1}, take, &sim};
    enum satsync_status status = sim_add(sim, &down, &lane, error);
    if (status == SATSYNC_OK) {
        uint64_t rate_bps = profile->back.rate_bps == 0 ? RATE_BPS : profile->back.rate_bps;
        uint64_t start_ns = machine_cpu_ns();
        flood(sim, lane, count, PACKET_BYTES * UINT64_C(8000000000) / rate_bps);
        run->time_ns = machine_cpu_ns() - start_ns;
        run->floor_ns = count * LIMIT_NS;
        run->share_ppm = row_share(run->floor_ns, run->time_ns);
        lane_counts(lane, counts);
    }
    sim_close(sim);
    return status;
}

enum satsync_status emulator_speed_run(const struct scenario *scenario, struct row *row,
                                       struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    struct profile profile;
    struct lane_counts counts = {0};
    uint64_t count = scenario->bytes / PACKET_BYTES;
    enum satsync_status status = SATSYNC_OK;
    ENSURE(count > 0, error, SATSYNC_INVALID, "bytes",
           "an emulator is measured with 1500 and more");
    TRY(profile_open(scenario->link, &profile, error));
    for (uint64_t i = 0; i < scenario->seeds && status == SATSYNC_OK; i++) {
        runs[i] = (struct row_run){.seed = i + 1};
        status = run_once(&profile, count, &runs[i], &counts, error);
    }
    profile_fini(&profile);
    TRY(status);
    snprintf(row->part, sizeof row->part, "virtual time");
    row->clock = ROW_WALL;
    row->bytes = count * PACKET_BYTES;
    row->limit = "ten million packets a second of one core's time";
    row_settle(row, runs, (size_t)scenario->seeds);
    row_figure(row, "million_packets_per_s", 1e3 * (double)count / (double)row->median.time_ns);
    row_figure(row, "delivered_percent",
               100 * (double)counts.delivered_packets / (double)counts.entered_packets);
    return SATSYNC_OK;
}
