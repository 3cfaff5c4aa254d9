#include "base/check.h"
#include "collective/collective.h"
#include "engine/engine.h"

#include <satsync/ranks.h>

#define DEFAULT_MEETING_NS UINT64_C(60000000000)

struct satsync_ranks {
    struct satsync_engine *engine;
    struct endpoint *endpoint;
    struct collective *collective;
    uint32_t rank;
    uint32_t count;
};

static enum satsync_status read_options(const struct satsync_ranks_options *given,
                                        struct satsync_ranks_options *options,
                                        struct satsync_error *error) {
    satsync_ranks_options_init(options);
    if (given) {
        TRY(options_size_check(given, given->size, sizeof *options, "ranks options", error));
        memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
    }
    ENSURE(options->count <= SATSYNC_RANKS && options->count != 1, error, SATSYNC_INVALID, "count",
           "%u ranks; 2 to %d are possible", options->count, SATSYNC_RANKS);
    ENSURE(options->count == 0 || options->rank < options->count, error, SATSYNC_INVALID, "rank",
           "number %u of %u; they count from 0", options->rank, options->count);
    ENSURE(options->count == 0 || options->address, error, SATSYNC_INVALID, "address",
           "give HOST:PORT where rank 0 is met by the others");
    options->timeout_ns = options->timeout_ns ? options->timeout_ns : DEFAULT_MEETING_NS;
    return SATSYNC_OK;
}

static enum satsync_status join(struct satsync_ranks *ranks, const struct ranks_meeting *meeting,
                                struct satsync_error *error) {
    const char *addresses[COLLECTIVE_RANKS];
    for (uint32_t i = 0; i < meeting->count; i++) {
        addresses[i] = meeting->addresses[i];
    }
    const struct collective_options options = {.endpoint = meeting->endpoint,
                                               .rank = meeting->rank,
                                               .ranks = meeting->count,
                                               .addresses = addresses,
                                               .allocator = ranks->engine->allocator};
    return collective_open(&options, &ranks->collective, error);
}

static enum satsync_status meet(struct satsync_ranks *ranks,
                                const struct satsync_ranks_options *options,
                                struct satsync_error *error) {
    struct ranks_meeting meeting = {.rank = options->rank, .count = options->count};
    const struct ranks_request request = {.address = options->address,
                                          .timeout_ns = options->timeout_ns,
                                          .allocator = ranks->engine->allocator,
                                          .log = ranks->engine->log};
    enum satsync_status status = ranks->engine->ports.ranks_open(&request, &meeting, error);
    ranks->endpoint = meeting.endpoint;
    ranks->rank = meeting.rank;
    ranks->count = meeting.count;
    if (status == SATSYNC_OK) {
        status = join(ranks, &meeting, error);
    }
    for (uint32_t i = 0; i < RANKS_MAX; i++) {
        memory_free(request.allocator, meeting.addresses[i]);
    }
    return status;
}

enum satsync_status satsync_ranks_open(struct satsync_engine *engine,
                                       const struct satsync_ranks_options *given,
                                       struct satsync_ranks **result, struct satsync_error *error) {
    *result = NULL;
    engine_check_process(engine);
    struct satsync_ranks_options options;
    TRY(read_options(given, &options, error));
    struct satsync_ranks *ranks = memory_new(engine->allocator, 1, sizeof *ranks);
    ENSURE(ranks, error, SATSYNC_NO_MEMORY, "ranks", "out of memory");
    ranks->engine = engine;
    enum satsync_status status = meet(ranks, &options, error);
    if (status != SATSYNC_OK) {
        satsync_ranks_close(ranks);
        return status;
    }
    *result = ranks;
    return SATSYNC_OK;
}

void satsync_ranks_close(struct satsync_ranks *ranks) {
    if (!ranks) {
        return;
    }
    if (ranks->endpoint) {
        ranks->endpoint->ops->close(ranks->endpoint);
    }
    collective_close(ranks->collective);
    memory_free(ranks->engine->allocator, ranks);
}

uint32_t satsync_ranks_rank(const struct satsync_ranks *ranks) {
    return ranks->rank;
}

uint32_t satsync_ranks_count(const struct satsync_ranks *ranks) {
    return ranks->count;
}

uint32_t satsync_ranks_missing(const struct satsync_ranks *ranks) {
    return collective_missing(ranks->collective);
}

/* Where nothing is added, any type is a row of bytes. */
static bool dtype_of(enum satsync_dtype dtype, enum collective_dtype *out) {
    switch (dtype) {
    case SATSYNC_F32:
        *out = COLLECTIVE_F32;
        return true;
    case SATSYNC_F64:
        *out = COLLECTIVE_F64;
        return true;
    case SATSYNC_F16:
        *out = COLLECTIVE_F16;
        return true;
    case SATSYNC_BF16:
        *out = COLLECTIVE_BF16;
        return true;
    case SATSYNC_I32:
        *out = COLLECTIVE_I32;
        return true;
    case SATSYNC_I64:
        *out = COLLECTIVE_I64;
        return true;
    default:
        return false;
    }
}

static enum satsync_status run(struct satsync_ranks *ranks, struct collective_operation *operation,
                               uint64_t timeout_ns, struct satsync_error *error) {
    engine_check_process(ranks->engine);
    uint64_t now_ns = ranks->endpoint->ops->now_ns(ranks->endpoint);
    operation->deadline_ns = timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
    return collective_run(ranks->collective, operation, error);
}

static enum satsync_status run_sum(struct satsync_ranks *ranks, enum collective_kind kind,
                                   const struct satsync_ranks_buffer *buffer, uint64_t timeout_ns,
                                   struct satsync_error *error) {
    struct collective_operation operation = {
        .kind = kind, .buffer = buffer->data, .count = buffer->count};
    ENSURE(dtype_of(buffer->dtype, &operation.dtype), error, SATSYNC_INVALID, "dtype",
           "%s cannot be summed; F64, F32, F16, BF16, I32 and I64 can",
           satsync_dtype_name(buffer->dtype) ? satsync_dtype_name(buffer->dtype) : "this type");
    return run(ranks, &operation, timeout_ns, error);
}

enum satsync_status satsync_ranks_barrier(struct satsync_ranks *ranks, uint64_t timeout_ns,
                                          struct satsync_error *error) {
    struct collective_operation operation = {.kind = COLLECTIVE_BARRIER};
    return run(ranks, &operation, timeout_ns, error);
}

enum satsync_status satsync_ranks_broadcast(struct satsync_ranks *ranks,
                                            const struct satsync_ranks_buffer *buffer,
                                            uint32_t root, uint64_t timeout_ns,
                                            struct satsync_error *error) {
    ENSURE(root < ranks->count, error, SATSYNC_INVALID, "root", "number %u of %u ranks", root,
           ranks->count);
    struct collective_operation operation = {.kind = COLLECTIVE_BROADCAST,
                                             .dtype = COLLECTIVE_BYTES,
                                             .root = root,
                                             .buffer = buffer->data,
                                             .count = buffer->count *
                                                      satsync_dtype_bytes(buffer->dtype)};
    return run(ranks, &operation, timeout_ns, error);
}

enum satsync_status satsync_ranks_all_reduce(struct satsync_ranks *ranks,
                                             const struct satsync_ranks_buffer *buffer,
                                             uint64_t timeout_ns, struct satsync_error *error) {
    return run_sum(ranks, COLLECTIVE_ALL_REDUCE, buffer, timeout_ns, error);
}

enum satsync_status satsync_ranks_reduce_scatter(struct satsync_ranks *ranks,
                                                 const struct satsync_ranks_buffer *buffer,
                                                 uint64_t timeout_ns, struct satsync_error *error) {
    return run_sum(ranks, COLLECTIVE_REDUCE_SCATTER, buffer, timeout_ns, error);
}

/* Shares are cut by elements, so a type that cannot be summed travels as one of its width. */
static enum collective_dtype carrier_of(enum satsync_dtype dtype) {
    switch (satsync_dtype_bytes(dtype)) {
    case 2:
        return COLLECTIVE_F16;
    case 4:
        return COLLECTIVE_I32;
    case 8:
        return COLLECTIVE_I64;
    default:
        return COLLECTIVE_BYTES;
    }
}

enum satsync_status satsync_ranks_all_gather(struct satsync_ranks *ranks,
                                             const struct satsync_ranks_buffer *buffer,
                                             uint64_t timeout_ns, struct satsync_error *error) {
    ENSURE(satsync_dtype_bytes(buffer->dtype) > 0, error, SATSYNC_INVALID, "dtype",
           "it is not one of enum satsync_dtype");
    struct collective_operation operation = {.kind = COLLECTIVE_ALL_GATHER,
                                             .dtype = carrier_of(buffer->dtype),
                                             .buffer = buffer->data,
                                             .count = buffer->count};
    return run(ranks, &operation, timeout_ns, error);
}

void satsync_ranks_share(const struct satsync_ranks *ranks, uint64_t count, uint32_t rank,
                         uint64_t *first, uint64_t *share_count) {
    struct collective_share share = collective_share(count, ranks->count, rank);
    *first = share.first;
    *share_count = share.count;
}
