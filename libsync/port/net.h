/*
 * A network that carries datagrams: what the pump needs of real UDP, and of the simulator.
 *
 * Implemented by transport/udp and by sim-link; a stream carrier (TCP, where UDP is blocked) would
 * frame datagrams behind the same functions. One owner thread, except `wake`.
 */
#ifndef PORT_NET_H
#define PORT_NET_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opaque to all but the net that made it; equal addresses have equal bytes (unused ones are 0). */
struct net_address {
    uint8_t bytes[28];
    uint8_t length; /* 0 means none */
};

bool net_address_equal(const struct net_address *a, const struct net_address *b);

/* Contiguous datagrams of one peer: all `segment_bytes` long except the last, which may be shorter.
 */
struct net_batch {
    uint8_t *data;
    size_t bytes;         /* of all datagrams */
    size_t segment_bytes; /* > 0 */
    struct net_address peer;
    uint64_t time_ns; /* received: when, on this net's clock; sent: the caller already waited */
    uint8_t ecn;      /* the two ECN bits of the IP header */
};

struct net;

struct net_ops {
    /* Monotonic. */
    uint64_t (*now_ns)(struct net *net);

    /* Hands the datagrams over; the buffer is the caller's again at return. SATSYNC_AGAIN: nothing
     * was sent, the network's buffer is full, wait and repeat. Any other failure is of the path to
     * this peer only (no route, refused): treat the datagrams as lost. */
    enum satsync_status (*send)(struct net *net, const struct net_batch *batch);

    /* The next received batch, or false. `data` is writable and borrowed until the next receive. */
    bool (*receive)(struct net *net, struct net_batch *batch);

    /* Returns when something can be received, a refused send is worth repeating, `wake` was called,
     * or now_ns >= until_ns (UINT64_MAX: no limit). May return early without reason. */
    void (*wait)(struct net *net, uint64_t until_ns);

    /* Makes a present or the next `wait` return. Any thread. */
    void (*wake)(struct net *net);

    /* A descriptor that polls readable when `wait` would return at once; -1 in virtual time. */
    int (*fd)(struct net *net);

    /* "HOST:PORT", "[v6]:PORT" or what the net uses instead, to an address; may block on DNS. */
    enum satsync_status (*resolve)(struct net *net, const char *text, struct net_address *address,
                                   struct satsync_error *error);

    /* The reverse; always terminated. */
    void (*format)(struct net *net, const struct net_address *address, char *out, size_t bytes);

    /* The address this net is bound to (with the port that was chosen for port 0). */
    void (*local)(struct net *net, struct net_address *address);

    /* Largest datagram that is worth trying on this net, such as 1472, in bytes of UDP payload. */
    size_t (*max_datagram_bytes)(struct net *net);

    void (*close)(struct net *net);
};

/* First member of each implementation's struct. */
struct net {
    const struct net_ops *ops;
};

#endif
