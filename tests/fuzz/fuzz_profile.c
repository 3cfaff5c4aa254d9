#include "sim-link/profile.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* What is parsed can be built. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char text[512];
    if (bytes >= sizeof text) {
        return 0;
    }
    memcpy(text, data, bytes);
    text[bytes] = 0;
    struct profile profile;
    struct satsync_error error = {.status = SATSYNC_OK};
    if (profile_parse(text, &profile, &error) != SATSYNC_OK) {
        assert(error.status != SATSYNC_OK);
        return 0;
    }
    struct packets packets;
    packets_init(&packets, profile_payload_bytes(&profile), NULL);
    struct lane *lane;
    struct lane_options options = {.plan = &profile.there, .packets = &packets};
    enum satsync_status status = lane_open(&options, &lane, NULL);
    assert(status == SATSYNC_OK);
    lane_close(lane);
    packets_fini(&packets);
    return 0;
}
