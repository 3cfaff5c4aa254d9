/* Receives with recvmmsg. */
#ifndef TRANSPORT_UDP_MMSG_H
#define TRANSPORT_UDP_MMSG_H

#include "transport/udp/udp_receiver.h"

/* The socket must outlive the receiver. */
enum satsync_status udp_mmsg_open(struct udp_socket *udp, const struct allocator *allocator,
                                  struct udp_receiver **receiver,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
