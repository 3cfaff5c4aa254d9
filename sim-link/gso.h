/*
 * Generic segmentation offload: one large packet as the many that it stands for, and back. What
 * stands between packets as a wire has them and a TUN device with IFF_VNET_HDR, which reads and
 * writes a header before each (struct virtio_net_hdr; Virtual I/O Device 1.3, section 5.1.6).
 * IPv4's TCP and UDP; anything else goes through as it is. Pure.
 */
#ifndef SIM_LINK_GSO_H
#define SIM_LINK_GSO_H

#include "sim-link/ip_packet.h"

#include <sys/uio.h>

enum { GSO_HEADER_BYTES = 10, GSO_PARTS_LIMIT = 64 };

/* struct virtio_net_hdr, in the machine's own order. */
struct gso_header {
    uint8_t flags;
    uint8_t type;
    uint16_t head_bytes;
    uint16_t part_bytes;
    uint16_t sum_from; /* the checksum goes on from here to the end */
    uint16_t sum_to;   /* and stands so many bytes behind it */
};

struct gso_cut {
    struct ip_packet packet; /* of the first part */
    uint8_t head[IP_HEADS_BYTES];
    uint8_t *at; /* what is left */
    size_t left_bytes;
    size_t part_bytes; /* 0: it is one packet */
    uint32_t index;
};

/* Begins with what was read, which is written over and borrowed. False when it is malformed. */
bool gso_cut_start(struct gso_cut *cut, uint8_t *data, size_t bytes);

/* The next packet, with its checksums complete; NULL behind the last. Good until the next call. */
uint8_t *gso_cut_next(struct gso_cut *cut, size_t *bytes);

/* Packets that follow each other in one flow, gathered into one. What is gathered can be cut again
 * into the same packets (but for the identification of those that may not be fragmented). */
struct gso_join {
    struct ip_packet packet; /* of the whole */
    struct iovec parts[1 + GSO_PARTS_LIMIT];
    size_t count;      /* of packets */
    size_t part_bytes; /* of payload in each but the last */
    uint8_t ending;    /* TCP's flags of the last */
    bool closed;       /* nothing may follow */
    bool without_udp;  /* gathers TCP only */
    struct {
        struct gso_header header;
        uint8_t bytes[IP_HEADS_BYTES];
    } head;
};

/* False: what is gathered must be taken before. The packet is borrowed until then. */
bool gso_join_add(struct gso_join *join, const uint8_t *data, size_t bytes);

/* What to write at once, header first: `count` pieces, good until the next add. */
const struct iovec *gso_join_take(struct gso_join *join, int *count);

#endif
