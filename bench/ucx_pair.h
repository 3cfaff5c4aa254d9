/* Two processes of one site, each on a core of its own, that are joined by UCX, through the module
 * that the library loads. */
#ifndef BENCH_UCX_PAIR_H
#define BENCH_UCX_PAIR_H

#include "port/link.h"

#include <satsync/status.h>
#include <stddef.h>

struct ucx_pair_end {
    uint32_t rank; /* 0 or 1 */
    struct endpoint *endpoint;
    const char *addresses[2];
    void *shared;
};

struct ucx_pair {
    const char *transports; /* UCX_TLS */
    /* What each of the two does. */
    enum satsync_status (*run)(struct ucx_pair_end *end, struct satsync_error *error);
    void *shared; /* of ucx_pair_share */
};

/* Memory that the caller and both processes see; NULL when there is none. */
void *ucx_pair_share(size_t bytes);
void ucx_pair_unshare(void *shared, size_t bytes);

/* Starts both and waits for their end. */
enum satsync_status ucx_pair_run(const struct ucx_pair *pair,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
