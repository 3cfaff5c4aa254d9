/* Receives with io_uring: one multishot recvmsg fills buffers from a ring (Linux 6.0). */
#ifndef TRANSPORT_UDP_URING_H
#define TRANSPORT_UDP_URING_H

#include "transport/udp/udp_receiver.h"

/* The socket must outlive the receiver. SATSYNC_UNSUPPORTED where the kernel or its administrator
 * refuses io_uring, buffer rings or multishot receive. */
enum satsync_status udp_uring_open(struct udp_socket *udp, const struct allocator *allocator,
                                   struct udp_receiver **receiver,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
