#include "sim-link/ip_packet.h"

#include <endian.h>
#include <string.h>

enum {
    IP_LEAST_BYTES = 20,
    IP_PROTOCOL = 9,
    IP_ADDRESSES = 12,
    TCP_LEAST_BYTES = 20,
    TCP_DATA_OFFSET = 12,
    UDP_BYTES = 8,
    FRAGMENT_MASK = 0x3fff /* all but "don't fragment" */
};

uint16_t load_be16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return be16toh(value);
}

uint32_t load_be32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

void store_be16(uint8_t *at, uint16_t value) {
    value = htobe16(value);
    memcpy(at, &value, sizeof value);
}

void store_be32(uint8_t *at, uint32_t value) {
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
}

/* Words of 32 bits in four sums of 64, in the machine's own order: RFC 1071, section 2. */
uint64_t internet_sum(uint64_t sum, const uint8_t *data, size_t bytes) {
    uint64_t sums[4] = {sum};
    for (; bytes >= 16; data += 16, bytes -= 16) {
        uint32_t words[4];
        memcpy(words, data, sizeof words);
        for (int i = 0; i < 4; i++) {
            sums[i] += words[i];
        }
    }
    uint8_t rest[16] = {0};
    uint32_t words[4];
    memcpy(rest, data, bytes);
    memcpy(words, rest, sizeof words);
    uint64_t total = 0;
    for (int i = 0; i < 4; i++) {
        total += internet_fold(sums[i] + words[i]);
    }
    return total;
}

uint16_t internet_fold(uint64_t sum) {
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static size_t tcp_bytes(const uint8_t *tcp) {
    return (size_t)(tcp[TCP_DATA_OFFSET] >> 4) * 4;
}

bool ip_packet_view(const uint8_t *data, size_t bytes, struct ip_packet *packet) {
    if (bytes < IP_LEAST_BYTES || data[0] >> 4 != 4) {
        return false;
    }
    *packet = (struct ip_packet){
        .ip_bytes = (size_t)(data[0] & 15) * 4, .bytes = bytes, .protocol = data[IP_PROTOCOL]};
    bool whole = load_be16(data + IP_TOTAL_LENGTH) == bytes &&
                 (load_be16(data + IP_FRAGMENT) & FRAGMENT_MASK) == 0;
    if (!whole || packet->ip_bytes < IP_LEAST_BYTES) {
        return false;
    }
    const uint8_t *inner = data + packet->ip_bytes;
    if (packet->protocol == IP_PROTOCOL_TCP && bytes >= packet->ip_bytes + TCP_LEAST_BYTES) {
        packet->head_bytes = packet->ip_bytes + tcp_bytes(inner);
        return tcp_bytes(inner) >= TCP_LEAST_BYTES && packet->head_bytes <= bytes;
    }
    if (packet->protocol == IP_PROTOCOL_UDP && bytes >= packet->ip_bytes + UDP_BYTES) {
        packet->head_bytes = packet->ip_bytes + UDP_BYTES;
        return load_be16(inner + UDP_LENGTH) == bytes - packet->ip_bytes;
    }
    return false;
}

uint64_t ip_pseudo_sum(const struct ip_packet *packet, const uint8_t *data) {
    uint64_t sum = internet_sum(0, data + IP_ADDRESSES, 8);
    return sum + htobe16(packet->protocol) + htobe16((uint16_t)(packet->bytes - packet->ip_bytes));
}

size_t ip_checksum_at(const struct ip_packet *packet) {
    return packet->ip_bytes + (packet->protocol == IP_PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM);
}

static uint16_t transport_sum(const struct ip_packet *packet, const uint8_t *data) {
    return internet_fold(internet_sum(ip_pseudo_sum(packet, data), data + packet->ip_bytes,
                                      packet->bytes - packet->ip_bytes));
}

bool ip_packet_is_intact(const struct ip_packet *packet, const uint8_t *data) {
    bool summed =
        packet->protocol == IP_PROTOCOL_TCP || load_be16(data + ip_checksum_at(packet)) != 0;
    return summed && transport_sum(packet, data) == 0xffff &&
           internet_fold(internet_sum(0, data, packet->ip_bytes)) == 0xffff;
}

void ip_packet_set_bytes(struct ip_packet *packet, uint8_t *data, size_t bytes) {
    packet->bytes = bytes;
    store_be16(data + IP_TOTAL_LENGTH, (uint16_t)bytes);
    if (packet->protocol == IP_PROTOCOL_UDP) {
        store_be16(data + packet->ip_bytes + UDP_LENGTH, (uint16_t)(bytes - packet->ip_bytes));
    }
    store_be16(data + IP_CHECKSUM, 0);
    uint16_t sum = (uint16_t)~internet_fold(internet_sum(0, data, packet->ip_bytes));
    memcpy(data + IP_CHECKSUM, &sum, sizeof sum);
}

void ip_packet_complete(const struct ip_packet *packet, uint8_t *data) {
    uint8_t *at = data + ip_checksum_at(packet);
    store_be16(at, 0);
    uint16_t sum = (uint16_t)~transport_sum(packet, data);
    if (sum == 0 && packet->protocol == IP_PROTOCOL_UDP) {
        sum = 0xffff; /* 0 says that there is none */
    }
    memcpy(at, &sum, sizeof sum);
}
