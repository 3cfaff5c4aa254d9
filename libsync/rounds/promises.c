#include "rounds/promises.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/checksum.h"

#include <string.h>

enum { PROMISES_VERSION = 1 };

void promises_init(struct promises *promises) {
    memset(promises, 0, sizeof *promises);
    promises->first_index = 1;
}

enum satsync_status promises_append(struct promises *promises, const struct promise *entry) {
    if (promises->count == PROMISE_ENTRIES_MAX || entry->bytes > PROMISE_BYTES_MAX) {
        return SATSYNC_LIMIT;
    }
    promises->entries[promises->count++] = *entry;
    return SATSYNC_OK;
}

const struct promise *promises_entry(const struct promises *promises, uint64_t index) {
    if (index < promises->first_index || index - promises->first_index >= promises->count) {
        return NULL;
    }
    return &promises->entries[index - promises->first_index];
}

uint64_t promises_last_index(const struct promises *promises) {
    return promises->first_index + promises->count - 1;
}

void promises_truncate(struct promises *promises, uint64_t index) {
    if (index < promises->first_index) {
        promises->count = 0;
    } else if (index - promises->first_index < promises->count) {
        promises->count = (size_t)(index - promises->first_index);
    }
}

void promises_forget(struct promises *promises, uint64_t index) {
    if (index < promises->first_index) {
        return;
    }
    uint64_t gone = index - promises->first_index + 1;
    gone = gone < promises->count ? gone : promises->count;
    promises->count -= (size_t)gone;
    promises->first_index += gone;
    memmove(promises->entries, promises->entries + gone, promises->count * sizeof(struct promise));
}

static void put_promise(struct bytes_writer *writer, const struct promise *promise) {
    bytes_put_u64(writer, promise->term);
    bytes_put_u8(writer, promise->type);
    bytes_put_u16(writer, promise->bytes);
    bytes_put(writer, promise->data, promise->bytes);
}

static void get_promise(struct bytes_reader *reader, struct promise *promise) {
    promise->term = bytes_get_u64(reader);
    promise->type = bytes_get_u8(reader);
    promise->bytes = bytes_get_u16(reader);
    if (promise->bytes > PROMISE_BYTES_MAX) {
        reader->failed = true;
        promise->bytes = 0;
    }
    bytes_get_copy(reader, promise->data, promise->bytes);
}

size_t promises_encode(const struct promises *promises, uint8_t out[PROMISES_BYTES_MAX]) {
    struct bytes_writer writer = bytes_writer_over(out, PROMISES_BYTES_MAX);
    bytes_put_u8(&writer, PROMISES_VERSION);
    bytes_put_u64(&writer, promises->term);
    bytes_put_u64(&writer, promises->vote);
    bytes_put_u64(&writer, promises->snapshot_index);
    bytes_put_u64(&writer, promises->configuration_index);
    put_promise(&writer, &promises->snapshot);
    put_promise(&writer, &promises->configuration);
    bytes_put_u64(&writer, promises->first_index);
    bytes_put_u16(&writer, (uint16_t)promises->count);
    for (size_t i = 0; i < promises->count; i++) {
        put_promise(&writer, &promises->entries[i]);
    }
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(out, bytes_written(&writer), checksum);
    bytes_put(&writer, checksum, sizeof checksum);
    assert(!writer.failed);
    return bytes_written(&writer);
}

static bool is_whole(const void *data, size_t bytes) {
    if (bytes < CHECKSUM_BYTES + 1) {
        return false;
    }
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(data, bytes - CHECKSUM_BYTES, checksum);
    return memcmp(checksum, (const uint8_t *)data + bytes - CHECKSUM_BYTES, CHECKSUM_BYTES) == 0;
}

static void get_all(struct bytes_reader *reader, struct promises *promises) {
    promises->term = bytes_get_u64(reader);
    promises->vote = bytes_get_u64(reader);
    promises->snapshot_index = bytes_get_u64(reader);
    promises->configuration_index = bytes_get_u64(reader);
    get_promise(reader, &promises->snapshot);
    get_promise(reader, &promises->configuration);
    promises->first_index = bytes_get_u64(reader);
    promises->count = bytes_get_u16(reader);
    if (promises->count > PROMISE_ENTRIES_MAX || promises->first_index == 0) {
        reader->failed = true;
        promises->count = 0;
    }
    for (size_t i = 0; i < promises->count; i++) {
        get_promise(reader, &promises->entries[i]);
    }
}

/* A log goes on where the snapshot ends, or earlier, with terms that never fall. */
static bool is_consistent(const struct promises *promises) {
    if (promises->first_index > promises->snapshot_index + 1 ||
        promises_last_index(promises) < promises->snapshot_index ||
        promises->configuration_index > promises->snapshot_index) {
        return false;
    }
    uint64_t term = 1;
    for (size_t i = 0; i < promises->count; i++) {
        if (promises->entries[i].term < term || promises->entries[i].term > promises->term ||
            promises->entries[i].bytes == 0) {
            return false;
        }
        term = promises->entries[i].term;
    }
    return true;
}

enum satsync_status promises_decode(struct promises *promises, const void *data, size_t bytes) {
    promises_init(promises);
    if (!is_whole(data, bytes)) {
        return SATSYNC_CORRUPT;
    }
    struct bytes_reader reader = bytes_reader_over(data, bytes - CHECKSUM_BYTES);
    uint8_t version = bytes_get_u8(&reader);
    if (version != PROMISES_VERSION) {
        return version > PROMISES_VERSION ? SATSYNC_NEWER_VERSION : SATSYNC_CORRUPT;
    }
    get_all(&reader, promises);
    if (!bytes_all_read(&reader) || !is_consistent(promises)) {
        promises_init(promises);
        return SATSYNC_CORRUPT;
    }
    return SATSYNC_OK;
}
