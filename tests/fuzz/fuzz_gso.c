#include "sim-link/gso.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Each packet that comes out lies within what was read, and can go in again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static uint8_t read[GSO_HEADER_BYTES + 65536];
    static struct gso_join join;
    struct gso_cut cut;
    size_t packet_bytes;
    int pieces;
    if (bytes > sizeof read) {
        return 0;
    }
    memcpy(read, data, bytes);
    if (!gso_cut_start(&cut, read, bytes)) {
        return 0;
    }
    for (const uint8_t *packet; (packet = gso_cut_next(&cut, &packet_bytes)) != NULL;) {
        assert(packet >= read && packet + packet_bytes <= read + bytes);
        bool taken = gso_join_add(&join, packet, packet_bytes);
        assert(taken);
        (void)gso_join_take(&join, &pieces);
        assert(pieces == 2);
    }
    return 0;
}
