/*
 * A UDP socket set up for bulk: big buffers, Don't-Fragment, ECN bits, and segmentation offload
 * (GSO on send, GRO on receive) where the kernel has it. Owner thread.
 */
#ifndef TRANSPORT_UDP_SOCKET_H
#define TRANSPORT_UDP_SOCKET_H

#include "base/log.h"
#include "port/net.h"

#include <sys/socket.h>

enum {
    UDP_BATCH_BYTES = 65536,    /* room that one received GRO batch needs */
    UDP_CONTROL_BYTES = 128,    /* room for the ancillary data of one message */
    UDP_SEGMENTS_LIMIT = 64,    /* of one GSO send; the kernel's own limit before Linux 6.9 */
    UDP_GSO_BYTES_LIMIT = 65000 /* of one GSO send: below 65535 less the largest headers */
};

struct udp_socket {
    int fd;
    int family;
    bool both; /* an IPv6 socket that also carries IPv4 */
    bool gso;  /* off for good once the kernel refuses a segmented send that it takes singly */
    bool gro;
    struct net_address local;
    const struct log *log;
};

struct udp_socket_options {
    const char *listen;  /* NULL: any address, any port */
    size_t buffer_bytes; /* asked for each direction; the kernel may give less */
    const struct log *log;
};

enum satsync_status udp_socket_open(struct udp_socket *udp,
                                    const struct udp_socket_options *options,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void udp_socket_close(struct udp_socket *udp);

/* port/net.h's send. */
enum satsync_status udp_socket_send(struct udp_socket *udp, const struct net_batch *batch);

/* Fills segment_bytes (0: no GRO mark) and ecn from a received message's ancillary data. Pure. */
void udp_socket_read_control(struct msghdr *message, struct net_batch *batch);

/* The error of a socket without the datagram it belongs to (an ICMP message); clears it. */
void udp_socket_take_error(struct udp_socket *udp);

#endif
