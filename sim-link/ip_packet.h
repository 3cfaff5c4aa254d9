/*
 * What an IPv4 packet of TCP or UDP says of itself, and its checksums (RFC 791, 768, 9293). Pure.
 */
#ifndef SIM_LINK_IP_PACKET_H
#define SIM_LINK_IP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IP_PROTOCOL_TCP = 6,
    IP_PROTOCOL_UDP = 17,
    IP_HEADS_BYTES = 120, /* the longest headers of IP and TCP */
    IP_TOTAL_LENGTH = 2,  /* where it stands in IP's header; likewise the others */
    IP_ID = 4,
    IP_FRAGMENT = 6,
    IP_CHECKSUM = 10,
    TCP_SEQUENCE = 4, /* in TCP's header */
    TCP_FLAGS = 13,
    TCP_CHECKSUM = 16,
    UDP_LENGTH = 4,
    UDP_CHECKSUM = 6
};

enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_URG = 0x20,
    TCP_CWR = 0x80
};

struct ip_packet {
    size_t ip_bytes;   /* of IP's header */
    size_t head_bytes; /* of both headers */
    size_t bytes;      /* of all */
    uint8_t protocol;
};

/* False for anything but a whole TCP or UDP packet over IPv4 that is no fragment. */
bool ip_packet_view(const uint8_t *data, size_t bytes, struct ip_packet *packet);

uint16_t load_be16(const uint8_t *at);
uint32_t load_be32(const uint8_t *at);
void store_be16(uint8_t *at, uint16_t value);
void store_be32(uint8_t *at, uint32_t value);

/* The one's complement sum of RFC 1071, carried on from `sum`, 0 at first; to be folded. All but
 * the last piece have an even length. */
uint64_t internet_sum(uint64_t sum, const uint8_t *data, size_t bytes);

/* As it stands in a packet: written with memcpy. */
uint16_t internet_fold(uint64_t sum);

/* Of the addresses, the protocol and the length: what TCP's and UDP's checksums begin with. */
uint64_t ip_pseudo_sum(const struct ip_packet *packet, const uint8_t *data);

/* True when TCP's or UDP's checksum is there and right. */
bool ip_packet_is_intact(const struct ip_packet *packet, const uint8_t *data);

/* Where TCP's or UDP's checksum stands, from the packet's beginning. */
size_t ip_checksum_at(const struct ip_packet *packet);

/* Sets total length, UDP's length and IP's checksum for `bytes` in all. */
void ip_packet_set_bytes(struct ip_packet *packet, uint8_t *data, size_t bytes);

/* Sets TCP's or UDP's checksum. */
void ip_packet_complete(const struct ip_packet *packet, uint8_t *data);

#endif
