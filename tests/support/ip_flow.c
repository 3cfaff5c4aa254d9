#include "support/ip_flow.h"

#include <assert.h>
#include <string.h>

size_t ip_flow_next(struct ip_flow *flow, size_t payload_bytes, uint8_t out[IP_FLOW_BYTES]) {
    static const uint8_t ip[20] = {0x45, 2, 0,  0,  0, 0, 0,  0,  64, 0,
                                   0,    0, 10, 77, 0, 1, 10, 77, 0,  2};
    bool is_tcp = flow->protocol == IP_PROTOCOL_TCP;
    size_t head_bytes = is_tcp ? 52 : 28; /* TCP with time stamps */
    struct ip_packet packet;
    assert(head_bytes + payload_bytes <= IP_FLOW_BYTES);
    memset(out, 0, head_bytes);
    memcpy(out, ip, sizeof ip);
    out[9] = flow->protocol;
    out[IP_FRAGMENT] = flow->may_fragment ? 0 : 0x40;
    store_be16(out + IP_ID, flow->id++);
    store_be16(out + 20, flow->port);
    store_be16(out + 22, 5201);
    if (is_tcp) {
        static const uint8_t stamps[12] = {1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9};
        store_be32(out + 20 + TCP_SEQUENCE, flow->sequence);
        store_be32(out + 28, 4711); /* acknowledged */
        out[32] = 0x80;             /* eight words of header */
        out[20 + TCP_FLAGS] = flow->tcp_flags;
        store_be16(out + 34, 501); /* window */
        memcpy(out + 40, stamps, sizeof stamps);
    }
    for (size_t i = 0; i < payload_bytes; i++) {
        out[head_bytes + i] = (uint8_t)((flow->sequence + i) * 7);
    }
    flow->sequence += (uint32_t)payload_bytes;
    store_be16(out + IP_TOTAL_LENGTH, (uint16_t)(head_bytes + payload_bytes));
    store_be16(out + 20 + UDP_LENGTH,
               is_tcp ? load_be16(out + 20 + UDP_LENGTH) : (uint16_t)(8 + payload_bytes));
    bool whole = ip_packet_view(out, head_bytes + payload_bytes, &packet);
    assert(whole);
    ip_packet_set_bytes(&packet, out, head_bytes + payload_bytes);
    ip_packet_complete(&packet, out);
    return head_bytes + payload_bytes;
}
