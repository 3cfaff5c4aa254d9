#include "sim-link/gso.h"

#include <assert.h>
#include <string.h>

enum {
    FLAG_NEEDS_SUM = 1,
    TYPE_NONE = 0,
    TYPE_TCP4 = 1,
    TYPE_UDP = 5,
    TYPE_ECN = 0x80, /* with TYPE_TCP4: CWR is of the first part alone */
    IP_BYTES_LIMIT = 65535,
    DO_NOT_FRAGMENT = 0x40,
    ENDING = TCP_FIN | TCP_PSH /* of the last part alone */
};

static_assert(sizeof(struct gso_header) == GSO_HEADER_BYTES, "as the device has it");

/* What the device's owner left to the hardware. */
static bool complete_sum(const struct gso_header *header, uint8_t *data, size_t bytes) {
    size_t at = (size_t)header->sum_from + header->sum_to;
    if (at + sizeof(uint16_t) > bytes) {
        return false;
    }
    /* The field holds the pseudo header's sum. */
    uint64_t sum = internet_sum(0, data + header->sum_from, bytes - header->sum_from);
    uint16_t value = (uint16_t)~internet_fold(sum);
    if (value == 0 && header->sum_to == UDP_CHECKSUM) {
        value = 0xffff; /* 0 says that there is none */
    }
    memcpy(data + at, &value, sizeof value);
    return true;
}

static bool start_parts(struct gso_cut *cut, const struct gso_header *header, uint8_t *data,
                        size_t bytes) {
    uint8_t type = header->type & (uint8_t)~TYPE_ECN;
    uint8_t protocol = type == TYPE_TCP4 ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP;
    bool known = (type == TYPE_TCP4 || type == TYPE_UDP) && header->part_bytes > 0 &&
                 ip_packet_view(data, bytes, &cut->packet) && cut->packet.protocol == protocol;
    if (!known) {
        return false;
    }
    memcpy(cut->head, data, cut->packet.head_bytes);
    cut->part_bytes = header->part_bytes;
    cut->at = data + cut->packet.head_bytes;
    cut->left_bytes = bytes - cut->packet.head_bytes;
    return cut->left_bytes > 0;
}

bool gso_cut_start(struct gso_cut *cut, uint8_t *data, size_t bytes) {
    struct gso_header header;
    if (bytes <= sizeof header) {
        return false;
    }
    memcpy(&header, data, sizeof header);
    data += sizeof header;
    bytes -= sizeof header;
    *cut = (struct gso_cut){.at = data, .left_bytes = bytes};
    if (header.type != TYPE_NONE) {
        return start_parts(cut, &header, data, bytes);
    }
    return (header.flags & FLAG_NEEDS_SUM) == 0 || complete_sum(&header, data, bytes);
}

/* Makes the first part's headers those of another, but for lengths and checksums. */
static void number_part(const struct ip_packet *packet, uint8_t *head, uint32_t index,
                        size_t part_bytes) {
    store_be16(head + IP_ID, (uint16_t)(load_be16(head + IP_ID) + index));
    if (packet->protocol == IP_PROTOCOL_TCP && index > 0) {
        uint8_t *tcp = head + packet->ip_bytes;
        store_be32(tcp + TCP_SEQUENCE,
                   load_be32(tcp + TCP_SEQUENCE) + index * (uint32_t)part_bytes);
        tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
    }
}

/* In place: the headers go over the end of the part before, which has been used. */
uint8_t *gso_cut_next(struct gso_cut *cut, size_t *bytes) {
    uint8_t *data = cut->at;
    *bytes = cut->left_bytes;
    if (cut->left_bytes == 0) {
        return NULL;
    }
    if (cut->part_bytes == 0) {
        cut->left_bytes = 0;
        return data;
    }
    bool is_last = cut->left_bytes <= cut->part_bytes;
    size_t taken = is_last ? cut->left_bytes : cut->part_bytes;
    data -= cut->packet.head_bytes;
    *bytes = cut->packet.head_bytes + taken;
    memcpy(data, cut->head, cut->packet.head_bytes);
    number_part(&cut->packet, data, cut->index, cut->part_bytes);
    if (cut->packet.protocol == IP_PROTOCOL_TCP && !is_last) {
        data[cut->packet.ip_bytes + TCP_FLAGS] &= (uint8_t)~ENDING;
    }
    ip_packet_set_bytes(&cut->packet, data, *bytes);
    ip_packet_complete(&cut->packet, data);
    cut->at += taken;
    cut->left_bytes -= taken;
    cut->index++;
    return data;
}

/* As it is: nothing to join it with, and its checksums are its own. */
static void begin_alone(struct gso_join *join, const uint8_t *data, size_t bytes) {
    join->packet = (struct ip_packet){.bytes = bytes};
    join->closed = true;
    join->parts[1] = (struct iovec){(void *)(uintptr_t)data, bytes};
}

static void begin(struct gso_join *join, const uint8_t *data, size_t bytes) {
    struct ip_packet *packet = &join->packet;
    join->count = 1;
    join->ending = 0;
    if (!ip_packet_view(data, bytes, packet) || !ip_packet_is_intact(packet, data)) {
        begin_alone(join, data, bytes);
        return;
    }
    memcpy(join->head.bytes, data, packet->head_bytes);
    join->part_bytes = bytes - packet->head_bytes;
    join->parts[1] =
        (struct iovec){(void *)(uintptr_t)(data + packet->head_bytes), join->part_bytes};
    uint8_t alone = ENDING | TCP_SYN | TCP_RST | TCP_URG;
    bool ends = packet->protocol == IP_PROTOCOL_TCP
                    ? (data[packet->ip_bytes + TCP_FLAGS] & alone) != 0
                    : join->without_udp;
    join->closed = ends || join->part_bytes == 0;
}

/* Whether cutting would give this packet next. */
static bool follows(const struct gso_join *join, const uint8_t *data, size_t bytes) {
    struct ip_packet packet;
    uint8_t head[IP_HEADS_BYTES];
    if (!ip_packet_view(data, bytes, &packet) || packet.head_bytes != join->packet.head_bytes ||
        packet.protocol != join->packet.protocol || packet.ip_bytes != join->packet.ip_bytes) {
        return false;
    }
    size_t payload_bytes = bytes - packet.head_bytes;
    if (payload_bytes == 0 || payload_bytes > join->part_bytes ||
        join->packet.bytes + payload_bytes > IP_BYTES_LIMIT) {
        return false;
    }
    memcpy(head, join->head.bytes, packet.head_bytes);
    number_part(&packet, head, (uint32_t)join->count, join->part_bytes);
    if ((head[IP_FRAGMENT] & DO_NOT_FRAGMENT) != 0) {
        memcpy(head + IP_ID, data + IP_ID, sizeof(uint16_t)); /* means nothing: RFC 6864 */
    }
    if (packet.protocol == IP_PROTOCOL_TCP) {
        head[packet.ip_bytes + TCP_FLAGS] |= data[packet.ip_bytes + TCP_FLAGS] & ENDING;
    }
    ip_packet_set_bytes(&packet, head, bytes);
    size_t sum_at = ip_checksum_at(&packet);
    memcpy(head + sum_at, data + sum_at, sizeof(uint16_t));
    return memcmp(head, data, packet.head_bytes) == 0 && ip_packet_is_intact(&packet, data);
}

bool gso_join_add(struct gso_join *join, const uint8_t *data, size_t bytes) {
    if (join->count == 0) {
        begin(join, data, bytes);
        return true;
    }
    if (join->closed || join->count == GSO_PARTS_LIMIT || !follows(join, data, bytes)) {
        return false;
    }
    size_t payload_bytes = bytes - join->packet.head_bytes;
    join->count++;
    join->parts[join->count] =
        (struct iovec){(void *)(uintptr_t)(data + join->packet.head_bytes), payload_bytes};
    join->packet.bytes += payload_bytes;
    join->closed = payload_bytes < join->part_bytes;
    if (join->packet.protocol == IP_PROTOCOL_TCP) {
        join->ending = data[join->packet.ip_bytes + TCP_FLAGS] & ENDING;
        join->closed = join->closed || join->ending != 0;
    }
    return true;
}

/* The kernel may trust the checksum, which was looked at, and finds the pseudo header's sum. */
static void fill_header(struct gso_join *join) {
    struct ip_packet *packet = &join->packet;
    bool is_tcp = packet->protocol == IP_PROTOCOL_TCP;
    uint8_t *data = join->head.bytes;
    if (is_tcp) {
        data[packet->ip_bytes + TCP_FLAGS] |= join->ending;
    }
    ip_packet_set_bytes(packet, data, packet->bytes);
    uint16_t sum = internet_fold(ip_pseudo_sum(packet, data));
    memcpy(data + ip_checksum_at(packet), &sum, sizeof sum);
    bool is_ecn = is_tcp && (data[packet->ip_bytes + TCP_FLAGS] & TCP_CWR) != 0;
    join->head.header = (struct gso_header){.flags = FLAG_NEEDS_SUM,
                                            .head_bytes = (uint16_t)packet->head_bytes,
                                            .sum_from = (uint16_t)packet->ip_bytes,
                                            .sum_to = is_tcp ? TCP_CHECKSUM : UDP_CHECKSUM};
    if (join->count > 1) {
        join->head.header.type =
            (uint8_t)((is_tcp ? TYPE_TCP4 : TYPE_UDP) | (is_ecn ? TYPE_ECN : 0));
        join->head.header.part_bytes = (uint16_t)join->part_bytes;
    }
}

const struct iovec *gso_join_take(struct gso_join *join, int *count) {
    *count = join->count == 0 ? 0 : (int)join->count + 1;
    join->head.header = (struct gso_header){.flags = 0};
    if (join->count > 0 && join->packet.head_bytes > 0) {
        fill_header(join);
    }
    join->parts[0] = (struct iovec){&join->head, GSO_HEADER_BYTES + join->packet.head_bytes};
    join->count = 0;
    return join->parts;
}
