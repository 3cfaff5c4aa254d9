#include "bench/ucx_speed.h"

#include "base/check.h"
#include "bench/peer.h"
#include "bench/ucx_messages.h"
#include "bench/ucx_reduce.h"

#include <stdio.h>

enum { WAITING_PERCENT = 5 };

static struct row_run run_of(uint64_t seed, uint64_t ours_ns, uint64_t theirs_ns) {
    return (struct row_run){seed, ours_ns, theirs_ns, row_share(theirs_ns, ours_ns)};
}

static void fill(struct row *row, const char *part, const char *limit, struct row_run *runs,
                 size_t count) {
    snprintf(row->part, sizeof row->part, "%s", part);
    row->clock = ROW_WALL;
    row->limit = limit;
    row_settle(row, runs, count);
}

static enum satsync_status run_stream(const struct scenario *scenario, struct row *row,
                                      struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    const struct ucx_messages ours = {scenario->transports, scenario->bytes, scenario->messages};
    const struct peer_test theirs = {scenario->transports, scenario->bytes, scenario->messages};
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        uint64_t ours_ns;
        uint64_t theirs_ns;
        TRY(peer_ucx_stream(&theirs, &theirs_ns, error));
        TRY(ucx_messages_stream(&ours, &ours_ns, error));
        runs[i] = run_of(i + 1, ours_ns, theirs_ns);
    }
    fill(row, "", "ucx_perftest tag_bw beside it", runs, (size_t)scenario->seeds);
    row->bytes = scenario->bytes * scenario->messages;
    row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
    row_figure(row, "ucx_perftest_gb_per_s", (double)row->bytes / (double)row->median.floor_ns);
    return SATSYNC_OK;
}

static double percent(uint64_t part, uint64_t whole) {
    return 100 * (double)part / (double)(whole ? whole : 1);
}

static enum satsync_status run_ping(const struct scenario *scenario, struct row *rows,
                                    size_t *count, struct satsync_error *error) {
    static struct row_run pings[ROW_RUNS];
    static struct row_run waits[ROW_RUNS];
    const struct ucx_messages ours = {scenario->transports, scenario->bytes, scenario->messages};
    const struct peer_test theirs = {scenario->transports, scenario->bytes, scenario->messages};
    struct ucx_ping ping = {0};
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        uint64_t theirs_ns;
        TRY(peer_ucx_ping(&theirs, &theirs_ns, error));
        TRY(ucx_messages_ping(&ours, &ping, error));
        pings[i] = run_of(i + 1, ping.one_way_ns, theirs_ns);
        waits[i] = run_of(i + 1, ping.waiting_ns, ping.waited_ns * WAITING_PERCENT / 100);
    }
    fill(&rows[0], "one way", "ucx_perftest tag_lat beside it", pings, (size_t)scenario->seeds);
    rows[0].bytes = scenario->bytes;
    row_figure(&rows[0], "one_way_us", (double)rows[0].median.time_ns / 1e3);
    row_figure(&rows[0], "ucx_perftest_us", (double)rows[0].median.floor_ns / 1e3);
    fill(&rows[1], "waiting", "5 % of a core", waits, (size_t)scenario->seeds);
    rows[1].bytes = scenario->bytes;
    rows[1].target_ppm = ROW_SHARE_ONE;
    row_figure(&rows[1], "waiting_cpu_percent", percent(ping.waiting_ns, ping.waited_ns));
    row_figure(&rows[1], "answering_each_10ms_cpu_percent",
               percent(ping.answering_ns, ping.sparse_ns));
    *count = 2;
    return SATSYNC_OK;
}

static enum satsync_status run_reduce(const struct scenario *scenario, struct row *row,
                                      struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    const struct peer_test theirs = {scenario->transports, scenario->bytes, UCX_REDUCE_TIMES};
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        uint64_t ours_ns;
        uint64_t theirs_ns;
        TRY(peer_open_mpi_reduce(&theirs, &theirs_ns, error));
        TRY(ucx_reduce(scenario->transports, scenario->bytes, &ours_ns, error));
        runs[i] = run_of(i + 1, ours_ns, theirs_ns);
    }
    fill(row, "", "Open MPI beside it", runs, (size_t)scenario->seeds);
    row->bytes = scenario->bytes;
    row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
    row_figure(row, "open_mpi_gb_per_s", (double)row->bytes / (double)row->median.floor_ns);
    return SATSYNC_OK;
}

enum satsync_status ucx_speed_run(const struct scenario *scenario, struct row *rows, size_t *count,
                                  struct satsync_error *error) {
    *count = 0;
    ENSURE(scenario->seeds <= ROW_RUNS, error, SATSYNC_LIMIT, scenario->name, "at most %d runs",
           ROW_RUNS);
    if (scenario->kind == SCENARIO_UCX_PING) {
        return run_ping(scenario, rows, count, error);
    }
    TRY(scenario->kind == SCENARIO_UCX_STREAM ? run_stream(scenario, rows, error)
                                              : run_reduce(scenario, rows, error));
    *count = 1;
    return SATSYNC_OK;
}
