/* Programs of others that do the same, run beside us: what they print is what is compared with. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

struct peer_test {
    const char *transports; /* UCX_TLS */
    uint64_t bytes;         /* of a message */
    uint64_t count;
};

/* ucx_perftest of the package ucx-utils, two processes. SATSYNC_UNSUPPORTED when it is not here.
 * The time of `count` messages one behind the other; the median of one way of one to and fro. */
enum satsync_status peer_ucx_stream(const struct peer_test *test, uint64_t *time_ns,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status peer_ucx_ping(const struct peer_test *test, uint64_t *one_way_ns,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* satsync-bench-openmpi between two processes of mpirun: the median time of `count` all-reduces of
 * fp32. SATSYNC_UNSUPPORTED when mpirun or the program is not here; it is built where Open MPI's
 * headers are, and lies beside this program. */
enum satsync_status peer_open_mpi_reduce(const struct peer_test *test, uint64_t *time_ns,
                                         struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
