/* A site's promises as a disk could return them: what decodes encodes to the same bytes, and a site
 * that starts with them runs or says why not. */
#include "codec/checksum.h"
#include "rounds/agreement.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    (void)context, (void)data, (void)bytes;
    return SATSYNC_OK;
}

static void start_with(const uint8_t *record, size_t bytes) {
    struct rounds_options options = {.sites = 3,
                                     .heartbeat_ns = 100000000,
                                     .election_ns = 500000000,
                                     .port = {keep, NULL},
                                     .promises = record,
                                     .promises_bytes = bytes};
    struct agreement *agreement;
    if (agreement_open(&options, &agreement, NULL) == SATSYNC_OK) {
        for (uint64_t now_ns = 0; now_ns < 3000000000; now_ns += 50000000) {
            struct agreement_message message;
            agreement_run(agreement, now_ns);
            while (agreement_message(agreement, &message)) {
                free(message.data);
            }
        }
        agreement_close(agreement);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static struct promises promises;
    static uint8_t record[PROMISES_BYTES_MAX], again[PROMISES_BYTES_MAX];
    if (bytes > sizeof record - CHECKSUM_BYTES) {
        return 0;
    }
    memcpy(record, data, bytes);
    checksum_of(record, bytes, record + bytes); /* whole, so that the rest is reached */
    size_t all = bytes + CHECKSUM_BYTES;
    if (promises_decode(&promises, record, all) == SATSYNC_OK) {
        check(promises_encode(&promises, again) == all && memcmp(again, record, all) == 0);
        start_with(record, all);
    }
    return 0;
}
