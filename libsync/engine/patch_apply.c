/* Making the file that a patch leads to. */
#include "base/bytes.h"
#include "base/check.h"
#include "engine/job.h"
#include "engine/patch_file.h"
#include "engine/patch_room.h"
#include "engine/tensor_file.h"

#include <satsync/patch.h>
#include <stdio.h>
#include <string.h>

struct apply {
    struct job job;
    struct satsync_engine *engine;
    char *patch_path;
    char *base_path;
    char *output;
    char *temporary;
    bool written; /* the temporary is there */
    struct disk *disk;
    struct file patch;
    uint64_t patch_bytes;
    struct patch_head head;
    struct patch_reader in;
    struct tensor_file base;
    uint8_t *header;           /* of the result */
    struct safetensors result; /* what it says */
    struct patch_room room;
    struct file out;
    uint64_t at; /* in out */
    /* On the stack of `run`, since heap memory is less aligned than they need: */
    struct digest *base_digest;
    struct digest *result_digest;
};

static enum satsync_status not_the_base(const struct apply *apply, struct satsync_error *error) {
    return error_set(error, SATSYNC_CONFLICT, apply->base_path,
                     "it is not what step %llu is restored as, which this patch is for",
                     (unsigned long long)apply->head.from_step);
}

/* The next chunk into room.raw; room.base is filled when it has one. */
static enum satsync_status take_chunk(struct apply *apply, const struct patch_chunk *chunk,
                                      struct satsync_error *error) {
    ENSURE(!operation_cancelled(apply->job.operation), error, SATSYNC_CANCELLED, apply->output,
           "cancelled; nothing was written");
    const uint8_t *data;
    TRY(patch_reader_take(&apply->in, sizeof(uint32_t), &data, error));
    uint32_t coded_bytes = load_le32(data);
    TRY(patch_reader_take(&apply->in, coded_bytes, &data, error));
    /* The patch is sound, so what does not decode has another base. */
    if (patch_chunk_decode(&apply->room, chunk, data, coded_bytes) != SATSYNC_OK) {
        return not_the_base(apply, error);
    }
    digest_update(apply->result_digest, apply->room.raw, chunk->bytes);
    if (chunk->has_base) {
        digest_update(apply->base_digest, apply->room.base, chunk->bytes);
    }
    struct satsync_progress *progress = operation_progress_lock(apply->job.operation);
    progress->done_bytes += chunk->bytes;
    operation_progress_unlock(apply->job.operation);
    return SATSYNC_OK;
}

static enum satsync_status take_header(struct apply *apply, struct satsync_error *error) {
    size_t bytes = (size_t)apply->head.header_bytes;
    apply->header = memory_new(apply->engine->allocator, 1, bytes);
    ENSURE(apply->header, error, SATSYNC_NO_MEMORY, apply->patch_path, "no memory for its header");
    for (size_t at = 0; at < bytes;) {
        const struct patch_chunk chunk = {.bytes = patch_chunk_bytes(bytes - at)};
        TRY(take_chunk(apply, &chunk, error));
        memcpy(apply->header + at, apply->room.raw, chunk.bytes);
        at += chunk.bytes;
    }
    size_t json_bytes;
    TRY(safetensors_header_bytes(apply->header, apply->patch_path, &json_bytes, error));
    ENSURE(json_bytes == bytes - SAFETENSORS_LENGTH_BYTES, error, SATSYNC_CORRUPT,
           apply->patch_path, "the header that it holds is damaged");
    struct safetensors result = {.allocator = apply->engine->allocator};
    TRY(safetensors_parse(apply->header + SAFETENSORS_LENGTH_BYTES, json_bytes, apply->patch_path,
                          &result, error));
    apply->result = result;
    return safetensors_check_size(&apply->result, json_bytes, apply->head.result_bytes,
                                  apply->patch_path, error);
}

static enum satsync_status write_out(struct apply *apply, const void *data, size_t bytes,
                                     struct satsync_error *error) {
    TRY(file_write(&apply->out, apply->at, data, bytes, error));
    apply->at += bytes;
    return SATSYNC_OK;
}

/* A base is used when both sides would see it as one: the same name, type and size. */
static enum satsync_status take_tensor(struct apply *apply, const struct safetensors_tensor *tensor,
                                       struct satsync_error *error) {
    const struct safetensors_tensor *base = tensor_file_find(&apply->base, tensor->name);
    uint64_t bytes = tensor->to - tensor->from;
    if (base && (base->dtype != tensor->dtype || base->to - base->from != bytes)) {
        base = NULL;
    }
    for (uint64_t at = 0; at < bytes;) {
        const struct patch_chunk chunk = {.row = dtype_row(tensor->dtype),
                                          .bytes = patch_chunk_bytes(bytes - at),
                                          .has_base = base != NULL};
        if (base) {
            TRY(tensor_file_read(&apply->base, base, at, apply->room.base, chunk.bytes, error));
        }
        TRY(take_chunk(apply, &chunk, error));
        TRY(write_out(apply, apply->room.raw, chunk.bytes, error));
        at += chunk.bytes;
    }
    return SATSYNC_OK;
}

static enum satsync_status take_digest(struct apply *apply, struct digest *digest, bool *equal,
                                       struct satsync_error *error) {
    const uint8_t *expected;
    uint8_t found[PATCH_DIGEST_BYTES];
    digest_final(digest, found);
    TRY(patch_reader_take(&apply->in, PATCH_DIGEST_BYTES, &expected, error));
    *equal = memcmp(found, expected, sizeof found) == 0;
    return SATSYNC_OK;
}

static enum satsync_status check_tail(struct apply *apply, struct satsync_error *error) {
    bool has_base;
    bool has_result;
    TRY(take_digest(apply, apply->base_digest, &has_base, error));
    if (!has_base) {
        return not_the_base(apply, error);
    }
    TRY(take_digest(apply, apply->result_digest, &has_result, error));
    ENSURE(has_result && patch_reader_left(&apply->in) == 0, error, SATSYNC_CORRUPT,
           apply->patch_path, "what it makes is not what it says; make it again");
    return SATSYNC_OK;
}

static enum satsync_status write_result(struct apply *apply, struct satsync_error *error) {
    TRY(file_open(apply->disk, apply->temporary, DISK_WRITE | DISK_CREATE, &apply->out, error));
    apply->written = true;
    TRY(write_out(apply, apply->header, (size_t)apply->head.header_bytes, error));
    for (size_t i = 0; i < apply->result.tensor_count; i++) {
        TRY(take_tensor(apply, &apply->result.tensors[i], error));
    }
    TRY(check_tail(apply, error));
    TRY(apply->disk->ops->sync(apply->disk, apply->out.handle, error));
    file_close(&apply->out);
    TRY(apply->disk->ops->rename(apply->disk, apply->temporary, apply->output, error));
    apply->written = false;
    return SATSYNC_OK;
}

/* Opens a patch and reads its head. */
static enum satsync_status open_patch(struct disk *disk, const char *path, struct file *file,
                                      struct satsync_patch_info *info, struct patch_head *head,
                                      struct satsync_error *error) {
    uint8_t data[PATCH_HEAD_BYTES];
    TRY(file_open(disk, path, DISK_READ, file, error));
    TRY(disk->ops->size(disk, file->handle, &info->patch_bytes, error));
    ENSURE(info->patch_bytes >= PATCH_HEAD_BYTES + PATCH_TAIL_BYTES, error, SATSYNC_INVALID, path,
           "it is no patch, or cut short");
    TRY(file_read(file, 0, data, sizeof data, error));
    TRY(patch_head_decode(data, path, head, error));
    info->from_step = head->from_step;
    info->to_step = head->to_step;
    info->result_bytes = head->result_bytes;
    return SATSYNC_OK;
}

static enum satsync_status run(struct job *job, struct satsync_error *error) {
    struct apply *apply = (struct apply *)job;
    const struct allocator *allocator = apply->engine->allocator;
    struct satsync_patch_info info;
    const uint8_t *head;
    TRY(open_patch(apply->disk, apply->patch_path, &apply->patch, &info, &apply->head, error));
    TRY(patch_file_check(&apply->patch, info.patch_bytes, allocator, error));
    TRY(tensor_file_open(&apply->base, apply->disk, apply->base_path, allocator, error));
    TRY(patch_room_init(&apply->room, apply->engine, error));
    TRY(patch_reader_init(&apply->in, &apply->patch, info.patch_bytes - PATCH_DIGEST_BYTES,
                          allocator, error));
    TRY(patch_reader_take(&apply->in, PATCH_HEAD_BYTES, &head, error));
    struct digest base_digest;
    struct digest result_digest;
    digest_init(&base_digest);
    digest_init(&result_digest);
    apply->base_digest = &base_digest;
    apply->result_digest = &result_digest;
    struct satsync_progress *progress = operation_progress_lock(job->operation);
    progress->activity = SATSYNC_ACTIVITY_CODING;
    progress->total_bytes = progress->raw_bytes = info.result_bytes;
    progress->stored_bytes = info.patch_bytes;
    operation_progress_unlock(job->operation);
    TRY(take_header(apply, error));
    return write_result(apply, error);
}

static void free_apply(struct job *job) {
    struct apply *apply = (struct apply *)job;
    const struct allocator *allocator = apply->engine->allocator;
    file_close(&apply->out);
    if (apply->written) {
        enum satsync_status removed = apply->disk->ops->remove(apply->disk, apply->temporary, NULL);
        (void)removed; /* a failed command leaves no output, as far as the disk lets us */
    }
    patch_reader_fini(&apply->in);
    patch_room_fini(&apply->room);
    safetensors_fini(&apply->result);
    tensor_file_close(&apply->base);
    file_close(&apply->patch);
    if (apply->disk) {
        apply->disk->ops->free(apply->disk);
    }
    memory_free(allocator, apply->header);
    memory_free(allocator, apply->patch_path);
    memory_free(allocator, apply->base_path);
    memory_free(allocator, apply->output);
    memory_free(allocator, apply->temporary);
    memory_free(allocator, apply);
}

static bool copy_paths(struct apply *apply, const struct satsync_patch_apply_options *options) {
    const struct allocator *allocator = apply->engine->allocator;
    size_t room = strlen(options->output) + 32;
    apply->patch_path = memory_string(allocator, options->patch);
    apply->base_path = memory_string(allocator, options->base);
    apply->output = memory_string(allocator, options->output);
    apply->temporary = memory_new(allocator, 1, room);
    if (!apply->patch_path || !apply->base_path || !apply->output || !apply->temporary) {
        return false;
    }
    /* In the same directory, so that the rename is atomic. */
    uint32_t random;
    secret_random(&random, sizeof random);
    snprintf(apply->temporary, room, "%s.%08x.partial", options->output, random);
    return true;
}

enum satsync_status satsync_patch_apply(struct satsync_engine *engine,
                                        const struct satsync_patch_apply_options *given,
                                        struct satsync_operation **operation,
                                        struct satsync_error *error) {
    *operation = NULL;
    engine_check_process(engine);
    TRY(seal_ready(error));
    struct satsync_patch_apply_options options;
    satsync_patch_apply_options_init(&options);
    TRY(options_size_check(given, given->size, sizeof options, "patch options", error));
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    ENSURE(options.patch && options.base && options.output && *options.output, error,
           SATSYNC_INVALID, "patch", "name the patch, the file that it is for and the output");
    struct apply *apply = memory_new(engine->allocator, 1, sizeof *apply);
    ENSURE(apply, error, SATSYNC_NO_MEMORY, "patch", "out of memory");
    apply->job = (struct job){.run = run, .free = free_apply};
    apply->engine = engine;
    enum satsync_status status =
        copy_paths(apply, &options)
            ? engine->ports.disk_open(engine->allocator, &apply->disk, error)
            : error_set(error, SATSYNC_NO_MEMORY, "patch", "out of memory");
    if (status != SATSYNC_OK) {
        free_apply(&apply->job);
        return status;
    }
    return job_start(engine, &apply->job, "satsync-patch", operation, error);
}

enum satsync_status satsync_patch_info(struct satsync_engine *engine, const char *path,
                                       struct satsync_patch_info *info,
                                       struct satsync_error *error) {
    struct disk *disk;
    struct file file = {.path = path};
    struct patch_head head;
    engine_check_process(engine);
    TRY(engine->ports.disk_open(engine->allocator, &disk, error));
    enum satsync_status status = open_patch(disk, path, &file, info, &head, error);
    file_close(&file);
    disk->ops->free(disk);
    return status;
}
