#include "engine/export.h"

#include "base/check.h"

#include <string.h>

enum { BUFFER_BYTES = 16 << 20 };

static enum satsync_status write_whole(struct export *export, const struct export_piece *piece,
                                       struct file *out, uint64_t at, struct satsync_error *error) {
    for (uint64_t done = 0; done < piece->bytes;) {
        ENSURE(!operation_cancelled(export->job.operation), error, SATSYNC_CANCELLED,
               export->output, "cancelled; nothing was written");
        uint64_t left = piece->bytes - done;
        size_t bytes = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
        TRY(reader_read(export->reader, piece->item, (struct range){done, done + bytes},
                        export->buffer, error));
        TRY(file_write(out, at + done, export->buffer, bytes, error));
        done += bytes;
        struct satsync_progress *progress = operation_progress_lock(export->job.operation);
        progress->done_bytes += bytes;
        operation_progress_unlock(export->job.operation);
    }
    return SATSYNC_OK;
}

/* A box is gathered in memory: an operator asks for a slice, not for a tensor of a terabyte. */
static enum satsync_status write_box(struct export *export, const struct export_piece *piece,
                                     struct file *out, uint64_t at, struct satsync_error *error) {
    const struct allocator *allocator = export->engine->allocator;
    ENSURE(piece->bytes <= export->engine->memory_bytes, error, SATSYNC_LIMIT, piece->item->name,
           "the box has %llu bytes, more than the memory budget; raise it or restore the tensor",
           (unsigned long long)piece->bytes);
    uint8_t *data = memory_new(allocator, 1, (size_t)piece->bytes);
    ENSURE(data, error, SATSYNC_NO_MEMORY, piece->item->name, "no memory for the box");
    enum satsync_status status = satsync_reader_read_box(
        export->reader, (size_t)piece->item->number, piece->from, piece->to, data, error);
    if (status == SATSYNC_OK) {
        status = file_write(out, at, data, (size_t)piece->bytes, error);
    }
    memory_free(allocator, data);
    return status;
}

static enum satsync_status write_content(struct export *export, struct export_file *file,
                                         struct file *out, struct satsync_error *error) {
    TRY(file_write(out, 0, file->header, file->header_bytes, error));
    uint64_t at = file->header_bytes;
    for (size_t i = 0; i < file->piece_count; i++) {
        const struct export_piece *piece = &file->pieces[i];
        TRY(piece->from ? write_box(export, piece, out, at, error)
                        : write_whole(export, piece, out, at, error));
        at += piece->bytes;
    }
    return out->disk->ops->sync(out->disk, out->handle, error);
}

static enum satsync_status write_file(struct export *export, struct export_file *file,
                                      struct satsync_error *error) {
    struct file out;
    TRY(file_open(export->disk, file->temporary, DISK_WRITE | DISK_CREATE, &out, error));
    file->written = true;
    enum satsync_status status = write_content(export, file, &out, error);
    file_close(&out);
    return status;
}

static bool is_directory(struct export *export, const char *path) {
    size_t length = strlen(path);
    if (length > 0 && path[length - 1] == '/') {
        return true;
    }
    uint64_t free_bytes;
    char inside[4096 + 2];
    if (length + 3 > sizeof inside) {
        return false;
    }
    memcpy(inside, path, length);
    memcpy(inside + length, "/.", 3);
    return export->disk->ops->free_bytes(export->disk, inside, &free_bytes, NULL) == SATSYNC_OK;
}

static enum satsync_status plan(struct export *export, struct satsync_error *error) {
    bool directory = is_directory(export, export->output);
    ENSURE(!directory || export->selection_count == 0, error, SATSYNC_INVALID, export->output,
           "selected tensors go to one file; name a file, not a directory");
    if (!directory) {
        return export_plan_merged(export, error);
    }
    enum satsync_status status =
        export->disk->ops->make_directory(export->disk, export->output, error);
    if (status != SATSYNC_OK && status != SATSYNC_CONFLICT) {
        return status;
    }
    return export_plan_set(export, error);
}

static enum satsync_status export_run(struct job *job, struct satsync_error *error) {
    struct export *export = (struct export *)job;
    TRY(satsync_reader_open(export->store, export->step, &export->reader, error));
    TRY(plan(export, error));
    struct satsync_progress *progress = operation_progress_lock(job->operation);
    progress->activity = SATSYNC_ACTIVITY_CODING;
    for (size_t i = 0; i < export->file_count; i++) {
        for (size_t k = 0; k < export->files[i].piece_count; k++) {
            progress->total_bytes += export->files[i].pieces[k].bytes;
        }
    }
    progress->raw_bytes = progress->total_bytes;
    operation_progress_unlock(job->operation);
    export->buffer = memory_new(export->engine->allocator, 1, BUFFER_BYTES);
    ENSURE(export->buffer, error, SATSYNC_NO_MEMORY, export->output, "no memory for a buffer");
    for (size_t i = 0; i < export->file_count; i++) {
        TRY(write_file(export, &export->files[i], error));
    }
    /* Every file is whole: now, and only now, they take their names. */
    for (size_t i = 0; i < export->file_count; i++) {
        struct export_file *file = &export->files[i];
        TRY(export->disk->ops->rename(export->disk, file->temporary, file->path, error));
        file->written = false;
    }
    return SATSYNC_OK;
}

static void free_file(struct export *export, struct export_file *file) {
    const struct allocator *allocator = export->engine->allocator;
    if (file->written) {
        enum satsync_status removed =
            export->disk->ops->remove(export->disk, file->temporary, NULL);
        (void)removed; /* a failed command leaves no output, as far as the disk lets us */
    }
    for (size_t i = 0; i < file->piece_count; i++) {
        export_piece_fini(&file->pieces[i], allocator);
    }
    memory_free(allocator, file->pieces);
    memory_free(allocator, file->header);
    memory_free(allocator, file->path);
    memory_free(allocator, file->temporary);
}

void export_files_free(struct export *export) {
    for (size_t i = 0; i < export->file_count; i++) {
        free_file(export, &export->files[i]);
    }
    memory_free(export->engine->allocator, export->files);
    export->files = NULL;
    export->file_count = 0;
}

static void export_free(struct job *job) {
    struct export *export = (struct export *)job;
    const struct allocator *allocator = export->engine->allocator;
    export_files_free(export);
    for (size_t i = 0; export->selections && i < export->selection_count; i++) {
        memory_free(allocator, export->selections[i]);
    }
    memory_free(allocator, export->selections);
    memory_free(allocator, export->output);
    memory_free(allocator, export->buffer);
    satsync_reader_close(export->reader);
    satsync_store_close(export->store);
    if (export->disk) {
        export->disk->ops->free(export->disk);
    }
    memory_free(allocator, export);
}

static enum satsync_status copy_options(struct export *export,
                                        const struct satsync_restore_options *options) {
    const struct allocator *allocator = export->engine->allocator;
    export->step = options->step;
    export->output = memory_string(allocator, options->output);
    export->selections = memory_new(allocator, options->tensor_count, sizeof *export->selections);
    if (!export->output || !export->selections) {
        return SATSYNC_NO_MEMORY;
    }
    export->selection_count = options->tensor_count;
    for (size_t i = 0; i < options->tensor_count; i++) {
        export->selections[i] = memory_string(allocator, options->tensors[i]);
        if (!export->selections[i]) {
            return SATSYNC_NO_MEMORY;
        }
    }
    return SATSYNC_OK;
}

enum satsync_status satsync_restore_files(struct satsync_store *store,
                                          const struct satsync_restore_options *given,
                                          struct satsync_operation **operation,
                                          struct satsync_error *error) {
    *operation = NULL;
    engine_check_process(store->engine);
    struct satsync_restore_options options;
    satsync_restore_options_init(&options);
    TRY(options_size_check(given, given->size, sizeof options, "restore options", error));
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    ENSURE(options.output && *options.output, error, SATSYNC_INVALID, "output",
           "name the file or directory to restore to");
    struct export *export = memory_new(store->engine->allocator, 1, sizeof *export);
    ENSURE(export, error, SATSYNC_NO_MEMORY, "restore", "out of memory");
    export->engine = store->engine;
    export->job = (struct job){.run = export_run, .free = export_free};
    enum satsync_status status = copy_options(export, &options);
    if (status != SATSYNC_OK) {
        error_set(error, status, "restore", "out of memory");
    } else {
        status = export->engine->ports.disk_open(export->engine->allocator, &export->disk, error);
    }
    if (status == SATSYNC_OK) {
        status = store_duplicate(store, &export->store, error);
    }
    if (status != SATSYNC_OK) {
        export_free(&export->job);
        return status;
    }
    return job_start(store->engine, &export->job, "satsync-restore", operation, error);
}
