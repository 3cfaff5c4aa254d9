#include "ckpt/store/journal.h"

#include "base/check.h"
#include "ckpt/store/flight.h"
#include "ckpt/store/lock.h"
#include "ckpt/store/whole_file.h"

#include <string.h>

/* A journal of a 10 TB checkpoint over a bad link has some 20 MB. */
static const uint64_t journal_bytes_most = (uint64_t)1 << 30;

enum { PIECE_BYTES = 1 << 20, ATTEMPTS = 3 };

/* Creates the file if need be, and seizes it. */
static enum satsync_status seize(struct journal *journal, struct satsync_error *error) {
    struct store *store = journal->store;
    const struct disk_ops *disk = store->disk->ops;
    for (int attempt = 0;; attempt++) {
        struct disk_file *created = NULL;
        enum satsync_status status = disk->open(
            store->disk, journal->path.text, DISK_READ | DISK_WRITE | DISK_CREATE, &created, error);
        disk->close(store->disk, created);
        if (status != SATSYNC_OK && status != SATSYNC_CONFLICT) {
            return status;
        }
        status = lock_seize(store, journal->path.text, &journal->file, error);
        if (status == SATSYNC_UNSUPPORTED) {
            log_line(store->log, LOG_WARNING, "store",
                     "%s: the file system has no locks; let one process at a time receive",
                     journal->path.text);
            return disk->open(store->disk, journal->path.text, DISK_READ | DISK_WRITE,
                              &journal->file, error);
        }
        /* NOT_FOUND: its last owner removed it between the two steps. */
        if (status != SATSYNC_NOT_FOUND || attempt == ATTEMPTS) {
            return status;
        }
    }
}

static enum satsync_status write_at_end(struct journal *journal, uint8_t *data, size_t bytes,
                                        struct satsync_error *error) {
    struct store *store = journal->store;
    struct flight_plan plan = {.kind = DISK_REQUEST_WRITE,
                               .file = journal->file,
                               .data = data,
                               .bytes = bytes,
                               .offset = journal->end};
    TRY(flight_move(store->disk, &plan, PIECE_BYTES, journal->path.text, error));
    journal->end += bytes;
    return SATSYNC_OK;
}

static enum satsync_status sync_end(struct journal *journal, struct satsync_error *error) {
    struct disk *disk = journal->store->disk;
    TRY(disk->ops->sync(disk, journal->file, error));
    journal->synced_end = journal->end;
    return SATSYNC_OK;
}

static enum satsync_status begin_anew(struct journal *journal,
                                      const struct journal_subject *subject,
                                      struct satsync_error *error) {
    struct store *store = journal->store;
    size_t bytes = claims_header_bytes(subject->count);
    uint8_t *header = memory_new(store->allocator, 1, bytes);
    ENSURE(header, error, SATSYNC_NO_MEMORY, journal->path.text, "no memory for its header");
    claims_put_header(header, subject->digest, subject->files, subject->count, &journal->sum);
    journal->end = journal->synced_end = 0;
    enum satsync_status status = store->disk->ops->truncate(store->disk, journal->file, 0, error);
    if (status == SATSYNC_OK) {
        status = write_at_end(journal, header, bytes, error);
    }
    memory_free(store->allocator, header);
    TRY(status);
    return sync_end(journal, error);
}

static bool is_about(const struct claims_header *header, const struct journal_subject *subject) {
    if (header->files != subject->count ||
        memcmp(header->digest, subject->digest, DIGEST_BYTES) != 0) {
        return false;
    }
    for (size_t i = 0; i < subject->count; i++) {
        struct incoming_file file = claims_header_file(header, i);
        if (file.bytes != subject->files[i].bytes ||
            memcmp(file.id.bytes, subject->files[i].id.bytes, PACK_ID_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

static enum satsync_status hear_claims(struct journal *journal, struct bytes_reader *reader,
                                       const struct journal_listener *listener,
                                       struct claim *claims) {
    const uint8_t *start = reader->at;
    uint64_t first = journal->end;
    for (;;) {
        size_t count = claims_get_record(reader, claims, &journal->sum);
        if (count == 0) {
            return SATSYNC_OK;
        }
        journal->end = first + (uint64_t)(reader->at - start);
        for (size_t i = 0; i < count; i++) {
            TRY(listener->found(listener->context, &claims[i]));
        }
    }
}

/* Begins the journal anew when it is about something else, or damaged at its start, which only a
 * crash in begin_anew leaves behind. Else hears its claims and cuts a torn end off. */
static enum satsync_status hear(struct journal *journal, const struct journal_subject *subject,
                                const struct journal_listener *listener,
                                struct bytes_reader *reader, struct satsync_error *error) {
    struct store *store = journal->store;
    size_t bytes = bytes_left(reader);
    struct claims_header header;
    if (!claims_get_header(reader, &header, &journal->sum) || !is_about(&header, subject)) {
        return begin_anew(journal, subject, error);
    }
    journal->end = bytes - bytes_left(reader);
    struct claim *claims = memory_new(store->allocator, CLAIMS_PER_RECORD, sizeof *claims);
    ENSURE(claims, error, SATSYNC_NO_MEMORY, journal->path.text, "no memory to read it");
    enum satsync_status status = hear_claims(journal, reader, listener, claims);
    memory_free(store->allocator, claims);
    ENSURE(status == SATSYNC_OK, error, status, journal->path.text, "no memory for what it claims");
    if (journal->end != bytes) {
        TRY(store->disk->ops->truncate(store->disk, journal->file, journal->end, error));
    }
    return sync_end(journal, error); /* its last owner may have died before it did */
}

enum satsync_status journal_open(struct store *store, const struct journal_subject *subject,
                                 const struct journal_listener *listener, struct journal *journal,
                                 struct satsync_error *error) {
    *journal = (struct journal){.store = store, .path = layout_journal(store, subject->digest)};
    ENSURE(subject->count <= CLAIMS_FILES_MOST, error, SATSYNC_LIMIT, journal->path.text,
           "a checkpoint has at most %d packs, this one %zu", CLAIMS_FILES_MOST, subject->count);
    enum satsync_status status = seize(journal, error);
    ENSURE(status != SATSYNC_BUSY, error, SATSYNC_BUSY, journal->path.text,
           "another process is receiving the same checkpoint; let it finish");
    uint8_t *data = NULL;
    size_t bytes = 0;
    if (status == SATSYNC_OK) {
        status =
            whole_file_read(store, journal->path.text, journal_bytes_most, &data, &bytes, error);
    }
    if (status == SATSYNC_OK) {
        struct bytes_reader reader = bytes_reader_over(data, bytes);
        status = hear(journal, subject, listener, &reader, error);
    }
    memory_free(store->allocator, data);
    if (status != SATSYNC_OK) {
        journal_close(journal);
    }
    return status;
}

static enum satsync_status append_record(struct journal *journal, const struct claim *claims,
                                         size_t count, struct satsync_error *error) {
    size_t bytes = claims_record_bytes(count);
    uint8_t *record = memory_new(journal->store->allocator, 1, bytes);
    ENSURE(record, error, SATSYNC_NO_MEMORY, journal->path.text, "no memory for a record");
    claims_put_record(record, claims, count, &journal->sum);
    enum satsync_status status = write_at_end(journal, record, bytes, error);
    memory_free(journal->store->allocator, record);
    return status;
}

static enum satsync_status append_all(struct journal *journal, const struct claim *claims,
                                      size_t count, struct satsync_error *error) {
    while (count > 0) {
        size_t now = count < CLAIMS_PER_RECORD ? count : CLAIMS_PER_RECORD;
        TRY(append_record(journal, claims, now, error));
        claims += now;
        count -= now;
    }
    return SATSYNC_OK;
}

/* What a sync failed to keep stays readable until the next crash. Records behind it would be lost
 * with it: it goes. */
static enum satsync_status cut_if_failed(struct journal *journal, enum satsync_status status) {
    if (status != SATSYNC_OK) {
        struct disk *disk = journal->store->disk;
        (void)disk->ops->truncate(disk, journal->file, journal->synced_end, NULL);
    }
    return status;
}

enum satsync_status journal_append(struct journal *journal, const struct claim *claims,
                                   size_t count, struct satsync_error *error) {
    enum satsync_status status = append_all(journal, claims, count, error);
    status = status == SATSYNC_OK ? sync_end(journal, error) : status;
    return cut_if_failed(journal, status);
}

enum satsync_status journal_note(struct journal *journal, const struct claim *claims, size_t count,
                                 struct satsync_error *error) {
    return cut_if_failed(journal, append_all(journal, claims, count, error));
}

enum satsync_status journal_remove(struct journal *journal, struct satsync_error *error) {
    return journal->store->disk->ops->remove(journal->store->disk, journal->path.text, error);
}

void journal_close(struct journal *journal) {
    if (journal->file) {
        journal->store->disk->ops->close(journal->store->disk, journal->file);
        journal->file = NULL;
    }
}
