#include "engine/identity.h"

#include "base/bytes.h"
#include "base/check.h"

#include <string.h>

static const char magic[8] = {'S', 'S', 'Y', 'N', 'C', 'I', 'D', '\n'};
static const char signed_as[] = "satsync store identity";

enum { VERSION = 1 };

enum satsync_status identity_encode(const struct identity *identity, const struct site_key *owner,
                                    const struct allocator *allocator, uint8_t **data,
                                    size_t *bytes) {
    size_t total = sizeof magic + 2 + SEAL_STORE_ID_BYTES + SITE_KEY_BYTES + 2 +
                   identity->recipient_count * SITE_KEY_BYTES + SIGNATURE_BYTES;
    uint8_t *text = memory_new(allocator, 1, total);
    if (!text) {
        return SATSYNC_NO_MEMORY;
    }
    struct bytes_writer out = bytes_writer_over(text, total);
    bytes_put(&out, magic, sizeof magic);
    bytes_put_u16(&out, VERSION);
    bytes_put(&out, identity->store_id, SEAL_STORE_ID_BYTES);
    bytes_put(&out, identity->owner, SITE_KEY_BYTES);
    bytes_put_u16(&out, (uint16_t)identity->recipient_count);
    bytes_put(&out, identity->recipients, identity->recipient_count * SITE_KEY_BYTES);
    uint8_t signature[SIGNATURE_BYTES];
    site_sign(owner, signed_as, text, bytes_written(&out), signature);
    bytes_put(&out, signature, sizeof signature);
    assert(!out.failed && bytes_room(&out) == 0);
    *data = text;
    *bytes = total;
    return SATSYNC_OK;
}

enum satsync_status identity_decode(const uint8_t *data, size_t bytes, const char *store,
                                    struct identity *identity, struct satsync_error *error) {
    memset(identity, 0, sizeof *identity);
    struct bytes_reader in = bytes_reader_over(data, bytes);
    const uint8_t *found = bytes_get_view(&in, sizeof magic);
    ENSURE(found && memcmp(found, magic, sizeof magic) == 0, error, SATSYNC_CORRUPT, store,
           "its identity record is damaged; copy it back from a mirror");
    unsigned version = bytes_get_u16(&in);
    bytes_get_copy(&in, identity->store_id, SEAL_STORE_ID_BYTES);
    bytes_get_copy(&in, identity->owner, SITE_KEY_BYTES);
    /* Before a newer version is believed: its number may be a flipped bit. */
    bool is_signed = bytes > SIGNATURE_BYTES && !in.failed &&
                     site_verify(identity->owner, signed_as, data, bytes - SIGNATURE_BYTES,
                                 data + bytes - SIGNATURE_BYTES);
    ENSURE(is_signed, error, SATSYNC_FORGED, store,
           "its identity record is damaged, or not what its owner signed; copy it back from a "
           "mirror");
    ENSURE(version <= VERSION, error, SATSYNC_NEWER_VERSION, store,
           "the store is of version %u, this program knows %d; upgrade it", version, VERSION);
    identity->recipient_count = bytes_get_u16(&in);
    bool fits = identity->recipient_count <= IDENTITY_RECIPIENTS_MAX;
    if (fits) {
        bytes_get_copy(&in, identity->recipients, identity->recipient_count * SITE_KEY_BYTES);
    }
    bytes_get_view(&in, SIGNATURE_BYTES);
    ENSURE(fits && version == VERSION && bytes_all_read(&in), error, SATSYNC_CORRUPT, store,
           "its identity record is damaged; copy it back from a mirror");
    return SATSYNC_OK;
}
