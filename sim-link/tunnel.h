/*
 * An end of a link as any program sees it: a network namespace of its own whose only way out is a
 * TUN device, whose packets are ours to read and write. Linux; needs root, or user namespaces and
 * the right to open /dev/net/tun. Owner thread.
 */
#ifndef SIM_LINK_TUNNEL_H
#define SIM_LINK_TUNNEL_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tunnel_options {
    const char *address; /* IPv4 of this end, in a network of 256 */
    const char *peer;    /* of the other; programs find both as SATSYNC_LINK_LOCAL and _PEER */
    size_t mtu_bytes;
    const char *const
        *argv; /* what runs there, ends with NULL; NULL: nothing, but it answers pings */
};

struct tunnel {
    int fd;         /* IP packets behind the header of sim-link/gso.h; does not block */
    bool joins_udp; /* it also takes and gives joined datagrams: Linux 6.2 */
    pid_t pid;      /* of what runs there, and of its process group */
    int gate;       /* held shut until tunnel_start */
};

/* Once before the first tunnel: a user namespace where this process is not root. */
enum satsync_status tunnel_prepare(struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The namespace is there at return, the program waits for tunnel_start. Not from a process with
 * threads. */
enum satsync_status tunnel_open(const struct tunnel_options *options, struct tunnel *tunnel,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;
void tunnel_start(struct tunnel *tunnel);

/* Ends what still runs there, politely, and waits for it. */
void tunnel_close(struct tunnel *tunnel);

#endif
