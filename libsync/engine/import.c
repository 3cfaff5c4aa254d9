/* Saving safetensors files: one, several, or a sharded set named by its index. */
#include "base/check.h"
#include "engine/file.h"
#include "engine/file_set.h"
#include "engine/import_outlook.h"
#include "engine/job.h"
#include "engine/masters.h"
#include "engine/save_room.h"
#include "model/safetensors.h"

#include <string.h>

struct import {
    struct job job;
    struct satsync_engine *engine;
    struct satsync_save *save;
    struct disk *disk; /* of this thread; the save's belongs to its workers */
    char **files;
    size_t file_count;
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Streams [from, to) of the file into the save as one item. */
static enum satsync_status stream_item(struct import *import, struct file *file,
                                       const struct save_item *item, uint64_t from,
                                       struct satsync_error *error) {
    uint64_t count = layout_count(&item->layout);
    for (uint64_t i = 0; i < count; i++) {
        ENSURE(!operation_cancelled(import->job.operation), error, SATSYNC_CANCELLED, file->path,
               "cancelled; nothing was saved");
        struct range range = layout_chunk(&item->layout, i);
        struct save_slot *slot;
        TRY(save_take_slot(import->save, &slot, error));
        slot->item = *item;
        slot->position = range.from;
        slot->raw_bytes = (size_t)(range.to - range.from);
        TRY(file_read(file, from + range.from, slot->staging.raw, slot->raw_bytes, error));
        save_submit(import->save, slot);
    }
    return SATSYNC_OK;
}

static enum satsync_status add_file(struct import *import, const char *path,
                                    enum index_file_kind kind, const struct save_item *header,
                                    struct satsync_error *error) {
    const char *name = base_name(path);
    const struct save_file *files = import->save->files.at;
    for (size_t i = 0; i < import->save->files.count; i++) {
        ENSURE(strcmp(files[i].name, name) != 0, error, SATSYNC_INVALID, path,
               "two files are called %s; a checkpoint holds each name once", name);
    }
    const struct save_file file = {
        .name = (char *)(uintptr_t)name, .kind = kind, .header = save_item_extent(header)};
    return save_add_file(import->save, &file, error);
}

static enum satsync_status import_opaque(struct import *import, struct file *file,
                                         struct satsync_error *error) {
    uint64_t bytes;
    TRY(file->disk->ops->size(file->disk, file->handle, &bytes, error));
    struct save_item item =
        save_item_begin(import->save, SEAL_FILE_HEADER, import->save->files.count, bytes, NULL);
    TRY(add_file(import, file->path, INDEX_FILE_OPAQUE, &item, error));
    return stream_item(import, file, &item, 0, error);
}

static enum satsync_status import_tensors(struct import *import, struct file *file,
                                          const struct safetensors *parsed, uint64_t data_from,
                                          struct satsync_error *error) {
    uint64_t number = import->save->files.count - 1;
    for (size_t i = 0; i < parsed->tensor_count; i++) {
        const struct safetensors_tensor *tensor = &parsed->tensors[i];
        ENSURE(strlen(tensor->name) > 0 && strlen(tensor->name) <= INDEX_NAME_MAX, error,
               SATSYNC_UNSUPPORTED, file->path, "a tensor's name is empty or longer than %d bytes",
               INDEX_NAME_MAX);
        struct save_item item =
            save_item_begin(import->save, SEAL_TENSOR, import->save->tensors.count,
                            tensor->to - tensor->from, dtype_row(tensor->dtype));
        const struct save_tensor record = {.name = (char *)(uintptr_t)tensor->name,
                                           .file = number,
                                           .dtype = tensor->dtype,
                                           .rank = tensor->rank,
                                           .shape = (uint64_t *)(uintptr_t)tensor->shape,
                                           .data = save_item_extent(&item)};
        TRY(save_add_tensor(import->save, &record, error));
        TRY(stream_item(import, file, &item, data_from + tensor->from, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status import_parsed(struct import *import, struct file *file,
                                         const uint8_t *header, size_t header_bytes,
                                         struct satsync_error *error) {
    struct safetensors parsed = {.allocator = import->engine->allocator};
    TRY(safetensors_parse(header, header_bytes, file->path, &parsed, error));
    uint64_t file_bytes;
    enum satsync_status status =
        file->disk->ops->size(file->disk, file->handle, &file_bytes, error);
    if (status == SATSYNC_OK) {
        status = safetensors_check_size(&parsed, header_bytes, file_bytes, file->path, error);
    }
    if (status == SATSYNC_OK) {
        uint64_t data_from = SAFETENSORS_LENGTH_BYTES + header_bytes;
        struct save_item item = save_item_begin(import->save, SEAL_FILE_HEADER,
                                                import->save->files.count, data_from, NULL);
        status = add_file(import, file->path, INDEX_FILE_SAFETENSORS, &item, error);
        if (status == SATSYNC_OK) {
            status = stream_item(import, file, &item, 0, error);
        }
        if (status == SATSYNC_OK) {
            status = import_tensors(import, file, &parsed, data_from, error);
        }
    }
    safetensors_fini(&parsed);
    return status;
}

static enum satsync_status import_safetensors(struct import *import, struct file *file,
                                              struct satsync_error *error) {
    uint8_t first[SAFETENSORS_LENGTH_BYTES];
    enum satsync_status status = file_read(file, 0, first, sizeof first, error);
    ENSURE(status != SATSYNC_INCOMPLETE, error, SATSYNC_INVALID, file->path,
           "it is shorter than a safetensors file can be");
    TRY(status);
    size_t header_bytes;
    TRY(safetensors_header_bytes(first, file->path, &header_bytes, error));
    uint64_t file_bytes;
    TRY(file->disk->ops->size(file->disk, file->handle, &file_bytes, error));
    ENSURE(header_bytes <= file_bytes - sizeof first, error, SATSYNC_INVALID, file->path,
           "its header of %zu bytes is cut short: this is no whole safetensors file", header_bytes);
    uint8_t *header = memory_new(import->engine->allocator, 1, header_bytes);
    ENSURE(header, error, SATSYNC_NO_MEMORY, file->path, "no memory for its header");
    status = file_read(file, sizeof first, header, header_bytes, error);
    if (status == SATSYNC_OK) {
        status = import_parsed(import, file, header, header_bytes, error);
    }
    memory_free(import->engine->allocator, header);
    return status;
}

static enum satsync_status import_path(struct import *import, const char *path,
                                       struct satsync_error *error);

static enum satsync_status import_set(struct import *import, const char *path,
                                      const struct index *index, struct satsync_error *error) {
    for (size_t i = 0; i < index->file_count; i++) {
        char member[FILE_SET_PATH_BYTES];
        TRY(file_set_member(path, index->files[i], member, error));
        TRY(import_path(import, member, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status import_index(struct import *import, struct file *file,
                                        struct satsync_error *error) {
    struct index index;
    TRY(file_set_read(file, import->engine->allocator, &index, error));
    enum satsync_status status = import_opaque(import, file, error);
    if (status == SATSYNC_OK) {
        status = import_set(import, file->path, &index, error);
    }
    index_fini(&index);
    return status;
}

static enum satsync_status import_path(struct import *import, const char *path,
                                       struct satsync_error *error) {
    struct file file;
    TRY(file_open(import->disk, path, DISK_READ, &file, error));
    enum satsync_status status = file_set_is_index(path) ? import_index(import, &file, error)
                                                         : import_safetensors(import, &file, error);
    file_close(&file);
    return status;
}

static enum satsync_status import_run(struct job *job, struct satsync_error *error) {
    struct import *import = (struct import *)job;
    struct import_outlook outlook = {.disk = import->disk, .allocator = import->engine->allocator};
    TRY(import_outlook(&outlook, import->files, import->file_count, error));
    TRY(save_room_check(import->save, outlook.bytes, error));
    if (import->save->derive == SATSYNC_DERIVE_AUTO && outlook.types.fp32 && outlook.types.bf16) {
        import->save->masters = masters_new(import->engine);
    }
    struct satsync_progress *progress = operation_progress_lock(job->operation);
    progress->activity = SATSYNC_ACTIVITY_CODING;
    progress->total_bytes = outlook.bytes;
    operation_progress_unlock(job->operation);
    monitor_lock(import->save->monitor);
    import->save->operation = job->operation;
    monitor_unlock(import->save->monitor);
    for (size_t i = 0; i < import->file_count; i++) {
        TRY(import_path(import, import->files[i], error));
    }
    TRY(save_drain(import->save, error));
    TRY(save_commit(import->save, error));
    progress = operation_progress_lock(job->operation);
    progress->raw_bytes = import->save->raw_bytes;
    progress->stored_bytes = import->save->sealed_total;
    operation_progress_unlock(job->operation);
    return SATSYNC_OK;
}

static void import_free(struct job *job) {
    struct import *import = (struct import *)job;
    const struct allocator *allocator = import->engine->allocator;
    satsync_save_abandon(import->save);
    if (import->disk) {
        import->disk->ops->free(import->disk);
    }
    for (size_t i = 0; import->files && i < import->file_count; i++) {
        memory_free(allocator, import->files[i]);
    }
    memory_free(allocator, import->files);
    memory_free(allocator, import);
}

static enum satsync_status copy_files(struct import *import, const char *const *files,
                                      size_t count) {
    const struct allocator *allocator = import->engine->allocator;
    import->files = memory_new(allocator, count, sizeof *import->files);
    if (!import->files) {
        return SATSYNC_NO_MEMORY;
    }
    import->file_count = count;
    for (size_t i = 0; i < count; i++) {
        import->files[i] = memory_string(allocator, files[i]);
        if (!import->files[i]) {
            return SATSYNC_NO_MEMORY;
        }
    }
    return SATSYNC_OK;
}

enum satsync_status satsync_save_files(struct satsync_store *store,
                                       const struct satsync_save_options *options,
                                       const char *const *files, size_t count,
                                       struct satsync_operation **operation,
                                       struct satsync_error *error) {
    *operation = NULL;
    ENSURE(count > 0, error, SATSYNC_INVALID, "files", "name at least one file to save");
    struct satsync_save *save;
    TRY(satsync_save_begin(store, options, &save, error));
    struct import *import = memory_new(store->engine->allocator, 1, sizeof *import);
    if (!import) {
        satsync_save_abandon(save);
        return error_set(error, SATSYNC_NO_MEMORY, "save", "out of memory");
    }
    import->job = (struct job){.run = import_run, .free = import_free};
    import->engine = store->engine;
    import->save = save;
    enum satsync_status status = copy_files(import, files, count);
    if (status != SATSYNC_OK) {
        error_set(error, status, "save", "out of memory");
    } else {
        status = import->engine->ports.disk_open(import->engine->allocator, &import->disk, error);
    }
    if (status != SATSYNC_OK) {
        import_free(&import->job);
        return status;
    }
    return job_start(store->engine, &import->job, "satsync-save", operation, error);
}
