#include "sim-link/record.h"

#include "base/check.h"

static const uint64_t STEP_NS = 100000000;

enum satsync_status record_open(const struct record_options *options, struct sim *sim,
                                struct record *record, struct satsync_error *error) {
    *record = (struct record){.sim = sim, .watch = options->watch};
    if (options->watch != NULL) {
        sim_watch(sim, options->watch);
    }
    if (options->capture.path != NULL) {
        TRY(capture_open(&options->capture, sim, &record->capture, error));
    }
    if (options->timeline.path != NULL) {
        struct timeline_options timeline = options->timeline;
        timeline.step_ns = timeline.step_ns == 0 ? STEP_NS : timeline.step_ns;
        TRY(timeline_open(&timeline, sim, &record->timeline, error));
    }
    return SATSYNC_OK;
}

enum satsync_status record_close(struct record *record, struct satsync_error *error) {
    enum satsync_status status = timeline_close(record->timeline, error);
    enum satsync_status captured =
        capture_close(record->capture, status == SATSYNC_OK ? error : NULL);
    if (record->watch != NULL) {
        sim_unwatch(record->sim, record->watch);
    }
    *record = (struct record){.sim = NULL};
    return status == SATSYNC_OK ? captured : status;
}
