#include "ckpt/store/layout.h"

#include "base/check.h"
#include "ckpt/store/whole_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_start[] = "satsync store ";
static const char *const directories[] = {"packs", "manifests", "incoming", "trusted"};

enum { DIRECTORIES = sizeof directories / sizeof *directories, FORMAT_BYTES_MOST = 64 };

static void hex(char *out, const uint8_t *data, size_t bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[data[i] / 16];
        out[2 * i + 1] = digits[data[i] % 16];
    }
    out[2 * bytes] = '\0';
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads exactly 2 * bytes digits; the text after them, or NULL. */
static const char *unhex(const char *text, uint8_t *out, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        int high = digit_of(text[2 * i]);
        int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0) {
            return NULL;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return text + 2 * bytes;
}

struct store_path layout_path(const struct store *store, const char *format, ...) {
    struct store_path path;
    int start = snprintf(path.text, sizeof path.text, "%s/", store->root);
    va_list arguments;
    va_start(arguments, format);
    int rest = vsnprintf(path.text + start, sizeof path.text - (size_t)start, format, arguments);
    va_end(arguments);
    assert(rest >= 0 && (size_t)(start + rest) < sizeof path.text);
    return path;
}

struct store_path layout_pack(const struct store *store, const struct pack_id *id) {
    char text[PACK_TEXT_BYTES];
    hex(text, id->bytes, PACK_ID_BYTES);
    return layout_path(store, "packs/%s.pack", text);
}

struct store_path layout_manifest(const struct store *store, uint64_t step) {
    return layout_path(store, "manifests/%020" PRIu64 ".manifest", step);
}

struct store_path layout_journal(const struct store *store, const uint8_t digest[DIGEST_BYTES]) {
    char text[2 * DIGEST_BYTES + 1];
    hex(text, digest, DIGEST_BYTES);
    return layout_path(store, "incoming/%s.journal", text);
}

struct store_path layout_part(const struct store *store, const uint8_t digest[DIGEST_BYTES],
                              const struct pack_id *id) {
    char checkpoint[2 * DIGEST_BYTES + 1];
    char pack[PACK_TEXT_BYTES];
    hex(checkpoint, digest, DIGEST_BYTES);
    hex(pack, id->bytes, PACK_ID_BYTES);
    return layout_path(store, "packs/.in-%s-%s", checkpoint, pack);
}

bool layout_reads_pack(const char *name, struct pack_id *id) {
    const char *rest = unhex(name, id->bytes, PACK_ID_BYTES);
    return rest && strcmp(rest, ".pack") == 0;
}

bool layout_reads_manifest(const char *name, uint64_t *step) {
    *step = 0;
    size_t digits = strspn(name, "0123456789");
    if (digits != 20 || strcmp(name + digits, ".manifest") != 0) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        uint64_t digit = (uint64_t)(name[i] - '0');
        if (*step > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *step = *step * 10 + digit;
    }
    return true;
}

bool layout_reads_journal(const char *name, uint8_t digest[DIGEST_BYTES]) {
    const char *rest = unhex(name, digest, DIGEST_BYTES);
    return rest && strcmp(rest, ".journal") == 0;
}

bool layout_reads_part(const char *name, uint8_t digest[DIGEST_BYTES], struct pack_id *id) {
    if (strncmp(name, ".in-", 4) != 0) {
        return false;
    }
    const char *rest = unhex(name + 4, digest, DIGEST_BYTES);
    rest = rest && *rest == '-' ? unhex(rest + 1, id->bytes, PACK_ID_BYTES) : NULL;
    return rest && *rest == '\0';
}

bool layout_reads_temporary(const char *name) {
    return strncmp(name, ".tmp-", 5) == 0;
}

struct survey {
    bool has_format;
    bool has_others;
};

static void note_name(void *context, const char *name) {
    struct survey *survey = context;
    bool is_ours = layout_reads_temporary(name);
    for (size_t i = 0; i < DIRECTORIES; i++) {
        is_ours = is_ours || strcmp(name, directories[i]) == 0;
    }
    bool is_format = strcmp(name, "format") == 0;
    survey->has_format = survey->has_format || is_format;
    survey->has_others = survey->has_others || (!is_ours && !is_format);
}

static void note_any(void *context, const char *name) {
    (void)name;
    ((struct survey *)context)->has_others = true;
}

/* Makes the directory unless it is there; one that is there must be empty. */
static enum satsync_status make_empty(struct store *store, const char *path,
                                      struct satsync_error *error) {
    enum satsync_status status = store->disk->ops->make_directory(store->disk, path, error);
    if (status != SATSYNC_CONFLICT) {
        return status;
    }
    struct survey survey = {0};
    TRY(store->disk->ops->list(store->disk, path, note_any, &survey, error));
    ENSURE(!survey.has_others, error, SATSYNC_CONFLICT, path,
           "there are files in it that are not of a store; choose an empty directory");
    return SATSYNC_OK;
}

/* A store cut short in its making has only what note_name knows as ours, and no format file. */
static enum satsync_status make_root(struct store *store, struct satsync_error *error) {
    enum satsync_status status = store->disk->ops->make_directory(store->disk, store->root, error);
    if (status != SATSYNC_CONFLICT) {
        return status;
    }
    struct survey survey = {0};
    TRY(store->disk->ops->list(store->disk, store->root, note_name, &survey, error));
    ENSURE(!survey.has_format, error, SATSYNC_CONFLICT, store->root,
           "it is a store already; use it, or choose another directory");
    ENSURE(!survey.has_others, error, SATSYNC_CONFLICT, store->root,
           "the directory is not empty; choose an empty or a new one");
    return SATSYNC_OK;
}

static enum satsync_status sync_parent(struct store *store, struct satsync_error *error) {
    char parent[STORE_ROOT_BYTES];
    snprintf(parent, sizeof parent, "%s", store->root);
    char *slash = strrchr(parent, '/');
    if (!slash) {
        snprintf(parent, sizeof parent, ".");
    } else {
        slash[slash == parent] = '\0';
    }
    return store->disk->ops->sync_directory(store->disk, parent, error);
}

enum satsync_status layout_make(struct store *store, struct satsync_error *error) {
    TRY(make_root(store, error));
    for (size_t i = 0; i < DIRECTORIES; i++) {
        struct store_path path = layout_path(store, "%s", directories[i]);
        TRY(make_empty(store, path.text, error));
    }
    /* The format file makes it a store, so all else is durable before it. */
    TRY(store->disk->ops->sync_directory(store->disk, store->root, error));
    TRY(sync_parent(store, error));
    char text[FORMAT_BYTES_MOST];
    int bytes = snprintf(text, sizeof text, "%s%d\n", format_start, LAYOUT_VERSION);
    struct whole_file file = {.name = "format", .data = text, .bytes = (size_t)bytes};
    return whole_file_publish(store, &file, error);
}

static enum satsync_status check_version(const struct store *store, const char *text,
                                         struct satsync_error *error) {
    size_t start = strlen(format_start);
    char *end = NULL;
    unsigned long version = 0;
    if (strncmp(text, format_start, start) == 0) {
        version = strtoul(text + start, &end, 10);
    }
    ENSURE(end && end > text + start && strcmp(end, "\n") == 0 && version > 0, error,
           SATSYNC_CORRUPT, store->root,
           "its file \"format\" is damaged; it should be the line \"%s%d\"", format_start,
           LAYOUT_VERSION);
    ENSURE(version <= LAYOUT_VERSION, error, SATSYNC_NEWER_VERSION, store->root,
           "the store has layout version %lu, this program knows up to %d; use a newer one",
           version, LAYOUT_VERSION);
    return SATSYNC_OK;
}

enum satsync_status layout_check(struct store *store, struct satsync_error *error) {
    struct store_path path = layout_path(store, "format");
    uint8_t *data;
    size_t bytes;
    enum satsync_status status =
        whole_file_read(store, path.text, FORMAT_BYTES_MOST - 1, &data, &bytes, error);
    ENSURE(status != SATSYNC_NOT_FOUND, error, SATSYNC_NOT_FOUND, store->root,
           "it is not a satsync store; make one with \"satsync init %.200s\"", store->root);
    ENSURE(status != SATSYNC_LIMIT, error, SATSYNC_CORRUPT, store->root,
           "its file \"format\" is damaged: it is far too long");
    TRY(status);
    char text[FORMAT_BYTES_MOST] = "";
    memcpy(text, data, bytes);
    memory_free(store->allocator, data);
    return check_version(store, text, error);
}
