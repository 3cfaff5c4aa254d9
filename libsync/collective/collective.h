/*
 * Group operations among the ranks of one site: barrier, broadcast, reduce-scatter, all-gather and
 * all-reduce for 2 to 16 ranks, over the links of any endpoint that knows its peers by rank and has
 * `urge`.
 *
 *     struct collective_options options = {.endpoint = endpoint, .rank = rank, .ranks = ranks,
 *                                          .addresses = addresses};
 *     TRY(collective_open(&options, &group, error));
 *     struct collective_operation sum = {.kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_F32,
 *                                        .buffer = gradient, .count = elements,
 *                                        .deadline_ns = now_ns + 5 * UINT64_C(1000000000)};
 *     TRY(collective_start(group, &sum, error));
 *     while ((status = collective_poll(group, error)) == SATSYNC_AGAIN) {
 *         collective_wait(group, UINT64_MAX);    (or do other work, or poll the endpoint's fd)
 *     }
 *     if (status != SATSYNC_OK) { ... collective_missing(group) ... }
 *     endpoint->ops->close(endpoint);
 *     collective_close(group);
 *
 * All ranks call the same operations in the same order; one is under way at a time. Sums are taken
 * in rank order with one rounding an addition, whatever arrives first and however it is cut, so all
 * ranks hold the same bits in every run; 16-bit floats are added in fp32 and rounded once.
 *
 * An operation ends on a rank only after every rank has begun it. One that cannot end by its
 * deadline fails with SATSYNC_TIMED_OUT, at the latest COLLECTIVE_GRACE_NS after it: in that time
 * every rank tells every other, as urgent words, that it is there and whom it waits for; those that
 * are waited for and say nothing are the missing ones. A rank says this once, before its call
 * returns, and need not listen afterwards. An error breaks the
 * group: the others learn of it at once, every later operation fails, and what is in the buffer is
 * undefined and stays borrowed until the endpoint is closed. Close both, the endpoint first, and
 * open another group with those that are left.
 *
 * Owner thread. No threads, no clock but the endpoint's, and no allocation after collective_open.
 */
#ifndef COLLECTIVE_COLLECTIVE_H
#define COLLECTIVE_COLLECTIVE_H

#include "base/memory.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

enum { COLLECTIVE_RANKS = 16 };
#define COLLECTIVE_GRACE_NS UINT64_C(150000000)

enum collective_kind {
    COLLECTIVE_BARRIER,        /* buffer, dtype and count are not looked at */
    COLLECTIVE_BROADCAST,      /* every buffer becomes that of `root` */
    COLLECTIVE_REDUCE_SCATTER, /* the rank's share of the buffer becomes the sum; the rest stays */
    COLLECTIVE_ALL_GATHER,     /* every share of the buffer becomes that of its rank */
    COLLECTIVE_ALL_REDUCE,     /* every buffer becomes the sum */
    COLLECTIVE_KINDS
};

enum collective_dtype {
    COLLECTIVE_BYTES, /* not for sums */
    COLLECTIVE_F32,
    COLLECTIVE_F64,
    COLLECTIVE_F16,
    COLLECTIVE_BF16,
    COLLECTIVE_I32, /* sums wrap around */
    COLLECTIVE_I64,
    COLLECTIVE_DTYPES
};

struct collective_operation {
    enum collective_kind kind;
    enum collective_dtype dtype;
    uint32_t root;        /* of a broadcast */
    void *buffer;         /* borrowed until the operation ends; aligned to its elements */
    uint64_t count;       /* elements; the same on all ranks, 0 is fine */
    uint64_t deadline_ns; /* on the endpoint's clock; each rank may have its own */
};

struct collective_options {
    struct endpoint *endpoint; /* used by nobody else; closed before the group is */
    uint32_t rank;
    uint32_t ranks;               /* 2 to COLLECTIVE_RANKS */
    const char *const *addresses; /* [ranks], each as its endpoint's `local` gave it; copied */
    size_t chunk_bytes; /* what is moved and added at once; 0: 512 KiB; the same on all ranks */
    const struct allocator *allocator; /* borrowed until close; NULL: libc's */
};

struct collective;

/* Begins to connect; the first operation waits until all links are there. */
enum satsync_status collective_open(const struct collective_options *options,
                                    struct collective **collective,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* SATSYNC_WRONG_STATE while another operation is under way, or when the group is broken. */
enum satsync_status collective_start(struct collective *collective,
                                     const struct collective_operation *operation,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Moves what can be moved. SATSYNC_AGAIN: not done yet. SATSYNC_OK: the operation has ended. Else
 * it has failed: SATSYNC_TIMED_OUT, SATSYNC_NO_PATH (a rank's link broke), SATSYNC_PEER_FAILED
 * (another rank gave up first) or SATSYNC_PROTOCOL (the ranks called different operations). */
enum satsync_status collective_poll(struct collective *collective,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Returns when collective_poll is worth calling, at until_ns at the latest. */
void collective_wait(struct collective *collective, uint64_t until_ns);

/* collective_start, then poll and wait until the end. */
enum satsync_status collective_run(struct collective *collective,
                                   const struct collective_operation *operation,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* After a failure: bit r is set when some rank waits for rank r, which did not answer the roll
 * call.
 */
uint32_t collective_missing(const struct collective *collective);

/* Pure. The share of `rank` in a buffer of `count` elements: contiguous, in rank order, sizes that
 * differ by one at most. */
struct collective_share {
    uint64_t first;
    uint64_t count;
};
struct collective_share collective_share(uint64_t count, uint32_t ranks, uint32_t rank);

/* Pure. */
size_t collective_dtype_bytes(enum collective_dtype dtype);

/* After its endpoint was closed: until then a frozen peer that wakes may still write into what the
 * group lent to the links. May be NULL. */
void collective_close(struct collective *collective);

#endif
