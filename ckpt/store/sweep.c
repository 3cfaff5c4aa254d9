#include "ckpt/store/sweep.h"

#include "base/check.h"
#include "ckpt/store/claims.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/lock.h"
#include "ckpt/store/whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 160 };

static const uint64_t journal_bytes_most = (uint64_t)1 << 30;
static const char *const directories[] = {".", "packs", "manifests", "incoming", "trusted"};

struct noted_name {
    char directory[16];
    char name[NAME_BYTES];
};

struct sweep_notes {
    const struct allocator *allocator;
    struct noted_name *at;
    size_t count;
    size_t capacity;
    const char *directory; /* that is being listed */
    bool failed;
};

/* A packs' directory also has packs and parts; everywhere else only temporaries are ours to take.
 */
static bool is_candidate(const char *directory, const char *name) {
    struct pack_id id;
    uint8_t digest[DIGEST_BYTES];
    return layout_reads_temporary(name) ||
           (strcmp(directory, "packs") == 0 &&
            (layout_reads_pack(name, &id) || layout_reads_part(name, digest, &id)));
}

static void note(void *context, const char *name) {
    struct sweep_notes *notes = context;
    if (notes->failed || strlen(name) >= NAME_BYTES || !is_candidate(notes->directory, name)) {
        return;
    }
    if (notes->count == notes->capacity) {
        size_t larger = notes->capacity ? notes->capacity * 2 : 64;
        struct noted_name *grown =
            memory_grow(notes->allocator, notes->at, notes->count * sizeof *notes->at,
                        larger * sizeof *notes->at);
        if (!grown) {
            notes->failed = true;
            return;
        }
        notes->at = grown;
        notes->capacity = larger;
    }
    struct noted_name *noted = &notes->at[notes->count++];
    snprintf(noted->directory, sizeof noted->directory, "%s", notes->directory);
    snprintf(noted->name, sizeof noted->name, "%s", name);
}

static struct store_path path_of(const struct store *store, const struct noted_name *noted) {
    return layout_path(store, "%s/%s", noted->directory, noted->name);
}

/* OK: nobody has it. BUSY: somebody does, or it cannot be known. NOT_FOUND: it is gone. */
static enum satsync_status try_seize(struct store *store, const struct noted_name *noted,
                                     struct disk_file **file, struct satsync_error *error) {
    struct store_path path = path_of(store, noted);
    enum satsync_status status = lock_seize(store, path.text, file, error);
    return status == SATSYNC_UNSUPPORTED ? SATSYNC_BUSY : status;
}

/* Of what was noted, keeps what nobody holds at this moment. */
static enum satsync_status drop_held(struct store *store, struct sweep_notes *notes,
                                     struct satsync_error *error) {
    size_t kept = 0;
    for (size_t i = 0; i < notes->count; i++) {
        struct disk_file *file;
        enum satsync_status status = try_seize(store, &notes->at[i], &file, error);
        if (status == SATSYNC_BUSY || status == SATSYNC_NOT_FOUND) {
            continue;
        }
        TRY(status);
        store->disk->ops->close(store->disk, file);
        notes->at[kept++] = notes->at[i];
    }
    notes->count = kept;
    return SATSYNC_OK;
}

void sweep_forget(struct store *store) {
    if (store->notes) {
        memory_free(store->allocator, store->notes->at);
        memory_free(store->allocator, store->notes);
        store->notes = NULL;
    }
}

static enum satsync_status take_notes(struct store *store, struct sweep_notes *notes,
                                      struct satsync_error *error) {
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        notes->directory = directories[i];
        struct store_path path = layout_path(store, "%s", directories[i]);
        TRY(store->disk->ops->list(store->disk, path.text, note, notes, error));
    }
    ENSURE(!notes->failed, error, SATSYNC_NO_MEMORY, store->root, "no memory to note its files");
    return drop_held(store, notes, error);
}

enum satsync_status sweep_begin(struct chunks *chunks, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    ENSURE(!store->is_read_only, error, SATSYNC_READ_ONLY, store->root,
           "the store was opened for reading only");
    sweep_forget(store);
    store->notes = memory_new(store->allocator, 1, sizeof *store->notes);
    ENSURE(store->notes, error, SATSYNC_NO_MEMORY, store->root, "no memory for a sweep");
    store->notes->allocator = store->allocator;
    enum satsync_status status = take_notes(store, store->notes, error);
    if (status != SATSYNC_OK) {
        sweep_forget(store);
    }
    return status;
}

/* What is needed: the caller's packs, and those that journals name. */
struct needs {
    struct store *store;
    struct pack_id *at;
    size_t count;
    size_t capacity;
    uint8_t (*journals)[DIGEST_BYTES];
    size_t journals_count;
    size_t journals_capacity;
    bool failed;
};

static int by_id(const void *left, const void *right) {
    return memcmp(left, right, PACK_ID_BYTES);
}

static bool is_needed(const struct needs *needs, const struct pack_id *id) {
    return needs->count > 0 && bsearch(id, needs->at, needs->count, sizeof *needs->at, by_id);
}

static void add_need(struct needs *needs, const struct pack_id *id) {
    if (needs->count == needs->capacity) {
        size_t larger = needs->capacity ? needs->capacity * 2 : 64;
        struct pack_id *grown =
            memory_grow(needs->store->allocator, needs->at, needs->count * sizeof *needs->at,
                        larger * sizeof *needs->at);
        if (!grown) {
            needs->failed = true;
            return;
        }
        needs->at = grown;
        needs->capacity = larger;
    }
    needs->at[needs->count++] = *id;
}

static void note_journal(void *context, const char *name) {
    struct needs *needs = context;
    uint8_t digest[DIGEST_BYTES];
    if (needs->failed || !layout_reads_journal(name, digest)) {
        return;
    }
    if (needs->journals_count == needs->journals_capacity) {
        size_t larger = needs->journals_capacity ? needs->journals_capacity * 2 : 16;
        void *grown = memory_grow(needs->store->allocator, needs->journals,
                                  needs->journals_count * DIGEST_BYTES, larger * DIGEST_BYTES);
        if (!grown) {
            needs->failed = true;
            return;
        }
        needs->journals = grown;
        needs->journals_capacity = larger;
    }
    memcpy(needs->journals[needs->journals_count++], digest, DIGEST_BYTES);
}

static bool has_journal(const struct needs *needs, const uint8_t digest[DIGEST_BYTES]) {
    for (size_t i = 0; i < needs->journals_count; i++) {
        if (memcmp(needs->journals[i], digest, DIGEST_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds the packs of one journal. One that cannot be read was torn at its begin: nothing is lost
 * with it, and its next owner begins it anew. */
static enum satsync_status read_journal(struct needs *needs, const uint8_t digest[DIGEST_BYTES],
                                        struct satsync_error *error) {
    struct store *store = needs->store;
    struct store_path path = layout_journal(store, digest);
    uint8_t *data;
    size_t bytes;
    enum satsync_status status =
        whole_file_read(store, path.text, journal_bytes_most, &data, &bytes, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    TRY(status);
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct claims_header header;
    uint64_t sum;
    if (claims_get_header(&reader, &header, &sum)) {
        for (size_t i = 0; i < header.files; i++) {
            struct incoming_file file = claims_header_file(&header, i);
            add_need(needs, &file.id);
        }
    }
    memory_free(store->allocator, data);
    return SATSYNC_OK;
}

static enum satsync_status gather_needs(struct needs *needs, const struct pack_id *live,
                                        size_t count, struct satsync_error *error) {
    struct store *store = needs->store;
    struct store_path path = layout_path(store, "incoming");
    TRY(store->disk->ops->list(store->disk, path.text, note_journal, needs, error));
    for (size_t i = 0; i < needs->journals_count; i++) {
        TRY(read_journal(needs, needs->journals[i], error));
    }
    for (size_t i = 0; i < count; i++) {
        add_need(needs, &live[i]);
    }
    ENSURE(!needs->failed, error, SATSYNC_NO_MEMORY, store->root, "no memory for a sweep");
    if (needs->count > 0) {
        qsort(needs->at, needs->count, sizeof *needs->at, by_id);
    }
    return SATSYNC_OK;
}

static bool may_go(const struct needs *needs, const struct noted_name *noted) {
    struct pack_id id;
    uint8_t digest[DIGEST_BYTES];
    if (layout_reads_temporary(noted->name)) {
        return true;
    }
    if (layout_reads_part(noted->name, digest, &id)) {
        return !has_journal(needs, digest);
    }
    return layout_reads_pack(noted->name, &id) && !is_needed(needs, &id);
}

static enum satsync_status remove_noted(struct store *store, const struct noted_name *noted,
                                        struct satsync_error *error) {
    struct disk_file *file;
    enum satsync_status status = try_seize(store, noted, &file, error);
    if (status == SATSYNC_BUSY || status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    TRY(status);
    struct store_path path = path_of(store, noted);
    status = store->disk->ops->remove(store->disk, path.text, error);
    store->disk->ops->close(store->disk, file);
    return status == SATSYNC_NOT_FOUND ? SATSYNC_OK : status;
}

static enum satsync_status sweep_noted(struct needs *needs, const struct pack_id *live,
                                       size_t count, struct satsync_error *error) {
    struct sweep_notes *notes = needs->store->notes;
    TRY(gather_needs(needs, live, count, error));
    for (size_t i = 0; i < notes->count; i++) {
        if (may_go(needs, &notes->at[i])) {
            TRY(remove_noted(needs->store, &notes->at[i], error));
        }
    }
    return SATSYNC_OK;
}

enum satsync_status sweep_run(struct chunks *chunks, const struct pack_id *live, size_t count,
                              struct satsync_error *error) {
    struct store *store = store_of(chunks);
    ENSURE(store->notes, error, SATSYNC_WRONG_STATE, store->root,
           "a sweep begins with sweep_begin, before the manifests are read");
    struct needs needs = {.store = store};
    enum satsync_status status = sweep_noted(&needs, live, count, error);
    memory_free(store->allocator, needs.at);
    memory_free(store->allocator, needs.journals);
    sweep_forget(store);
    return status;
}
