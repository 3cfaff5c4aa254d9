#include "ckpt/store/record.h"

#include "base/check.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/whole_file.h"

#include <string.h>

enum { NAME_BYTES_MOST = 100 };

/* What the layout itself uses cannot be a record. */
static bool is_taken(const char *name) {
    static const char *const taken[] = {"format", "packs", "manifests", "incoming", "trusted"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (strcmp(name, taken[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Splits the name into the directory (NULL: the root) and the rest. */
static enum satsync_status split(const struct store *store, const char *name,
                                 struct whole_file *file, struct satsync_error *error) {
    static const char trusted[] = "trusted/";
    bool is_trusted = strncmp(name, trusted, strlen(trusted)) == 0;
    file->directory = is_trusted ? "trusted" : NULL;
    file->name = is_trusted ? name + strlen(trusted) : name;
    size_t bytes = strlen(file->name);
    size_t good = strspn(file->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789.-_");
    ENSURE(bytes > 0 && bytes <= NAME_BYTES_MOST && good == bytes && file->name[0] != '.' &&
               (is_trusted || !is_taken(name)),
           error, SATSYNC_INVALID, store->root,
           "\"%.120s\" cannot name a record; use up to %d letters, digits, '-', '_' and '.'", name,
           NAME_BYTES_MOST);
    return SATSYNC_OK;
}

enum satsync_status record_write(struct chunks *chunks, const char *name, const void *data,
                                 size_t bytes, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    struct whole_file file = {.data = data, .bytes = bytes};
    TRY(split(store, name, &file, error));
    ENSURE(bytes <= RECORD_BYTES_MOST, error, SATSYNC_LIMIT, name,
           "a record has at most %d bytes, this one %zu", RECORD_BYTES_MOST, bytes);
    return whole_file_replace(store, &file, error);
}

enum satsync_status record_read(struct chunks *chunks, const char *name, uint8_t **data,
                                size_t *bytes, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    struct whole_file file;
    *data = NULL;
    *bytes = 0;
    TRY(split(store, name, &file, error));
    struct store_path path = layout_path(store, "%s", name);
    return whole_file_read(store, path.text, RECORD_BYTES_MOST, data, bytes, error);
}
