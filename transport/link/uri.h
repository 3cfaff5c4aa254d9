/*
 * Nets by URI: HOST:PORT and udp:HOST:PORT open a UDP socket; other schemes, such as sim:, are
 * handed in by whoever has them.
 */
#ifndef TRANSPORT_LINK_URI_H
#define TRANSPORT_LINK_URI_H

#include "base/log.h"
#include "base/memory.h"
#include "port/net.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>

/* Opens nets of one scheme. */
struct uri_scheme {
    const char *name; /* "sim" for "sim:..." */
    /* `rest` is what follows the colon. The net is closed with its own `close`. */
    enum satsync_status (*open)(void *context, const char *rest, bool listen, struct net **net,
                                struct satsync_error *error);
    void *context;
};

struct uri_options {
    const struct uri_scheme *schemes; /* besides udp */
    size_t scheme_count;
    bool listen; /* bind to the address; else any port, to reach the address from */
    const struct allocator *allocator; /* borrowed until close; may be NULL */
    const struct log *log;             /* borrowed until close; may be NULL */
};

/* What follows the scheme, or all of `text` when it has none: a view of it. A scheme is two
 * letters or more before a colon that is followed by something else than a port. Pure. */
const char *uri_rest(const char *text);

enum satsync_status uri_open(const char *text, const struct uri_options *options, struct net **net,
                             struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
