#include "model/patch.h"

#include "base/bytes.h"
#include "base/check.h"
#include "model/safetensors.h"

#include <string.h>

static const uint8_t magic[8] = {'S', 'S', 'Y', 'N', 'C', 'P', 'A', 'T'};

void patch_head_encode(const struct patch_head *head, uint8_t out[PATCH_HEAD_BYTES]) {
    struct bytes_writer writer = bytes_writer_over(out, PATCH_HEAD_BYTES);
    bytes_put(&writer, magic, sizeof magic);
    bytes_put_u32(&writer, PATCH_VERSION);
    bytes_put_u64(&writer, head->from_step);
    bytes_put_u64(&writer, head->to_step);
    bytes_put_u64(&writer, head->header_bytes);
    bytes_put_u64(&writer, head->result_bytes);
    assert(!writer.failed && bytes_room(&writer) == 0);
}

enum satsync_status patch_head_decode(const uint8_t data[PATCH_HEAD_BYTES], const char *file,
                                      struct patch_head *head, struct satsync_error *error) {
    struct bytes_reader reader = bytes_reader_over(data, PATCH_HEAD_BYTES);
    const uint8_t *found = bytes_get_view(&reader, sizeof magic);
    ENSURE(memcmp(found, magic, sizeof magic) == 0, error, SATSYNC_INVALID, file,
           "it is no patch; make one with \"satsync diff ... --patch FILE\"");
    uint32_t version = bytes_get_u32(&reader);
    ENSURE(version <= PATCH_VERSION, error, SATSYNC_NEWER_VERSION, file,
           "the patch has version %u, this program knows up to %d; use a newer one", version,
           PATCH_VERSION);
    head->from_step = bytes_get_u64(&reader);
    head->to_step = bytes_get_u64(&reader);
    head->header_bytes = bytes_get_u64(&reader);
    head->result_bytes = bytes_get_u64(&reader);
    assert(bytes_all_read(&reader));
    bool can_be = version > 0 && head->header_bytes > SAFETENSORS_LENGTH_BYTES &&
                  head->header_bytes <= SAFETENSORS_LENGTH_BYTES + SAFETENSORS_HEADER_MAX &&
                  head->header_bytes <= head->result_bytes && head->result_bytes <= INT64_MAX;
    ENSURE(can_be, error, SATSYNC_CORRUPT, file, "its head is damaged; fetch it again");
    return SATSYNC_OK;
}
