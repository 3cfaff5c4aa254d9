/* The journal decoder: whatever the bytes, it stays within them, and every record that it accepts
 * is what its encoder would have written there. */
#include "ckpt/store/claims.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const uint8_t *at, const struct claim *claims, size_t count,
                         uint64_t sum_before) {
    static uint8_t again[CLAIMS_RECORD_FIXED_BYTES + CLAIMS_PER_RECORD * CLAIMS_CLAIM_BYTES];
    for (size_t i = 0; i < count; i++) {
        if (claims[i].file >= CLAIMS_FILES_MOST) {
            return;
        }
    }
    claims_put_record(again, claims, count, &sum_before);
    if (memcmp(again, at, claims_record_bytes(count)) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct claim claims[CLAIMS_PER_RECORD];
    struct bytes_reader reader = bytes_reader_over(data, size);
    struct claims_header header;
    uint64_t sum = 0;
    if (claims_get_header(&reader, &header, &sum)) {
        for (size_t i = 0; i < header.files; i++) {
            (void)claims_header_file(&header, i);
        }
    } else {
        /* The sums stop a fuzzer soon: records are also tried without a header. */
        reader = bytes_reader_over(data, size);
        sum = 0;
    }
    for (;;) {
        const uint8_t *at = reader.at;
        uint64_t before = sum;
        size_t count = claims_get_record(&reader, claims, &sum);
        if (count == 0) {
            return 0;
        }
        check_record(at, claims, count, before);
    }
}
