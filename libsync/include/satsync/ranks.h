/*
 * Ranks: the processes of one site, joined by UCX (shared memory, RDMA or TCP).
 *
 * Operations on all ranks of the site, called by all of them in the same order. Sums are taken in
 * rank order with one rounding an addition: the same bits on all ranks, in every run. Each call
 * blocks, at most for its timeout and 0.2 s; then the error names the ranks that are missing, and
 * the ranks can only be closed: until they are, the buffer stays borrowed. Owner thread.
 */
#ifndef SATSYNC_RANKS_H
#define SATSYNC_RANKS_H

#include <satsync/checkpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_ranks;

enum { SATSYNC_RANKS = 16 };

struct satsync_ranks_options {
    size_t size;
    uint32_t rank;
    uint32_t count;      /* 2 to SATSYNC_RANKS; 0: rank, count and address are those of RANK,
                            WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or of Open MPI's mpirun */
    const char *address; /* HOST:PORT where rank 0 is met by the others */
    uint64_t timeout_ns; /* to meet; 0: 1 minute */
};

static inline void satsync_ranks_options_init(struct satsync_ranks_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* SATSYNC_UNSUPPORTED when UCX cannot be loaded: the error says which package has it. options may
 * be NULL. On failure *ranks is NULL. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_open(struct satsync_engine *engine, const struct satsync_ranks_options *options,
                   struct satsync_ranks **ranks, struct satsync_error *error);

/* NULL is fine. */
SATSYNC_API void satsync_ranks_close(struct satsync_ranks *ranks);

/* This process's number, from 0, and how many there are. */
SATSYNC_API uint32_t satsync_ranks_rank(const struct satsync_ranks *ranks);
SATSYNC_API uint32_t satsync_ranks_count(const struct satsync_ranks *ranks);

/* After a failure: bit r is set when rank r did not answer. */
SATSYNC_API uint32_t satsync_ranks_missing(const struct satsync_ranks *ranks);

/* The caller's memory, aligned to its elements; the same dtype and count on all ranks. */
struct satsync_ranks_buffer {
    enum satsync_dtype dtype; /* sums: F32, F64, F16, BF16, I32, I64; else any */
    void *data;
    uint64_t count; /* elements; 0 is fine */
};

SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_barrier(struct satsync_ranks *ranks, uint64_t timeout_ns,
                      struct satsync_error *error);

/* Every buffer becomes that of rank `root`. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_broadcast(struct satsync_ranks *ranks, const struct satsync_ranks_buffer *buffer,
                        uint32_t root, uint64_t timeout_ns, struct satsync_error *error);

/* Every buffer becomes the sum of all. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_all_reduce(struct satsync_ranks *ranks, const struct satsync_ranks_buffer *buffer,
                         uint64_t timeout_ns, struct satsync_error *error);

/* This rank's share of the buffer becomes the sum; the rest stays. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_reduce_scatter(struct satsync_ranks *ranks, const struct satsync_ranks_buffer *buffer,
                             uint64_t timeout_ns, struct satsync_error *error);

/* Every share of the buffer becomes that of its rank. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_ranks_all_gather(struct satsync_ranks *ranks, const struct satsync_ranks_buffer *buffer,
                         uint64_t timeout_ns, struct satsync_error *error);

/* The share of a rank in a buffer of `count` elements: contiguous, in rank order, sizes that differ
 * by one at most. */
SATSYNC_API void satsync_ranks_share(const struct satsync_ranks *ranks, uint64_t count,
                                     uint32_t rank, uint64_t *first, uint64_t *share_count);

#ifdef __cplusplus
}
#endif
#endif
