/*
 * port/link.h over UCX, for the ranks of one site.
 *
 * This is a module of its own, opened at run time, so that the library works without UCX and a
 * program that brings its own UCX keeps it: nothing here but this header is known outside.
 *
 * An endpoint is a UCX context with two workers. Its `local` is a text that any other can connect
 * to: the first worker's address, or HOST:PORT where it listens. Links are known by the peer's
 * rank; ranks of another job are refused. Nothing is encrypted or authenticated: a site's inner
 * network is trusted.
 *
 * Bytes go as active messages, large ones by rendezvous straight into the buffer that was placed.
 * UCX chooses transports and thresholds as its own UCX_* variables say. Over shared memory UCX does
 * not notice that a peer died; whoever waits for one needs a deadline. Worse, all peers write into
 * one queue of a worker there, and one that dies between taking a place in it and filling it leaves
 * a hole that nobody's later messages pass. So urgent words have a worker of their own, which rests
 * until something has failed.
 */
#ifndef TRANSPORT_UCX_H
#define TRANSPORT_UCX_H

#include "base/memory.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UCX_MODULE_VERSION = 2, UCX_ADDRESS_TEXT_BYTES = 2048 };

struct ucx_options {
    const char *listen; /* HOST:PORT or :PORT; NULL: peers are given the worker's address */
    uint32_t rank;      /* ours */
    uint64_t job;       /* the same for all ranks of a job, another for each other job */
    const struct allocator *allocator; /* borrowed until close; NULL: libc's */
};

/* What UCX offers on this machine. */
struct ucx_offer {
    char version[32];
    char transports[512]; /* such as "posix/memory sysv/memory tcp/eth0" */
};

struct ucx_module {
    uint32_t version; /* UCX_MODULE_VERSION */

    enum satsync_status (*open)(const struct ucx_options *options, struct endpoint **endpoint,
                                struct satsync_error *error);

    /* The transports that a link uses, separated by spaces, such as "posix cma"; "" before it is
     * up. Always terminated. Owner thread. */
    void (*link_transports)(struct link *link, char *out, size_t bytes);

    enum satsync_status (*offer)(struct ucx_offer *offer, struct satsync_error *error);

    /* Takes UCX's handlers of SIGSEGV and its like away again, unless UCX_ERROR_SIGNALS asks for
     * them. For those who loaded UCX only through this module. */
    void (*quiet)(void);
};

/* The one symbol that the module shows; its name is UCX_MODULE_SYMBOL. */
#define UCX_MODULE_SYMBOL "satsync_ucx_module"
SATSYNC_API extern const struct ucx_module satsync_ucx_module;

#endif
