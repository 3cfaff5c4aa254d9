/*
 * port/net.h over a UDP socket, IPv4 and IPv6.
 *
 * The kernel's segmentation offload (GSO, GRO) does the heavy part: one call moves up to 64
 * datagrams. Receiving goes through io_uring with provided buffers, or recvmmsg where io_uring is
 * refused; sending is one sendmsg per batch either way, since port/net.h gives the buffer back at
 * once. ICMP errors are passed over: the transport has timers of its own.
 */
#ifndef TRANSPORT_UDP_H
#define TRANSPORT_UDP_H

#include "base/log.h"
#include "base/memory.h"
#include "port/net.h"

enum { UDP_BUFFER_BYTES = 8 << 20 }; /* of a socket, each direction, unless told otherwise */

enum udp_mode {
    UDP_AUTO,  /* io_uring where it works */
    UDP_URING, /* io_uring or an error */
    UDP_MMSG   /* recvmmsg */
};

struct udp_options {
    const char *listen;  /* "HOST:PORT", "[V6]:PORT", ":PORT" (both families); NULL: any port */
    enum udp_mode mode;  /* SATSYNC_UDP=mmsg or =uring in the environment overrides it */
    size_t buffer_bytes; /* 0: UDP_BUFFER_BYTES */
    const struct allocator *allocator; /* borrowed until close; NULL: libc's */
    const struct log *log;             /* borrowed until close; may be NULL */
};

/* *net is closed with its own `close`. Its owner thread gets a timer slack of 1 ns at its first
 * wait, so that paced sends leave on time. */
enum satsync_status udp_open(const struct udp_options *options, struct net **net,
                             struct satsync_error *error) SATSYNC_MUST_CHECK;

/* "io_uring" or "recvmmsg": what receives on a net that udp_open made. */
const char *udp_receiver_name(const struct net *net);

#endif
