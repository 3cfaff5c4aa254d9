#include "ckpt/store/pack_writer.h"

#include "base/check.h"
#include "base/pool.h"
#include "ckpt/store/flight.h"
#include "ckpt/store/layout.h"
#include "ckpt/store/lock.h"

#include <string.h>

struct segment {
    struct flight flight;
    uint8_t *data;
};

struct pack_writer {
    struct store *store;
    struct pack_id id;
    struct temporary temporary;
    struct pool pool;
    struct segment *segments;
    size_t current;   /* the segment that fills */
    size_t used;      /* bytes in it */
    uint64_t written; /* bytes in the segments before it */
    uint64_t expected_bytes;
    enum satsync_status failed; /* the first failure; every later call returns it */
};

static void free_writer(struct pack_writer *writer) {
    const struct allocator *allocator = writer->store->allocator;
    pool_fini(&writer->pool);
    memory_free(allocator, writer->segments);
    memory_free(allocator, writer);
}

static struct pack_writer *new_writer(struct store *store) {
    struct pack_writer *writer = memory_new(store->allocator, 1, sizeof *writer);
    if (!writer) {
        return NULL;
    }
    writer->store = store;
    writer->segments = memory_new(store->allocator, store->segments, sizeof *writer->segments);
    struct pool_options options = {
        .blocks = store->segments, .block_bytes = store->segment_bytes, .align = DISK_ALIGN};
    if (!writer->segments || pool_init(&writer->pool, &options, store->allocator) != SATSYNC_OK) {
        memory_free(store->allocator, writer->segments);
        memory_free(store->allocator, writer);
        return NULL;
    }
    for (size_t i = 0; i < store->segments; i++) {
        writer->segments[i].data = pool_take(&writer->pool);
    }
    return writer;
}

static enum satsync_status create_file(struct pack_writer *writer, struct satsync_error *error) {
    struct store *store = writer->store;
    TRY(lock_temporary(store, "packs", DISK_WRITE | DISK_DIRECT, &writer->temporary, error));
    enum satsync_status status = store->disk->ops->allocate(store->disk, writer->temporary.file,
                                                            writer->expected_bytes, error);
    if (status != SATSYNC_OK) {
        lock_drop_temporary(store, &writer->temporary, false);
    }
    return status;
}

enum satsync_status pack_writer_create(struct chunks *chunks, const struct pack_id *id,
                                       uint64_t expected_bytes, struct pack_writer **writer,
                                       struct satsync_error *error) {
    struct store *store = store_of(chunks);
    *writer = NULL;
    struct pack_writer *created = new_writer(store);
    ENSURE(created, error, SATSYNC_NO_MEMORY, store->root,
           "no memory for a pack's %zu segments of %zu bytes", store->segments,
           store->segment_bytes);
    created->id = *id;
    created->expected_bytes = expected_bytes;
    enum satsync_status status = create_file(created, error);
    if (status != SATSYNC_OK) {
        free_writer(created);
        return status;
    }
    *writer = created;
    return SATSYNC_OK;
}

static enum satsync_status fail(struct pack_writer *writer, enum satsync_status status,
                                struct satsync_error *error) {
    writer->failed = writer->failed == SATSYNC_OK ? status : writer->failed;
    return flight_error(error, writer->failed, writer->temporary.path.text, "writing the pack");
}

/* Sends the current segment off and makes the next one, the oldest in flight, the current one. */
static enum satsync_status send_segment(struct pack_writer *writer, struct satsync_error *error) {
    struct store *store = writer->store;
    struct segment *segment = &writer->segments[writer->current];
    struct flight_plan plan = {.kind = DISK_REQUEST_WRITE,
                               .file = writer->temporary.file,
                               .data = segment->data,
                               .bytes = writer->used,
                               .offset = writer->written};
    flight_start(store->disk, &segment->flight, &plan);
    writer->written += writer->used;
    writer->used = 0;
    writer->current = (writer->current + 1) % store->segments;
    enum satsync_status status =
        flight_land(store->disk, &writer->segments[writer->current].flight);
    return status == SATSYNC_OK ? SATSYNC_OK : fail(writer, status, error);
}

enum satsync_status pack_writer_append(struct pack_writer *writer, const void *data, size_t bytes,
                                       uint64_t *offset, struct satsync_error *error) {
    if (writer->failed != SATSYNC_OK) {
        return fail(writer, writer->failed, error);
    }
    const uint8_t *from = data;
    *offset = writer->written + writer->used;
    while (bytes > 0) {
        size_t room = writer->store->segment_bytes - writer->used;
        size_t taken = bytes < room ? bytes : room;
        memcpy(writer->segments[writer->current].data + writer->used, from, taken);
        writer->used += taken;
        from += taken;
        bytes -= taken;
        if (writer->used == writer->store->segment_bytes) {
            TRY(send_segment(writer, error));
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status land_all(struct pack_writer *writer) {
    enum satsync_status first_failure = SATSYNC_OK;
    for (size_t i = 0; i < writer->store->segments; i++) {
        enum satsync_status status = flight_land(writer->store->disk, &writer->segments[i].flight);
        first_failure = first_failure == SATSYNC_OK ? status : first_failure;
    }
    return first_failure;
}

static enum satsync_status pad_and_land(struct pack_writer *writer, struct satsync_error *error) {
    if (writer->failed != SATSYNC_OK) {
        return fail(writer, writer->failed, error);
    }
    size_t padded = (writer->used + DISK_ALIGN - 1) / DISK_ALIGN * DISK_ALIGN;
    memset(writer->segments[writer->current].data + writer->used, 0, padded - writer->used);
    writer->used = padded;
    if (padded > 0) {
        TRY(send_segment(writer, error));
    }
    enum satsync_status status = land_all(writer);
    return status == SATSYNC_OK ? SATSYNC_OK : fail(writer, status, error);
}

typedef enum satsync_status name_fn(struct disk *disk, const char *from, const char *to,
                                    struct satsync_error *error);

/* Data before its name, the name before anybody is told of it. */
static enum satsync_status make_durable(struct pack_writer *writer, name_fn *give_name,
                                        struct satsync_error *error) {
    struct store *store = writer->store;
    const struct disk_ops *disk = store->disk->ops;
    TRY(pad_and_land(writer, error));
    if (writer->expected_bytes > writer->written) {
        /* Gives back what was reserved and not used. */
        TRY(disk->truncate(store->disk, writer->temporary.file, writer->written, error));
    }
    TRY(disk->sync(store->disk, writer->temporary.file, error));
    struct store_path to = layout_pack(store, &writer->id);
    TRY(give_name(store->disk, writer->temporary.path.text, to.text, error));
    struct store_path directory = layout_path(store, "packs");
    return disk->sync_directory(store->disk, directory.text, error);
}

/* The file stays open: its lock holds the pack until a manifest names it. */
static void hold(struct store *store, struct held_pack *held, struct pack_writer *writer) {
    *held =
        (struct held_pack){.id = writer->id, .file = writer->temporary.file, .next = store->held};
    store->held = held;
    writer->temporary.file = NULL;
}

enum satsync_status pack_writer_finish(struct pack_writer *writer, uint64_t *bytes,
                                       struct satsync_error *error) {
    struct store *store = writer->store;
    *bytes = 0;
    struct held_pack *held = memory_new(store->allocator, 1, sizeof *held);
    enum satsync_status status =
        held ? make_durable(writer, store->disk->ops->publish, error)
             : error_set(error, SATSYNC_NO_MEMORY, store->root, "no memory to keep a pack");
    if (status != SATSYNC_OK) {
        memory_free(store->allocator, held);
        pack_writer_abandon(writer);
        return status;
    }
    *bytes = writer->written;
    /* The second name goes only now that the first is durable; a sweep takes it if this fails. */
    (void)store->disk->ops->remove(store->disk, writer->temporary.path.text, NULL);
    hold(store, held, writer);
    free_writer(writer);
    return SATSYNC_OK;
}

enum satsync_status pack_writer_replace(struct pack_writer *writer, uint64_t *bytes,
                                        struct satsync_error *error) {
    struct store *store = writer->store;
    *bytes = 0;
    enum satsync_status status = make_durable(writer, store->disk->ops->rename, error);
    if (status != SATSYNC_OK) {
        pack_writer_abandon(writer);
        return status;
    }
    *bytes = writer->written;
    lock_drop_temporary(store, &writer->temporary, true);
    free_writer(writer);
    return SATSYNC_OK;
}

void pack_writer_abandon(struct pack_writer *writer) {
    if (!writer) {
        return;
    }
    (void)land_all(writer);
    lock_drop_temporary(writer->store, &writer->temporary, false);
    free_writer(writer);
}

void pack_writer_release(struct chunks *chunks, const struct pack_id *id) {
    struct store *store = store_of(chunks);
    for (struct held_pack **at = &store->held; *at; at = &(*at)->next) {
        struct held_pack *held = *at;
        if (memcmp(held->id.bytes, id->bytes, PACK_ID_BYTES) == 0) {
            *at = held->next;
            store->disk->ops->close(store->disk, held->file);
            memory_free(store->allocator, held);
            return;
        }
    }
}

void pack_writer_release_all(struct store *store) {
    while (store->held) {
        struct pack_id id = store->held->id;
        pack_writer_release(&store->chunks, &id);
    }
}
