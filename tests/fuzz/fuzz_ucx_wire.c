/* The headers between endpoints over UCX: whatever the bytes, reading stays within them, and what
 * is accepted is what would be written. The first byte says which header, the second how long a
 * piece comes with it. */
#include "transport/ucx/ucx_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t again(uint8_t kind, const uint8_t *data, size_t size, uint8_t *out, size_t piece) {
    struct ucx_wire_hello hello;
    struct ucx_wire_data piece_of;
    struct ucx_wire_acks acks;
    struct ucx_wire_bye bye;
    struct ucx_wire_urgent urgent;
    switch (kind % 5) {
    case 0:
        return ucx_wire_get_hello(&hello, data, size) ? ucx_wire_put_hello(&hello, out) : 0;
    case 1:
        if (!ucx_wire_get_data(&piece_of, data, size, piece)) {
            return 0;
        }
        if (piece > piece_of.message_bytes || piece_of.offset > piece_of.message_bytes - piece) {
            abort();
        }
        return ucx_wire_put_data(&piece_of, out);
    case 2:
        return ucx_wire_get_acks(&acks, data, size) ? ucx_wire_put_acks(&acks, out) : 0;
    case 3:
        return ucx_wire_get_bye(&bye, data, size) ? ucx_wire_put_bye(&bye, out) : 0;
    default:
        return ucx_wire_get_urgent(&urgent, data, size) ? ucx_wire_put_urgent(&urgent, out) : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t out[UCX_WIRE_BYTES];
    if (size < 2) {
        return 0;
    }
    size_t bytes = again(data[0], data + 2, size - 2, out, data[1]);
    if (bytes > 0 && (bytes != size - 2 || memcmp(out, data + 2, bytes) != 0)) {
        abort();
    }
    return 0;
}
