#include "engine/store.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRUSTED_NAME_BYTES = 8 + 2 * SITE_KEY_BYTES + 1 };

void store_step_text(uint64_t step, char out[32]) {
    snprintf(out, 32, "step %" PRIu64, step);
}

void store_digest_text(const uint8_t digest[DIGEST_BYTES], char out[STORE_DIGEST_TEXT_BYTES]) {
    for (int i = 0; i < (STORE_DIGEST_TEXT_BYTES - 1) / 2; i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

static void trusted_name(const uint8_t key[SITE_KEY_BYTES], char out[TRUSTED_NAME_BYTES]) {
    int at = snprintf(out, TRUSTED_NAME_BYTES, "trusted/");
    for (int i = 0; i < SITE_KEY_BYTES; i++) {
        at += snprintf(out + at, (size_t)(TRUSTED_NAME_BYTES - at), "%02x", key[i]);
    }
}

static enum satsync_status make_identity(const struct satsync_key *key,
                                         const struct satsync_public_key *recipients,
                                         size_t recipient_count, struct identity *identity,
                                         struct satsync_error *error) {
    ENSURE(recipient_count <= IDENTITY_RECIPIENTS_MAX, error, SATSYNC_LIMIT, "recipients",
           "a store has at most %d", IDENTITY_RECIPIENTS_MAX);
    memset(identity, 0, sizeof *identity);
    secret_random(identity->store_id, sizeof identity->store_id);
    memcpy(identity->owner, key_site(key)->public_key, SITE_KEY_BYTES);
    for (size_t i = 0; i < recipient_count; i++) {
        uint8_t exchange[SITE_KEY_BYTES];
        char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
        satsync_public_key_text(&recipients[i], text);
        ENSURE(site_key_exchange(recipients[i].bytes, exchange), error, SATSYNC_INVALID, text,
               "this is no site's public key");
        if (memcmp(recipients[i].bytes, identity->owner, SITE_KEY_BYTES) != 0) {
            memcpy(identity->recipients[identity->recipient_count++], recipients[i].bytes,
                   SITE_KEY_BYTES);
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status write_identity(struct satsync_engine *engine, struct disk *disk,
                                          const char *path, const struct identity *identity,
                                          const struct satsync_key *key,
                                          struct satsync_error *error) {
    uint8_t *data;
    size_t bytes;
    enum satsync_status status =
        identity_encode(identity, key_site(key), engine->allocator, &data, &bytes);
    ENSURE(status == SATSYNC_OK, error, status, path, "out of memory");
    struct chunks *chunks = NULL;
    status = engine->ports.store_open(disk, path, engine->allocator, &chunks, error);
    if (status == SATSYNC_OK) {
        status = chunks->ops->record_write(chunks, IDENTITY_RECORD, data, bytes, error);
        chunks->ops->close(chunks);
    }
    memory_free(engine->allocator, data);
    return status;
}

enum satsync_status satsync_store_create(struct satsync_engine *engine, const char *path,
                                         const struct satsync_key *key,
                                         const struct satsync_public_key *recipients,
                                         size_t recipient_count, struct satsync_error *error) {
    engine_check_process(engine);
    TRY(seal_ready(error));
    struct identity identity;
    TRY(make_identity(key, recipients, recipient_count, &identity, error));
    struct disk *disk;
    TRY(engine->ports.disk_open(engine->allocator, &disk, error));
    enum satsync_status status = engine->ports.store_create(disk, path, engine->allocator, error);
    if (status == SATSYNC_OK) {
        status = write_identity(engine, disk, path, &identity, key, error);
    }
    disk->ops->free(disk);
    return status;
}

static enum satsync_status read_identity(struct satsync_store *store, struct satsync_error *error) {
    uint8_t *data;
    size_t bytes;
    enum satsync_status status =
        store->chunks->ops->record_read(store->chunks, IDENTITY_RECORD, &data, &bytes, error);
    ENSURE(status != SATSYNC_NOT_FOUND, error, status, store->path,
           "its initialisation was cut short: remove the directory and run init again");
    TRY(status);
    status = identity_decode(data, bytes, store->path, &store->identity, error);
    memory_free(store->engine->allocator, data);
    return status;
}

enum satsync_status satsync_store_open(struct satsync_engine *engine, const char *path,
                                       const struct satsync_key *key, struct satsync_store **result,
                                       struct satsync_error *error) {
    *result = NULL;
    engine_check_process(engine);
    TRY(seal_ready(error));
    size_t path_bytes = strlen(path) + 1;
    struct satsync_store *store = memory_new(engine->allocator, 1, sizeof *store + path_bytes);
    ENSURE(store, error, SATSYNC_NO_MEMORY, path, "out of memory");
    store->engine = engine;
    store->key = key;
    memcpy(store->path, path, path_bytes);
    enum satsync_status status = engine->ports.disk_open(engine->allocator, &store->disk, error);
    if (status == SATSYNC_OK) {
        status =
            engine->ports.store_open(store->disk, path, engine->allocator, &store->chunks, error);
    }
    if (status == SATSYNC_OK) {
        status = read_identity(store, error);
    }
    if (status != SATSYNC_OK) {
        satsync_store_close(store);
        return status;
    }
    *result = store;
    return SATSYNC_OK;
}

enum satsync_status store_duplicate(const struct satsync_store *store,
                                    struct satsync_store **duplicate, struct satsync_error *error) {
    return satsync_store_open(store->engine, store->path, store->key, duplicate, error);
}

void satsync_store_close(struct satsync_store *store) {
    if (!store) {
        return;
    }
    if (store->chunks) {
        store->chunks->ops->close(store->chunks);
    }
    if (store->disk) {
        store->disk->ops->free(store->disk);
    }
    memory_free(store->engine->allocator, store);
}

enum satsync_status satsync_store_trust(struct satsync_store *store,
                                        const struct satsync_public_key *key,
                                        struct satsync_error *error) {
    char name[TRUSTED_NAME_BYTES];
    trusted_name(key->bytes, name);
    return store->chunks->ops->record_write(store->chunks, name, key->bytes, sizeof key->bytes,
                                            error);
}

/* Its own owner, its recipients, and keys trusted by name. */
static bool trusts(struct satsync_store *store, const uint8_t signer[SITE_KEY_BYTES]) {
    const struct identity *identity = &store->identity;
    bool known = memcmp(identity->owner, signer, SITE_KEY_BYTES) == 0;
    for (size_t i = 0; i < identity->recipient_count; i++) {
        known |= memcmp(identity->recipients[i], signer, SITE_KEY_BYTES) == 0;
    }
    if (known) {
        return true;
    }
    char name[TRUSTED_NAME_BYTES];
    trusted_name(signer, name);
    uint8_t *data;
    size_t bytes;
    if (store->chunks->ops->record_read(store->chunks, name, &data, &bytes, NULL) != SATSYNC_OK) {
        return false;
    }
    known = bytes == SITE_KEY_BYTES && memcmp(data, signer, SITE_KEY_BYTES) == 0;
    memory_free(store->engine->allocator, data);
    return known;
}

static enum satsync_status check_signature(struct satsync_store *store,
                                           const struct store_manifest *manifest,
                                           const char *subject, struct satsync_error *error) {
    struct manifest peeked = {.allocator = store->engine->allocator};
    enum satsync_status status =
        manifest_peek(manifest->data, manifest->bytes, subject, &peeked, error);
    if (status != SATSYNC_NEWER_VERSION) {
        TRY(status);
    }
    /* Before a newer version is believed: its number may be a flipped bit. */
    const uint8_t *signer_bytes = manifest_signer(manifest->data, manifest->bytes);
    size_t signed_bytes = manifest_signed_bytes(manifest->bytes);
    ENSURE(signer_bytes && site_verify(signer_bytes, STORE_MANIFEST_SIGNED_AS, manifest->data,
                                       signed_bytes, manifest->data + signed_bytes),
           error, SATSYNC_FORGED, subject,
           "its manifest is damaged, or not what its signer signed");
    TRY(status);
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    struct satsync_public_key signer;
    memcpy(signer.bytes, peeked.signer, sizeof signer.bytes);
    satsync_public_key_text(&signer, text);
    ENSURE(
        trusts(store, peeked.signer), error, SATSYNC_FORGED, subject,
        "it is signed by %s, whom this store does not trust; serve with --allow for that key, or "
        "init with it as a recipient",
        text);
    return SATSYNC_OK;
}

enum satsync_status store_manifest_check(struct satsync_store *store, uint8_t *data, size_t bytes,
                                         struct store_manifest *manifest,
                                         struct satsync_error *error) {
    const struct allocator *allocator = store->engine->allocator;
    *manifest = (struct store_manifest){
        .data = data, .bytes = bytes, .allocator = allocator, .root.allocator = allocator};
    digest_of(data, bytes, manifest->digest);
    struct manifest peeked = {.allocator = allocator};
    char subject[32] = "manifest";
    if (manifest_peek(data, bytes, subject, &peeked, NULL) == SATSYNC_OK) {
        store_step_text(peeked.step, subject);
    }
    enum satsync_status status = check_signature(store, manifest, subject, error);
    if (status == SATSYNC_OK) {
        status = manifest_decode(data, bytes, subject, &manifest->root, error);
    }
    if (status != SATSYNC_OK) {
        memory_free(allocator, data);
        *manifest = (struct store_manifest){0};
    }
    return status;
}

enum satsync_status store_manifest_read(struct satsync_store *store, uint64_t step,
                                        struct store_manifest *manifest,
                                        struct satsync_error *error) {
    *manifest = (struct store_manifest){0};
    uint8_t *data;
    size_t bytes;
    TRY(store->chunks->ops->manifest_read(store->chunks, step, &data, &bytes, error));
    TRY(store_manifest_check(store, data, bytes, manifest, error));
    if (manifest->root.step != step) {
        store_manifest_fini(manifest);
        char subject[32];
        store_step_text(step, subject);
        return error_set(error, SATSYNC_FORGED, subject, "its manifest is that of another step");
    }
    return SATSYNC_OK;
}

void store_manifest_fini(struct store_manifest *manifest) {
    if (manifest->data) {
        manifest_fini(&manifest->root);
        memory_free(manifest->allocator, manifest->data);
    }
    *manifest = (struct store_manifest){0};
}

struct step_list {
    uint64_t *steps;
    size_t capacity;
    size_t count;
};

static void add_step(void *context, uint64_t step) {
    struct step_list *list = context;
    if (list->count < list->capacity) {
        list->steps[list->count] = step;
    }
    list->count++;
}

enum satsync_status satsync_store_steps(struct satsync_store *store, uint64_t *steps,
                                        size_t capacity, size_t *count,
                                        struct satsync_error *error) {
    struct step_list list = {steps, capacity, 0};
    TRY(store->chunks->ops->manifest_list(store->chunks, add_step, &list, error));
    *count = list.count;
    return SATSYNC_OK;
}

enum satsync_status satsync_store_info(struct satsync_store *store, uint64_t step,
                                       struct satsync_checkpoint_info *info,
                                       struct satsync_error *error) {
    struct store_manifest manifest;
    TRY(store_manifest_read(store, step, &manifest, error));
    const struct manifest *root = &manifest.root;
    *info = (struct satsync_checkpoint_info){.step = step,
                                             .created_unix_ns = root->created_unix_ns,
                                             .raw_bytes = root->raw_bytes,
                                             .stored_bytes = manifest.bytes,
                                             .tensors = root->tensor_count,
                                             .chunks = root->chunk_count,
                                             .packs = (uint32_t)root->pack_count,
                                             .recipients = (uint32_t)root->recipient_count};
    for (size_t i = 0; i < root->pack_count; i++) {
        *(root->packs[i].step == step ? &info->stored_bytes : &info->referred_bytes) +=
            root->packs[i].bytes;
    }
    memcpy(info->digest, manifest.digest, sizeof info->digest);
    memcpy(info->origin_store, root->store_id, sizeof info->origin_store);
    memcpy(info->signer.bytes, root->signer, sizeof info->signer.bytes);
    store_manifest_fini(&manifest);
    return SATSYNC_OK;
}

enum satsync_status satsync_store_readable(struct satsync_store *store, uint64_t step,
                                           const struct satsync_public_key *key, int *readable,
                                           struct satsync_error *error) {
    struct store_manifest manifest;
    TRY(store_manifest_read(store, step, &manifest, error));
    *readable = manifest_recipient(&manifest.root, key->bytes) >= 0;
    store_manifest_fini(&manifest);
    return SATSYNC_OK;
}
