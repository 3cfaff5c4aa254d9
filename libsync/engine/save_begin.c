/* The public calls of a save. */
#include "base/check.h"
#include "base/json.h"
#include "codec/codec.h"
#include "engine/masters.h"
#include "engine/save_base.h"
#include "engine/save_room.h"

#include <inttypes.h>
#include <string.h>

enum { LEAST_SLOTS = 4, MOST_SLOTS = 512, LEAST_CHUNK_BYTES = 4096 };

static const enum codec codecs[] = {[SATSYNC_CODEC_AUTO] = CODEC_AUTO,
                                    [SATSYNC_CODEC_STORED] = CODEC_STORED,
                                    [SATSYNC_CODEC_FAST] = CODEC_FAST,
                                    [SATSYNC_CODEC_HUFF] = CODEC_HUFF,
                                    [SATSYNC_CODEC_ZSTD] = CODEC_ZSTD};

static enum satsync_status read_options(const struct satsync_save_options *given,
                                        struct satsync_save_options *options,
                                        struct satsync_error *error) {
    satsync_save_options_init(options);
    TRY(options_size_check(given, given->size, sizeof *options, "save options", error));
    memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
    options->chunk_bytes = options->chunk_bytes ? options->chunk_bytes : CODEC_CHUNK_BYTES;
    ENSURE((size_t)options->codec < sizeof codecs / sizeof *codecs, error, SATSYNC_INVALID, "codec",
           "there is no codec number %d", (int)options->codec);
    ENSURE(options->derive <= SATSYNC_DERIVE_BF16, error, SATSYNC_INVALID, "derive",
           "there is no way to derive number %d", (int)options->derive);
    ENSURE(options->base <= SATSYNC_BASE_STEP, error, SATSYNC_INVALID, "base",
           "there is no kind of base number %d", (int)options->base);
    ENSURE(options->chunk_bytes >= LEAST_CHUNK_BYTES &&
               options->chunk_bytes <= CODEC_CHUNK_BYTES_MAX,
           error, SATSYNC_INVALID, "chunk_bytes", "%u is outside 4 KiB to 16 MiB",
           options->chunk_bytes);
    ENSURE((options->data_packs == 0) == (options->parity_packs == 0) &&
               options->data_packs <= SATSYNC_PACKS_MAX &&
               options->parity_packs <= SATSYNC_PACKS_MAX - options->data_packs,
           error, SATSYNC_INVALID, "parity", "%u+%u packs are not at least 1+1 and at most %d",
           options->data_packs, options->parity_packs, SATSYNC_PACKS_MAX);
    return SATSYNC_OK;
}

static enum satsync_status check_step_is_free(struct satsync_store *store, uint64_t step,
                                              struct satsync_error *error) {
    struct store_manifest present;
    enum satsync_status status = store_manifest_read(store, step, &present, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK;
    }
    if (satsync_status_class(status) == SATSYNC_CLASS_RESOURCE) {
        return status; /* it cannot be known */
    }
    char subject[32];
    char digest[STORE_DIGEST_TEXT_BYTES] = "damaged";
    store_step_text(step, subject);
    if (status == SATSYNC_OK) {
        store_digest_text(present.digest, digest);
        store_manifest_fini(&present);
    }
    return error_set(error, SATSYNC_CONFLICT, subject,
                     "%s has this step already (%s), and a checkpoint never changes; save another "
                     "step",
                     store->path, digest);
}

static enum satsync_status start_packs(struct satsync_save *save, struct satsync_error *error) {
    struct chunks *chunks = save->store->chunks;
    save->packs = memory_new(save->engine->allocator, save->pack_count, sizeof *save->packs);
    save->keys = secret_new(save->pack_count * sizeof *save->keys);
    ENSURE(save->packs && save->keys, error, SATSYNC_NO_MEMORY, "save",
           "no memory for packs and secret keys");
    for (unsigned i = 0; i < save->pack_count; i++) {
        struct save_pack *pack = &save->packs[i];
        struct seal_key *key = &save->keys[i];
        secret_random(pack->id.bytes, sizeof pack->id.bytes);
        extent_table_init(&pack->table, save->engine->allocator);
        secret_random(key->bytes, sizeof key->bytes);
        key->algorithm = seal_best();
        key->library = save->engine->seal_library;
        TRY(chunks->ops->pack_create(chunks, &pack->id, 0, &pack->writer, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status start_slots(struct satsync_save *save, struct satsync_error *error) {
    const struct allocator *allocator = save->engine->allocator;
    uint64_t slot_bytes = 2 * (uint64_t)save->chunk_bytes;
    uint64_t count = save->engine->memory_bytes / slot_bytes;
    count = count < LEAST_SLOTS ? LEAST_SLOTS : count > MOST_SLOTS ? MOST_SLOTS : count;
    save->slot_count = (size_t)count;
    save->slots = memory_new(allocator, save->slot_count, sizeof *save->slots);
    save->monitor = monitor_new(allocator);
    ENSURE(save->slots && save->monitor, error, SATSYNC_NO_MEMORY, "save", "out of memory");
    return SATSYNC_OK;
}

enum satsync_status satsync_save_begin(struct satsync_store *store,
                                       const struct satsync_save_options *given,
                                       struct satsync_save **result, struct satsync_error *error) {
    *result = NULL;
    engine_check_process(store->engine);
    struct satsync_save_options options;
    TRY(read_options(given, &options, error));
    ENSURE(store->key, error, SATSYNC_NO_KEY, store->path,
           "saving needs the site's key, to sign; open the store with it");
    TRY(check_step_is_free(store, options.step, error));
    struct satsync_save *save = memory_new(store->engine->allocator, 1, sizeof *save);
    ENSURE(save, error, SATSYNC_NO_MEMORY, "save", "out of memory");
    save->engine = store->engine;
    save->step = options.step;
    save->codec = codecs[options.codec];
    save->derive = options.derive;
    save->pack_count = options.data_packs ? options.data_packs : 1;
    save->parity_count = options.parity_packs;
    save->chunk_bytes = options.chunk_bytes;
    if (options.derive == SATSYNC_DERIVE_BF16) {
        save->masters = masters_new(save->engine); /* without, nothing is derived */
    }
    /* Its own handle: the background work owns it, while the caller goes on with the other. */
    enum satsync_status status = store_duplicate(store, &save->store, error);
    if (status == SATSYNC_OK) {
        status = start_slots(save, error);
    }
    if (status == SATSYNC_OK) {
        status = save_base_open(save, &options, error);
    }
    if (status == SATSYNC_OK && options.expected_bytes > 0) {
        status = save_room_check(save, options.expected_bytes, error);
    }
    if (status == SATSYNC_OK) {
        status = start_packs(save, error);
    }
    if (status != SATSYNC_OK) {
        save_free(save);
        return status;
    }
    *result = save;
    return SATSYNC_OK;
}

static enum satsync_status check_name(const char *name, const char *what,
                                      struct satsync_error *error) {
    ENSURE(name && *name, error, SATSYNC_INVALID, what, "it needs a name");
    ENSURE(strlen(name) <= INDEX_NAME_MAX, error, SATSYNC_INVALID, what,
           "its name is longer than %d bytes", INDEX_NAME_MAX);
    /* What safetensors cannot hold could not be restored. */
    ENSURE(json_is_utf8(name), error, SATSYNC_INVALID, what, "its name is not UTF-8");
    ENSURE(strcmp(name, "__metadata__") != 0, error, SATSYNC_INVALID, what,
           "safetensors keeps the name __metadata__ for itself; choose another");
    return SATSYNC_OK;
}

enum satsync_status save_add_file(struct satsync_save *save, const struct save_file *file,
                                  struct satsync_error *error) {
    struct save_file *added = save_list_add(save, &save->files, sizeof *added);
    char *name = memory_string(save->engine->allocator, file->name);
    if (!added || !name) {
        memory_free(save->engine->allocator, name);
        return error_set(error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    }
    *added = *file;
    added->name = name;
    return SATSYNC_OK;
}

enum satsync_status save_add_tensor(struct satsync_save *save, const struct save_tensor *tensor,
                                    struct satsync_error *error) {
    const struct allocator *allocator = save->engine->allocator;
    struct save_tensor *added = save_list_add(save, &save->tensors, sizeof *added);
    ENSURE(added, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    *added = *tensor;
    added->name = memory_string(allocator, tensor->name);
    added->shape = memory_new(allocator, tensor->rank, sizeof *added->shape);
    ENSURE(added->name && added->shape, error, SATSYNC_NO_MEMORY, "save",
           "no memory for the index");
    if (tensor->rank > 0) {
        memcpy(added->shape, tensor->shape, tensor->rank * sizeof *added->shape);
    }
    return SATSYNC_OK;
}

/* Tensors put through the API belong to one file in canonical form. */
static enum satsync_status ensure_file(struct satsync_save *save, struct satsync_error *error) {
    if (save->files.count > 0) {
        return SATSYNC_OK;
    }
    char name[] = "checkpoint.safetensors";
    const struct save_file file = {
        .name = name, .kind = INDEX_FILE_SAFETENSORS, .header = {.chunk_bytes = save->chunk_bytes}};
    return save_add_file(save, &file, error);
}

enum satsync_status satsync_save_put(struct satsync_save *save, const struct satsync_tensor *tensor,
                                     struct satsync_error *error) {
    TRY(check_name(tensor->name, "tensor", error));
    const char *dtype_name = satsync_dtype_name(tensor->dtype);
    ENSURE(dtype_name, error, SATSYNC_INVALID, tensor->name, "there is no dtype number %d",
           (int)tensor->dtype);
    ENSURE(tensor->dimensions <= SATSYNC_MAX_DIMENSIONS, error, SATSYNC_INVALID, tensor->name,
           "%u dimensions are more than %d", tensor->dimensions, SATSYNC_MAX_DIMENSIONS);
    enum dtype dtype;
    TRY(dtype_parse(dtype_name, tensor->name, &dtype, error));
    const struct dtype_row *row = dtype_row(dtype);
    uint64_t bytes = row->bytes;
    for (uint32_t i = 0; i < tensor->dimensions; i++) {
        ENSURE(!__builtin_mul_overflow(bytes, tensor->shape[i], &bytes) && bytes <= INT64_MAX,
               error, SATSYNC_INVALID, tensor->name, "its shape is larger than memory can be");
    }
    ENSURE(tensor->data || bytes == 0, error, SATSYNC_INVALID, tensor->name, "its data is NULL");
    TRY(ensure_file(save, error));
    struct save_item item = save_item_begin(save, SEAL_TENSOR, save->tensors.count, bytes, row);
    struct satsync_tensor copy = *tensor;
    const struct save_tensor record = {.name = (char *)(uintptr_t)tensor->name,
                                       .dtype = dtype,
                                       .rank = tensor->dimensions,
                                       .shape = copy.shape,
                                       .data = save_item_extent(&item)};
    TRY(save_add_tensor(save, &record, error));
    return save_item_copy(save, &item, tensor->data, error);
}

enum satsync_status satsync_save_put_blob(struct satsync_save *save, const char *name,
                                          const void *data, size_t bytes,
                                          struct satsync_error *error) {
    TRY(check_name(name, "blob", error));
    ENSURE(data || bytes == 0, error, SATSYNC_INVALID, name, "its data is NULL");
    struct save_item item = save_item_begin(save, SEAL_BLOB, save->blobs.count, bytes, NULL);
    struct save_blob *blob = save_list_add(save, &save->blobs, sizeof *blob);
    ENSURE(blob, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    blob->name = memory_string(save->engine->allocator, name);
    blob->data = save_item_extent(&item);
    ENSURE(blob->name, error, SATSYNC_NO_MEMORY, "save", "no memory for the index");
    return save_item_copy(save, &item, data, error);
}

struct commit_task {
    struct task task;
    struct satsync_save *save;
};

static void commit_run(struct task *task, size_t worker) {
    (void)worker;
    struct satsync_save *save = ((struct commit_task *)task)->save;
    struct satsync_operation *operation = save->operation;
    struct satsync_error error = {0};
    enum satsync_status status = save_drain(save, &error);
    if (status == SATSYNC_OK && operation_cancelled(operation)) {
        status = error_set(&error, SATSYNC_CANCELLED, "save", "cancelled; nothing was saved");
    }
    if (status == SATSYNC_OK) {
        status = save_commit(save, &error);
    }
    memory_free(save->engine->allocator, task);
    save_free(save);
    operation_finish(operation, status, &error);
}

enum satsync_status satsync_save_commit(struct satsync_save *save,
                                        struct satsync_operation **operation,
                                        struct satsync_error *error) {
    *operation = NULL;
    struct commit_task *task = memory_new(save->engine->allocator, 1, sizeof *task);
    struct satsync_operation *started = NULL;
    enum satsync_status status = task ? operation_new(save->engine, &started) : SATSYNC_NO_MEMORY;
    if (status != SATSYNC_OK) {
        memory_free(save->engine->allocator, task);
        satsync_save_abandon(save);
        return error_set(error, status, "save", "out of memory");
    }
    monitor_lock(save->monitor);
    save->operation = started;
    started->progress.activity = SATSYNC_ACTIVITY_CODING;
    started->progress.done_bytes = save->appended_bytes; /* some may be written already */
    started->progress.raw_bytes = save->raw_bytes;
    started->progress.total_bytes = save->raw_bytes;
    monitor_unlock(save->monitor);
    *task = (struct commit_task){{.run = commit_run}, save};
    *operation = started;
    exec_submit(started->engine->exec, &task->task);
    return SATSYNC_OK;
}

void satsync_save_abandon(struct satsync_save *save) {
    if (save) {
        enum satsync_status status = save_drain(save, NULL);
        (void)status; /* it is dropped either way */
        save_free(save);
    }
}
