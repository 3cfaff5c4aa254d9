#include "sim-link/timeline.h"

#include "base/check.h"

#include <errno.h>
#include <stdio.h>

/* Of a lane since the last line. */
struct span {
    uint64_t arrived;
    uint64_t delays_ns; /* their sum */
    uint64_t most_ns;
    struct lane_counts before;
};

struct timeline {
    struct lane_watch watch; /* first: the sim sees the timeline as this */
    struct sim_sampler sampler;
    struct sim *sim;
    FILE *file;
    char *path;
    size_t count;
    uint64_t written_ns; /* when the last lines were */
    struct span *spans;
};

static void fate(struct lane_watch *watch, const struct lane *lane, const struct lane_fate *fate,
                 const struct packet *packet) {
    struct timeline *timeline = (struct timeline *)watch;
    if (fate->delivered && lane_index(lane) < timeline->count) {
        struct span *span = &timeline->spans[lane_index(lane)];
        uint64_t delay_ns = fate->now_ns - packet->entered_ns;
        span->arrived++;
        span->delays_ns += delay_ns;
        span->most_ns = delay_ns > span->most_ns ? delay_ns : span->most_ns;
    }
}

static void write_heading(FILE *file) {
    fputs("time_s,direction,rate_bps,queued_packets,queued_bytes,delay_mean_ns,delay_most_ns,"
          "entered_packets,delivered_packets",
          file);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        fprintf(file, ",dropped_%s", drop_cause_name((enum drop_cause)cause));
    }
    fputc('\n', file);
}

static void write_line(FILE *file, const struct lane *lane, struct span *span, uint64_t now_ns) {
    struct lane_counts counts;
    struct lane_state state;
    const char *name = lane_identity(lane)->name;
    lane_counts(lane, &counts);
    lane_state(lane, now_ns, &state);
    fprintf(file, "%llu.%09llu,%s,%llu,%llu,%llu,", (unsigned long long)now_ns / 1000000000,
            (unsigned long long)now_ns % 1000000000, name == NULL ? "" : name,
            (unsigned long long)state.rate_bps, (unsigned long long)state.queued_packets,
            (unsigned long long)state.queued_bytes);
    if (span->arrived > 0) {
        fprintf(file, "%llu,%llu,", (unsigned long long)(span->delays_ns / span->arrived),
                (unsigned long long)span->most_ns);
    } else {
        fputs(",,", file);
    }
    fprintf(file, "%llu,%llu",
            (unsigned long long)(counts.entered_packets - span->before.entered_packets),
            (unsigned long long)(counts.delivered_packets - span->before.delivered_packets));
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        fprintf(file, ",%llu",
                (unsigned long long)(counts.dropped_packets[cause] -
                                     span->before.dropped_packets[cause]));
    }
    fputc('\n', file);
    *span = (struct span){.before = counts};
}

static void sample(struct sim_sampler *sampler, const struct sim *sim, uint64_t now_ns) {
    struct timeline *timeline =
        (struct timeline *)(void *)((char *)sampler - offsetof(struct timeline, sampler));
    for (size_t i = 0; i < timeline->count; i++) {
        write_line(timeline->file, sim_lane_at(sim, i), &timeline->spans[i], now_ns);
    }
    timeline->written_ns = now_ns;
}

static void free_timeline(struct timeline *timeline) {
    memory_free(NULL, timeline->spans);
    memory_free(NULL, timeline->path);
    memory_free(NULL, timeline);
}

static enum satsync_status open_parts(struct timeline *timeline, const char *path,
                                      struct satsync_error *error) {
    timeline->path = memory_string(NULL, path);
    timeline->spans = memory_new(NULL, timeline->count + 1, sizeof *timeline->spans);
    ENSURE(timeline->path != NULL && timeline->spans != NULL, error, SATSYNC_NO_MEMORY, path,
           "no memory for a time series");
    timeline->file = fopen(path, "we");
    if (timeline->file == NULL) {
        return error_set_errno(error, errno, path, "writing the time series");
    }
    for (size_t i = 0; i < timeline->count; i++) {
        lane_counts(sim_lane_at(timeline->sim, i), &timeline->spans[i].before);
    }
    write_heading(timeline->file);
    return SATSYNC_OK;
}

enum satsync_status timeline_open(const struct timeline_options *options, struct sim *sim,
                                  struct timeline **out, struct satsync_error *error) {
    *out = NULL;
    struct timeline *timeline = memory_new(NULL, 1, sizeof *timeline);
    ENSURE(timeline != NULL, error, SATSYNC_NO_MEMORY, options->path,
           "no memory for a time series");
    timeline->watch.fate = fate;
    timeline->sampler = (struct sim_sampler){.sample = sample, .step_ns = options->step_ns};
    timeline->sim = sim;
    timeline->written_ns = sim_now_ns(sim);
    timeline->count = sim_lanes(sim);
    enum satsync_status status = open_parts(timeline, options->path, error);
    if (status != SATSYNC_OK) {
        free_timeline(timeline);
        return status;
    }
    sim_watch(sim, &timeline->watch);
    sim_sample(sim, &timeline->sampler);
    *out = timeline;
    return SATSYNC_OK;
}

enum satsync_status timeline_close(struct timeline *timeline, struct satsync_error *error) {
    enum satsync_status status = SATSYNC_OK;
    if (timeline == NULL) {
        return SATSYNC_OK;
    }
    /* What happened since belongs to the sum, too. */
    if (sim_now_ns(timeline->sim) > timeline->written_ns) {
        sample(&timeline->sampler, timeline->sim, sim_now_ns(timeline->sim));
    }
    sim_unwatch(timeline->sim, &timeline->watch);
    sim_sample(timeline->sim, NULL);
    bool failed = ferror(timeline->file) != 0;
    if (fclose(timeline->file) != 0 || failed) {
        status = error_set_errno(error, errno == 0 ? EIO : errno, timeline->path,
                                 "writing the time series");
    }
    free_timeline(timeline);
    return status;
}
