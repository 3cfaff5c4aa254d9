/* Packets of one flow over IPv4, as a host would send them, with all checksums. */
#ifndef SUPPORT_IP_FLOW_H
#define SUPPORT_IP_FLOW_H

#include "sim-link/ip_packet.h"

enum { IP_FLOW_BYTES = 1500 };

struct ip_flow {
    uint8_t protocol;
    uint8_t tcp_flags;
    uint16_t id; /* of the next packet */
    uint32_t sequence;
    uint16_t port;
    bool may_fragment;
};

/* The next packet, its payload counted on from the sequence number; gives its length. */
size_t ip_flow_next(struct ip_flow *flow, size_t payload_bytes, uint8_t out[IP_FLOW_BYTES]);

#endif
