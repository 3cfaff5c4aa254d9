#include "engine/remembered.h"

#include "base/bytes.h"
#include "codec/checksum.h"
#include "codec/seal.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 2, NAME_DIGEST_BYTES = 16, ADDRESS_BYTES_MOST = 512 };

static const uint64_t RATE_LEAST_BPS = 64000;
static const uint64_t RATE_MOST_BPS = UINT64_C(10000000000000);
static const uint64_t RTT_MOST_NS = UINT64_C(60000000000);
static const uint64_t DAY_NS = UINT64_C(86400000000000);
static const uint64_t FRESH_DAYS = 7;

void remembered_name(const uint8_t peer[LINK_KEY_BYTES], const char *address,
                     char out[REMEMBERED_NAME_BYTES]) {
    uint8_t subject[LINK_KEY_BYTES + ADDRESS_BYTES_MOST];
    size_t length = strlen(address);
    length = length < ADDRESS_BYTES_MOST ? length : ADDRESS_BYTES_MOST;
    memcpy(subject, peer, LINK_KEY_BYTES);
    memcpy(subject + LINK_KEY_BYTES, address, length);
    uint8_t digest[DIGEST_BYTES];
    digest_of(subject, LINK_KEY_BYTES + length, digest);
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "path-", 5);
    for (size_t i = 0; i < NAME_DIGEST_BYTES; i++) {
        out[5 + 2 * i] = digits[digest[i] / 16];
        out[6 + 2 * i] = digits[digest[i] % 16];
    }
    out[5 + 2 * NAME_DIGEST_BYTES] = '\0';
}

void remembered_encode(const struct remembered *remembered, uint8_t out[REMEMBERED_BYTES]) {
    struct bytes_writer writer = bytes_writer_over(out, REMEMBERED_BYTES);
    bytes_put_u32(&writer, VERSION);
    bytes_put_u64(&writer, remembered->path.rate_bps);
    bytes_put_u64(&writer, remembered->path.rtt_ns);
    bytes_put_u64(&writer, remembered->unix_ns);
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(out, bytes_written(&writer), checksum);
    bytes_put(&writer, checksum, sizeof checksum);
    assert(!writer.failed && bytes_room(&writer) == 0);
}

void remembered_decode(const uint8_t *data, size_t bytes, struct remembered *remembered) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    uint32_t version = bytes_get_u32(&reader);
    struct link_path found = {.rate_bps = bytes_get_u64(&reader)};
    found.rtt_ns = bytes_get_u64(&reader);
    uint64_t unix_ns = bytes_get_u64(&reader);
    const uint8_t *checksum = bytes_get_view(&reader, CHECKSUM_BYTES);
    *remembered = (struct remembered){0};
    if (!bytes_all_read(&reader) || version != VERSION) {
        return;
    }
    uint8_t expected[CHECKSUM_BYTES];
    checksum_of(data, bytes - CHECKSUM_BYTES, expected);
    bool is_sound = memcmp(checksum, expected, sizeof expected) == 0;
    bool can_be = found.rate_bps >= RATE_LEAST_BPS && found.rate_bps <= RATE_MOST_BPS &&
                  found.rtt_ns > 0 && found.rtt_ns <= RTT_MOST_NS;
    if (is_sound && can_be) {
        *remembered = (struct remembered){found, unix_ns};
    }
}

static uint64_t age_ns(const struct remembered *remembered, uint64_t now_unix_ns) {
    return now_unix_ns > remembered->unix_ns ? now_unix_ns - remembered->unix_ns
                                             : remembered->unix_ns - now_unix_ns;
}

bool remembered_is_fresh(const struct remembered *remembered, uint64_t now_unix_ns) {
    return remembered->path.rate_bps > 0 && age_ns(remembered, now_unix_ns) <= FRESH_DAYS * DAY_NS;
}

static struct remembered read_record(struct satsync_store *store,
                                     const char name[REMEMBERED_NAME_BYTES]) {
    uint8_t *data;
    size_t bytes;
    struct remembered remembered = {0};
    struct chunks *chunks = store->chunks;
    if (chunks->ops->record_read(chunks, name, &data, &bytes, NULL) == SATSYNC_OK) {
        remembered_decode(data, bytes, &remembered);
        memory_free(store->engine->allocator, data);
    }
    return remembered;
}

struct link_path remembered_load(struct satsync_store *store, const uint8_t peer[LINK_KEY_BYTES],
                                 const char *address) {
    char name[REMEMBERED_NAME_BYTES];
    remembered_name(peer, address, name);
    struct remembered remembered = read_record(store, name);
    bool fresh = remembered_is_fresh(&remembered, store->engine->ports.unix_ns());
    return fresh ? remembered.path : (struct link_path){0};
}

/* Within a sixteenth: not worth a flush of the disk. */
static bool is_near(uint64_t a, uint64_t b) {
    return (a > b ? a - b : b - a) <= a / 16;
}

void remembered_keep(struct satsync_store *store, const uint8_t peer[LINK_KEY_BYTES],
                     const char *address, const struct link_path *path) {
    char name[REMEMBERED_NAME_BYTES];
    remembered_name(peer, address, name);
    struct remembered before = read_record(store, name);
    struct remembered now = {*path, store->engine->ports.unix_ns()};
    bool is_same =
        is_near(path->rate_bps, before.path.rate_bps) && is_near(path->rtt_ns, before.path.rtt_ns);
    if (path->rate_bps == 0 || (is_same && age_ns(&before, now.unix_ns) < DAY_NS)) {
        return;
    }
    uint8_t record[REMEMBERED_BYTES];
    remembered_encode(&now, record);
    struct satsync_error error;
    struct chunks *chunks = store->chunks;
    if (chunks->ops->record_write(chunks, name, record, sizeof record, &error) != SATSYNC_OK) {
        log_line(store->engine->log, LOG_INFO, "push", "the path is not remembered: %s",
                 error.message);
    }
}
