#include "engine/tags.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_CHARACTERS LETTERS "0123456789.-_"

enum { RECORD_NAME_BYTES = 32 };

/* As the record holds them: names with a space between two. */
struct tags {
    char text[SATSYNC_TAGS_BYTES];
    size_t bytes;
};

static void record_name(uint64_t step, char out[RECORD_NAME_BYTES]) {
    snprintf(out, RECORD_NAME_BYTES, "tag-%020" PRIu64, step);
}

/* Begins with a letter, so that it is never taken for a step. */
static bool is_name(const char *name, size_t bytes) {
    return bytes > 0 && bytes <= SATSYNC_TAG_BYTES && strchr(LETTERS, name[0]) &&
           strspn(name, NAME_CHARACTERS) >= bytes;
}

static bool are_names(const char *text) {
    while (*text) {
        size_t bytes = strcspn(text, " ");
        bool is_last = text[bytes] == '\0';
        if (!is_name(text, bytes) || (!is_last && text[bytes + 1] == '\0')) {
            return false;
        }
        text += is_last ? bytes : bytes + 1;
    }
    return true;
}

static enum satsync_status read_tags(struct satsync_store *store, uint64_t step, struct tags *tags,
                                     struct satsync_error *error) {
    char name[RECORD_NAME_BYTES];
    uint8_t *data;
    size_t bytes;
    *tags = (struct tags){.bytes = 0};
    record_name(step, name);
    enum satsync_status status =
        store->chunks->ops->record_read(store->chunks, name, &data, &bytes, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    TRY(status);
    bool fits = bytes < sizeof tags->text && !memchr(data, '\0', bytes);
    if (fits) {
        memcpy(tags->text, data, bytes);
        tags->bytes = bytes;
    }
    memory_free(store->engine->allocator, data);
    ENSURE(fits && are_names(tags->text), error, SATSYNC_CORRUPT, name,
           "the record of this step's tags is damaged; remove the file and tag the step again");
    return SATSYNC_OK;
}

static enum satsync_status write_tags(struct satsync_store *store, uint64_t step,
                                      const struct tags *tags, struct satsync_error *error) {
    char name[RECORD_NAME_BYTES];
    record_name(step, name);
    return store->chunks->ops->record_write(store->chunks, name, tags->text, tags->bytes, error);
}

/* NULL: it is none of them. */
static char *find(struct tags *tags, const char *name) {
    size_t bytes = strlen(name);
    for (char *at = tags->text; *at; at += *at == ' ') {
        size_t length = strcspn(at, " ");
        if (length == bytes && memcmp(at, name, bytes) == 0) {
            return at;
        }
        at += length;
    }
    return NULL;
}

/* That the step is there and the name can be one; reads the tags. */
static enum satsync_status begin(struct satsync_store *store, uint64_t step, const char *name,
                                 struct tags *tags, struct satsync_error *error) {
    struct store_manifest manifest;
    engine_check_process(store->engine);
    ENSURE(is_name(name, strlen(name)), error, SATSYNC_INVALID, name,
           "a tag is a letter and up to %d more letters, digits, '.', '-' and '_'",
           SATSYNC_TAG_BYTES - 1);
    TRY(store_manifest_read(store, step, &manifest, error));
    store_manifest_fini(&manifest);
    return read_tags(store, step, tags, error);
}

enum satsync_status satsync_store_tag(struct satsync_store *store, uint64_t step, const char *name,
                                      struct satsync_error *error) {
    struct tags tags;
    TRY(begin(store, step, name, &tags, error));
    if (find(&tags, name)) {
        return SATSYNC_OK;
    }
    size_t bytes = strlen(name);
    ENSURE(tags.bytes + 1 + bytes < sizeof tags.text, error, SATSYNC_LIMIT, name,
           "the step has too many tags already; remove some");
    tags.bytes += (size_t)snprintf(tags.text + tags.bytes, sizeof tags.text - tags.bytes, "%s%s",
                                   tags.bytes > 0 ? " " : "", name);
    return write_tags(store, step, &tags, error);
}

enum satsync_status satsync_store_untag(struct satsync_store *store, uint64_t step,
                                        const char *name, struct satsync_error *error) {
    struct tags tags;
    TRY(begin(store, step, name, &tags, error));
    char *at = find(&tags, name);
    ENSURE(at, error, SATSYNC_NOT_FOUND, name, "the step has no such tag; \"ls\" shows its tags");
    /* With the space behind it, or the one before when it is the last. */
    char *next = at + strlen(name);
    at -= *next == '\0' && at > tags.text;
    next += *next == ' ';
    memmove(at, next, strlen(next) + 1);
    tags.bytes = strlen(tags.text);
    return write_tags(store, step, &tags, error);
}

enum satsync_status satsync_store_tags(struct satsync_store *store, uint64_t step,
                                       char names[SATSYNC_TAGS_BYTES],
                                       struct satsync_error *error) {
    struct tags tags;
    engine_check_process(store->engine);
    TRY(read_tags(store, step, &tags, error));
    memcpy(names, tags.text, tags.bytes + 1);
    return SATSYNC_OK;
}

bool tags_keep(struct satsync_store *store, uint64_t step) {
    struct tags tags;
    return read_tags(store, step, &tags, NULL) != SATSYNC_OK || tags.bytes > 0;
}

enum satsync_status tags_forget(struct satsync_store *store, uint64_t step,
                                struct satsync_error *error) {
    const struct tags none = {.bytes = 0};
    return tags_keep(store, step) ? write_tags(store, step, &none, error) : SATSYNC_OK;
}
