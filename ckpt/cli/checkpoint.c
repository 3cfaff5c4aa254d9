#include "ckpt/cli/checkpoint.h"

#include "ckpt/cli/text.h"

#include <stdio.h>

json_t *checkpoint_json(const struct satsync_checkpoint_info *info) {
    char created[TEXT_TIME_BYTES];
    char digest[2 * sizeof info->digest + 1];
    char origin[2 * sizeof info->origin_store + 1];
    char signer[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    text_time(created, info->created_unix_ns);
    text_hex(digest, info->digest, sizeof info->digest);
    text_hex(origin, info->origin_store, sizeof info->origin_store);
    satsync_public_key_text(&info->signer, signer);
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:s, s:s, s:s}", "step",
        text_json_u64(info->step), "created_unix_ns", text_json_u64(info->created_unix_ns),
        "created", created, "raw_bytes", text_json_u64(info->raw_bytes), "stored_bytes",
        text_json_u64(info->stored_bytes), "referred_bytes", text_json_u64(info->referred_bytes),
        "tensors", text_json_u64(info->tensors), "chunks", text_json_u64(info->chunks), "packs",
        (int)info->packs, "recipients", (int)info->recipients, "digest", digest, "origin_store",
        origin, "signer", signer);
}

void checkpoint_ratio(char out[CHECKPOINT_RATIO_BYTES],
                      const struct satsync_checkpoint_info *info) {
    if (info->raw_bytes == 0 || info->stored_bytes == 0) {
        snprintf(out, CHECKPOINT_RATIO_BYTES, "-");
        return;
    }
    snprintf(out, CHECKPOINT_RATIO_BYTES, "%.2f",
             (double)info->raw_bytes / (double)info->stored_bytes);
}
