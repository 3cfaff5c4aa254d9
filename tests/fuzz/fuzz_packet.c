/* Datagrams as anybody could send them: a header decodes to what encodes back, and a link takes no
 * notice of what does not authenticate. */
#include "transport/wan/handshake.h"
#include "transport/wan/packet.h"
#include "transport/wan/wan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_header(const uint8_t *data, size_t bytes) {
    static const uint64_t expected[] = {0, 1, UINT64_C(1) << 32, UINT64_C(1) << 61};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct packet_header header;
        if (packet_decode(data, bytes, expected[i], &header)) {
            uint8_t again[PACKET_HEADER_BYTES];
            packet_encode(&header, again);
            check(memcmp(again, data, sizeof again) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    check_header(data, bytes);
    static const struct handshake_secrets secrets = {.session = 5,
                                                     .initiator = true,
                                                     .send = {1},
                                                     .receive = {2},
                                                     .peer_token = {3, 1, 4, 1, 5}};
    struct wan_options options = {.secrets = &secrets,
                                  .rate_bps = 100000000,
                                  .max_in_flight = 256,
                                  .max_messages = 4,
                                  .max_slices = 8,
                                  .max_message_ranges = 8};
    struct wan *wan;
    check(wan_new(&options, &wan, NULL) == SATSYNC_OK);
    uint8_t copy[2048];
    bytes = bytes < sizeof copy ? bytes : sizeof copy;
    memcpy(copy, data, bytes);
    struct link_event event;
    check(wan_event(wan, &event) && event.kind == LINK_EVENT_UP);
    wan_recv(wan, 1000000000, copy, bytes);
    check(!wan_event(wan, &event));
    wan_free(wan);
    return 0;
}
