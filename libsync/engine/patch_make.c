/* Writing a patch from one checkpoint of a store to another. */
#include "base/bytes.h"
#include "base/check.h"
#include "engine/export.h"
#include "engine/patch_file.h"
#include "engine/patch_room.h"

#include <satsync/patch.h>
#include <string.h>

struct make {
    struct job job;
    struct satsync_store *store; /* its own handle */
    uint64_t from_step;
    uint64_t to_step;
    struct satsync_reader *from;
    struct export export; /* the plan of what to_step is restored as; its file is the patch */
    struct patch_room room;
    /* On the stack of `run`, since heap memory is less aligned than they need: */
    struct patch_writer *out;
    struct digest *base;   /* of what was read of from_step */
    struct digest *result; /* of what to_step is restored as */
};

/* room.raw and room.base are filled. */
static enum satsync_status put_chunk(struct make *make, const struct patch_chunk *chunk,
                                     struct satsync_error *error) {
    ENSURE(!operation_cancelled(make->job.operation), error, SATSYNC_CANCELLED, make->export.output,
           "cancelled; nothing was written");
    digest_update(make->result, make->room.raw, chunk->bytes);
    if (chunk->has_base) {
        digest_update(make->base, make->room.base, chunk->bytes);
    }
    size_t coded_bytes;
    enum satsync_status status = patch_chunk_encode(&make->room, chunk, &coded_bytes);
    ENSURE(status == SATSYNC_OK, error, status, "patch", "no memory to code it");
    uint8_t size[sizeof(uint32_t)];
    store_le32(size, (uint32_t)coded_bytes);
    TRY(patch_writer_put(make->out, size, sizeof size, error));
    TRY(patch_writer_put(make->out, make->room.coded, coded_bytes, error));
    struct satsync_progress *progress = operation_progress_lock(make->job.operation);
    progress->done_bytes += chunk->bytes;
    operation_progress_unlock(make->job.operation);
    return SATSYNC_OK;
}

static enum satsync_status put_header(struct make *make, struct satsync_error *error) {
    const struct export_file *plan = &make->export.files[0];
    for (size_t at = 0; at < plan->header_bytes;) {
        const struct patch_chunk chunk = {.bytes = patch_chunk_bytes(plan->header_bytes - at)};
        memcpy(make->room.raw, plan->header + at, chunk.bytes);
        TRY(put_chunk(make, &chunk, error));
        at += chunk.bytes;
    }
    return SATSYNC_OK;
}

/* What the receiver will also find: a tensor of the same name, type and size. */
static const struct reader_item *base_of(const struct make *make, const struct reader_item *item) {
    size_t index;
    if (satsync_reader_find(make->from, item->name, &index, NULL) != SATSYNC_OK) {
        return NULL;
    }
    const struct reader_item *found = &make->from->tensors.at[index];
    bool alike = found->dtype == item->dtype && found->extent.bytes == item->extent.bytes;
    return alike ? found : NULL;
}

static enum satsync_status put_tensor(struct make *make, const struct reader_item *item,
                                      struct satsync_error *error) {
    const struct reader_item *base = base_of(make, item);
    for (uint64_t at = 0; at < item->extent.bytes;) {
        const struct patch_chunk chunk = {.row = dtype_row(item->dtype),
                                          .bytes = patch_chunk_bytes(item->extent.bytes - at),
                                          .has_base = base != NULL};
        struct range range = {at, at + chunk.bytes};
        TRY(reader_read(make->export.reader, item, range, make->room.raw, error));
        if (base) {
            TRY(reader_read(make->from, base, range, make->room.base, error));
        }
        TRY(put_chunk(make, &chunk, error));
        at += chunk.bytes;
    }
    return SATSYNC_OK;
}

static enum satsync_status put_head(struct make *make, uint64_t result_bytes,
                                    struct satsync_error *error) {
    const struct patch_head head = {.from_step = make->from_step,
                                    .to_step = make->to_step,
                                    .header_bytes = make->export.files[0].header_bytes,
                                    .result_bytes = result_bytes};
    uint8_t data[PATCH_HEAD_BYTES];
    patch_head_encode(&head, data);
    return patch_writer_put(make->out, data, sizeof data, error);
}

static enum satsync_status put_digest(struct make *make, struct digest *digest,
                                      struct satsync_error *error) {
    uint8_t data[PATCH_DIGEST_BYTES];
    digest_final(digest, data);
    return patch_writer_put(make->out, data, sizeof data, error);
}

static enum satsync_status write_patch(struct make *make, uint64_t result_bytes,
                                       struct satsync_error *error) {
    const struct export_file *plan = &make->export.files[0];
    TRY(put_head(make, result_bytes, error));
    TRY(put_header(make, error));
    for (size_t i = 0; i < plan->piece_count; i++) {
        TRY(put_tensor(make, plan->pieces[i].item, error));
    }
    TRY(put_digest(make, make->base, error));
    TRY(put_digest(make, make->result, error));
    return patch_writer_finish(make->out, error);
}

static enum satsync_status write_file(struct make *make, uint64_t result_bytes,
                                      struct satsync_error *error) {
    struct export *export = &make->export;
    struct export_file *plan = &export->files[0];
    struct file file;
    TRY(file_open(export->disk, plan->temporary, DISK_WRITE | DISK_CREATE, &file, error));
    plan->written = true;
    enum satsync_status status =
        patch_writer_init(make->out, &file, export->engine->allocator, error);
    if (status == SATSYNC_OK) {
        status = write_patch(make, result_bytes, error);
    }
    if (status == SATSYNC_OK) {
        status = file.disk->ops->sync(file.disk, file.handle, error);
    }
    patch_writer_fini(make->out);
    file_close(&file);
    TRY(status);
    TRY(export->disk->ops->rename(export->disk, plan->temporary, plan->path, error));
    plan->written = false;
    return SATSYNC_OK;
}

static enum satsync_status run(struct job *job, struct satsync_error *error) {
    struct make *make = (struct make *)job;
    TRY(satsync_reader_open(make->store, make->from_step, &make->from, error));
    TRY(satsync_reader_open(make->store, make->to_step, &make->export.reader, error));
    TRY(export_plan_merged(&make->export, error));
    TRY(patch_room_init(&make->room, make->store->engine, error));
    struct patch_writer out;
    struct digest base;
    struct digest result;
    digest_init(&base);
    digest_init(&result);
    make->out = &out;
    make->base = &base;
    make->result = &result;
    const struct export_file *plan = &make->export.files[0];
    uint64_t result_bytes = plan->header_bytes;
    for (size_t i = 0; i < plan->piece_count; i++) {
        result_bytes += plan->pieces[i].bytes;
    }
    struct satsync_progress *progress = operation_progress_lock(job->operation);
    progress->activity = SATSYNC_ACTIVITY_CODING;
    progress->total_bytes = progress->raw_bytes = result_bytes;
    operation_progress_unlock(job->operation);
    TRY(write_file(make, result_bytes, error));
    progress = operation_progress_lock(job->operation);
    progress->stored_bytes = out.written;
    operation_progress_unlock(job->operation);
    return SATSYNC_OK;
}

static void free_make(struct job *job) {
    struct make *make = (struct make *)job;
    const struct allocator *allocator = make->export.engine->allocator;
    export_files_free(&make->export);
    patch_room_fini(&make->room);
    satsync_reader_close(make->from);
    satsync_reader_close(make->export.reader);
    satsync_store_close(make->store);
    if (make->export.disk) {
        make->export.disk->ops->free(make->export.disk);
    }
    memory_free(allocator, make->export.output);
    memory_free(allocator, make);
}

enum satsync_status satsync_patch_make(struct satsync_store *store,
                                       const struct satsync_patch_options *given,
                                       struct satsync_operation **operation,
                                       struct satsync_error *error) {
    *operation = NULL;
    struct satsync_engine *engine = store->engine;
    engine_check_process(engine);
    struct satsync_patch_options options;
    satsync_patch_options_init(&options);
    TRY(options_size_check(given, given->size, sizeof options, "patch options", error));
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    ENSURE(options.output && *options.output, error, SATSYNC_INVALID, "output",
           "name the file to write the patch to");
    struct make *make = memory_new(engine->allocator, 1, sizeof *make);
    ENSURE(make, error, SATSYNC_NO_MEMORY, "patch", "out of memory");
    make->job = (struct job){.run = run, .free = free_make};
    make->from_step = options.from_step;
    make->to_step = options.to_step;
    make->export.engine = engine;
    make->export.output = memory_string(engine->allocator, options.output);
    enum satsync_status status =
        make->export.output ? SATSYNC_OK
                            : error_set(error, SATSYNC_NO_MEMORY, "patch", "out of memory");
    if (status == SATSYNC_OK) {
        status = engine->ports.disk_open(engine->allocator, &make->export.disk, error);
    }
    if (status == SATSYNC_OK) {
        status = store_duplicate(store, &make->store, error);
    }
    if (status != SATSYNC_OK) {
        free_make(&make->job);
        return status;
    }
    return job_start(engine, &make->job, "satsync-patch", operation, error);
}
