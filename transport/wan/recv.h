/*
 * The messages being received: which bytes of each are here. Gives every byte once. Owner thread.
 */
#ifndef TRANSPORT_WAN_RECV_H
#define TRANSPORT_WAN_RECV_H

#include "base/map.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recv_message {
    uint64_t number;
    enum link_class class;
    uint64_t total;
    uint64_t have; /* bytes */
    struct ranges got;
};

struct recv_options {
    size_t max_messages;
    size_t max_ranges; /* of one message */
    uint64_t secret;   /* mixed with the peer's numbers where they are hashed */
    const struct allocator *allocator;
};

struct recv {
    struct recv_options options;
    struct recv_message *messages;
    uint32_t *free_slots;
    size_t free_count;
    struct map slots;
    struct ranges done; /* numbers of finished messages */
    uint64_t bytes;     /* received in all, each once */
};

enum satsync_status recv_init(struct recv *recv,
                              const struct recv_options *options) SATSYNC_MUST_CHECK;
void recv_fini(struct recv *recv);

struct recv_part {
    uint64_t message;
    enum link_class class;
    uint64_t total;
    uint64_t offset;
    uint64_t bytes;
};

/* What of `part` is new. */
struct recv_news {
    bool began;         /* this is the message's first part */
    bool finished;      /* this was all that was missing */
    struct range fresh; /* the first run of new bytes; empty when there is none */
};

/* Takes the first run of new bytes of `part`, which is all of it but for overlaps: call again
 * until `fresh` is empty. SATSYNC_PROTOCOL: it contradicts what is known of its message;
 * SATSYNC_LIMIT: a table is full, as if it never came. */
enum satsync_status recv_take(struct recv *recv, const struct recv_part *part,
                              struct recv_news *news) SATSYNC_MUST_CHECK;

/* True when nothing of the part is missing, so that keeping it for repair is of no use. */
bool recv_has(const struct recv *recv, const struct recv_part *part);

#endif
