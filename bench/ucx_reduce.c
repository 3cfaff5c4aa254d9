#include "bench/ucx_reduce.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/machine.h"
#include "bench/ucx_pair.h"
#include "collective/collective.h"

#include <stdlib.h>

#define DEADLINE_NS (UINT64_C(120) * 1000000000)

struct work {
    uint64_t bytes;
    uint64_t times_ns[UCX_REDUCE_TIMES];
};

static enum satsync_status operate(struct ucx_pair_end *pair, struct collective *group,
                                   struct collective_operation operation,
                                   struct satsync_error *error) {
    operation.deadline_ns = pair->endpoint->ops->now_ns(pair->endpoint) + DEADLINE_NS;
    return collective_run(group, &operation, error);
}

static enum satsync_status reduce_often(struct ucx_pair_end *pair, struct collective *group,
                                        float *values, struct satsync_error *error) {
    struct work *work = pair->shared;
    const struct collective_operation barrier = {.kind = COLLECTIVE_BARRIER};
    const struct collective_operation sum = {.kind = COLLECTIVE_ALL_REDUCE,
                                             .dtype = COLLECTIVE_F32,
                                             .buffer = values,
                                             .count = work->bytes / sizeof *values};
    for (unsigned i = 0; i <= UCX_REDUCE_TIMES; i++) {
        TRY(operate(pair, group, barrier, error));
        uint64_t start_ns = machine_now_ns();
        TRY(operate(pair, group, sum, error));
        if (i > 0 && pair->rank == 0) {
            work->times_ns[i - 1] = machine_now_ns() - start_ns;
        }
    }
    ENSURE(values[0] == (float)(2 << UCX_REDUCE_TIMES), error, SATSYNC_CORRUPT, NULL,
           "the sum is wrong");
    return operate(pair, group, barrier, error);
}

static enum satsync_status run(struct ucx_pair_end *pair, struct satsync_error *error) {
    const struct work *work = pair->shared;
    const struct collective_options options = {
        .endpoint = pair->endpoint, .rank = pair->rank, .ranks = 2, .addresses = pair->addresses};
    struct collective *group;
    float *values = memory_new(NULL, (size_t)work->bytes / sizeof *values, sizeof *values);
    ENSURE(values, error, SATSYNC_NO_MEMORY, NULL, "no memory for the values");
    for (size_t i = 0; i < work->bytes / sizeof *values; i++) {
        values[i] = 1;
    }
    enum satsync_status status = collective_open(&options, &group, error);
    if (status == SATSYNC_OK) {
        status = reduce_often(pair, group, values, error);
        collective_close(group);
    }
    memory_free(NULL, values);
    return status;
}

static int by_size(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

enum satsync_status ucx_reduce(const char *transports, uint64_t bytes, uint64_t *time_ns,
                               struct satsync_error *error) {
    struct work *work = ucx_pair_share(sizeof *work);
    ENSURE(work, error, SATSYNC_NO_MEMORY, NULL, "no memory");
    work->bytes = bytes;
    const struct ucx_pair pair = {.transports = transports, .run = run, .shared = work};
    enum satsync_status status = ucx_pair_run(&pair, error);
    qsort(work->times_ns, UCX_REDUCE_TIMES, sizeof *work->times_ns, by_size);
    *time_ns = work->times_ns[UCX_REDUCE_TIMES / 2];
    ucx_pair_unshare(work, sizeof *work);
    return status;
}
