/*
 * How datagrams come out of a socket: two implementations behind one struct. Owner thread.
 */
#ifndef TRANSPORT_UDP_RECEIVER_H
#define TRANSPORT_UDP_RECEIVER_H

#include "base/memory.h"
#include "transport/udp/udp_socket.h"

struct udp_receiver {
    const char *name;
    int fd; /* polls readable when receive has something */
    /* As port/net.h's receive, but without time_ns. */
    bool (*receive)(struct udp_receiver *receiver, struct net_batch *batch);
    void (*free)(struct udp_receiver *receiver);
};

#endif
