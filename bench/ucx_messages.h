/* Messages between two ranks over UCX: many large ones, or one small one to and fro. */
#ifndef BENCH_UCX_MESSAGES_H
#define BENCH_UCX_MESSAGES_H

#include <satsync/status.h>
#include <stddef.h>
#include <stdint.h>

struct ucx_messages {
    const char *transports; /* UCX_TLS */
    uint64_t bytes;         /* of a message */
    uint64_t count;
};

/* The time that `count` messages take, from the first's submission until the last is delivered;
 * up to 32 are on their way at once. */
enum satsync_status ucx_messages_stream(const struct ucx_messages *messages, uint64_t *time_ns,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;

struct ucx_ping {
    uint64_t one_way_ns;   /* half of the median round trip */
    uint64_t waited_ns;    /* then a quiet time, in which nothing came */
    uint64_t waiting_ns;   /* processor time of it */
    uint64_t sparse_ns;    /* then one every 10 ms: time */
    uint64_t answering_ns; /* and processor time of the one who answers */
};

enum satsync_status ucx_messages_ping(const struct ucx_messages *messages, struct ucx_ping *ping,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
