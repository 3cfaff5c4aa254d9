#include "ckpt/store/pack_reader.h"

#include "base/check.h"
#include "ckpt/store/flight.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/lock.h"

#include <inttypes.h>

struct pack_reader {
    struct store *store;
    struct pack_id id;
    struct disk_file *file;
    uint64_t bytes;
};

enum satsync_status pack_reader_open(struct chunks *chunks, const struct pack_id *id,
                                     struct pack_reader **reader, struct satsync_error *error) {
    struct store *store = store_of(chunks);
    *reader = NULL;
    struct pack_reader *opened = memory_new(store->allocator, 1, sizeof *opened);
    ENSURE(opened, error, SATSYNC_NO_MEMORY, store->root, "no memory to open a pack");
    *opened = (struct pack_reader){.store = store, .id = *id};
    struct store_path path = layout_pack(store, id);
    enum satsync_status status = lock_hold(store, path.text, DISK_READ, &opened->file, error);
    if (status == SATSYNC_NOT_FOUND || status == SATSYNC_BUSY) {
        /* BUSY: a sweep is about to remove it. */
        status = error_set(error, SATSYNC_NOT_FOUND, path.text,
                           "the pack is not in the store; \"satsync verify\" tells what needs it");
    }
    if (status == SATSYNC_OK) {
        status = store->disk->ops->size(store->disk, opened->file, &opened->bytes, error);
    }
    if (status != SATSYNC_OK) {
        pack_reader_close(opened);
        return status;
    }
    *reader = opened;
    return SATSYNC_OK;
}

uint64_t pack_reader_bytes(const struct pack_reader *reader) {
    return reader->bytes;
}

enum satsync_status pack_reader_read(struct pack_reader *reader, uint64_t offset, void *data,
                                     size_t bytes, struct satsync_error *error) {
    struct store *store = reader->store;
    struct store_path path = layout_pack(store, &reader->id);
    ENSURE(offset <= reader->bytes && bytes <= reader->bytes - offset, error, SATSYNC_INCOMPLETE,
           path.text, "the pack ends at %" PRIu64 ", but %zu bytes at %" PRIu64 " are asked for",
           reader->bytes, bytes, offset);
    struct flight_plan plan = {.kind = DISK_REQUEST_READ,
                               .file = reader->file,
                               .data = data,
                               .bytes = bytes,
                               .offset = offset};
    return flight_move(store->disk, &plan, store->segment_bytes, path.text, error);
}

void pack_reader_close(struct pack_reader *reader) {
    if (reader) {
        reader->store->disk->ops->close(reader->store->disk, reader->file);
        memory_free(reader->store->allocator, reader);
    }
}
