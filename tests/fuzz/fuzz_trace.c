#include "sim-link/trace.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A trace that is taken can be replayed: its times rise, and it has a length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct trace trace;
    struct satsync_error error = {.status = SATSYNC_OK};
    struct trace_text text = {"fuzz", (const char *)data, bytes};
    if (trace_parse(&text, NULL, &trace, &error) != SATSYNC_OK) {
        assert(error.status != SATSYNC_OK && trace.memory == NULL);
        return 0;
    }
    for (size_t i = 1; i < trace.replay.count; i++) {
        assert(trace.replay.at_ns[i] >= trace.replay.at_ns[i - 1]);
    }
    for (size_t i = 1; i < trace.delay_count; i++) {
        assert(trace.delay[i].at_ns > trace.delay[i - 1].at_ns);
    }
    assert(trace.replay.count == 0 || trace.replay.at_ns[trace.replay.count - 1] > 0);
    assert(trace.rate.steps == NULL ||
           trace.rate.steps[trace.rate.count - 1].at_ns < trace.rate.period_ns);
    trace_fini(&trace);
    return 0;
}
