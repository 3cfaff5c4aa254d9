#include "base/check.h"
#include "engine/export.h"
#include "model/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void export_piece_fini(struct export_piece *piece, const struct allocator *allocator) {
    memory_free(allocator, piece->from);
    memory_free(allocator, piece->to);
    memory_free(allocator, piece->shape);
    *piece = (struct export_piece){0};
}

static struct export_file *add_file(struct export *export, const char *path) {
    const struct allocator *allocator = export->engine->allocator;
    struct export_file *file = &export->files[export->file_count++];
    size_t room = strlen(path) + 32;
    file->path = memory_string(allocator, path);
    file->temporary = memory_new(allocator, 1, room);
    if (!file->path || !file->temporary) {
        return NULL;
    }
    /* In the same directory, so that the rename is atomic. */
    uint32_t random;
    secret_random(&random, sizeof random);
    snprintf(file->temporary, room, "%s.%08x.partial", path, random);
    return file;
}

/* A name from a manifest becomes a file name only if it cannot leave the output directory. */
static bool is_plain_name(const char *name) {
    return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int compare_numbers(const void *a, const void *b) {
    uint64_t x = ((const struct export_piece *)a)->item->number;
    uint64_t y = ((const struct export_piece *)b)->item->number;
    return (x > y) - (x < y);
}

/* All tensors of one saved file, or of all, in the order they were put. */
static enum satsync_status take_tensors(struct export *export, struct export_file *file,
                                        const struct reader_item *of_file,
                                        struct satsync_error *error) {
    const struct reader_list *tensors = &export->reader->tensors;
    file->pieces = memory_new(export->engine->allocator, tensors->count, sizeof *file->pieces);
    ENSURE(file->pieces, error, SATSYNC_NO_MEMORY, file->path, "out of memory");
    for (size_t i = 0; i < tensors->count; i++) {
        const struct reader_item *item = &tensors->at[i];
        if (!of_file || item->file == of_file->number) {
            file->pieces[file->piece_count++] =
                (struct export_piece){.item = item, .bytes = item->extent.bytes};
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status read_header(struct export *export, const struct reader_item *saved,
                                       uint8_t **header, size_t *bytes,
                                       struct satsync_error *error) {
    *bytes = (size_t)saved->extent.bytes;
    *header = memory_new(export->engine->allocator, 1, *bytes);
    ENSURE(*header, error, SATSYNC_NO_MEMORY, saved->name, "no memory for its header");
    return reader_read(export->reader, saved, (struct range){0, *bytes}, *header, error);
}

static int compare_piece_names(const void *a, const void *b) {
    uintptr_t x = (uintptr_t)((const struct export_piece *)a)->item->name;
    uintptr_t y = (uintptr_t)((const struct export_piece *)b)->item->name;
    return (x > y) - (x < y);
}

/* Sorts the pieces as safetensors_write sorted the tensors: names are the items' own pointers. */
static void follow_order(struct export_file *file, const struct safetensors_content *content,
                         struct export_piece *sorted) {
    memcpy(sorted, file->pieces, file->piece_count * sizeof *sorted);
    qsort(sorted, file->piece_count, sizeof *sorted, compare_piece_names);
    for (size_t i = 0; i < content->tensor_count; i++) {
        const struct reader_item wanted = {.name = (char *)(uintptr_t)content->tensors[i].name};
        const struct export_piece key = {.item = &wanted};
        const struct export_piece *found =
            bsearch(&key, sorted, file->piece_count, sizeof *sorted, compare_piece_names);
        assert(found);
        file->pieces[i] = *found;
    }
}

static enum satsync_status write_header(struct export *export, struct export_file *file,
                                        struct satsync_error *error) {
    const struct allocator *allocator = export->engine->allocator;
    struct safetensors_content content = {.tensor_count = file->piece_count};
    content.tensors = memory_new(allocator, file->piece_count, sizeof *content.tensors);
    struct export_piece *sorted = memory_new(allocator, file->piece_count, sizeof *sorted);
    enum satsync_status status = SATSYNC_NO_MEMORY;
    if (content.tensors && sorted) {
        for (size_t i = 0; i < file->piece_count; i++) {
            const struct export_piece *piece = &file->pieces[i];
            content.tensors[i] = (struct safetensors_tensor){
                .name = piece->item->name,
                .dtype = piece->item->dtype,
                .rank = piece->item->rank,
                .shape = piece->shape ? piece->shape : piece->item->shape};
        }
        status = safetensors_write(allocator, &content, &file->header, &file->header_bytes, error);
    } else {
        error_set(error, status, file->path, "out of memory");
    }
    if (status == SATSYNC_OK) {
        follow_order(file, &content, sorted);
    }
    memory_free(allocator, sorted);
    memory_free(allocator, content.tensors);
    return status;
}

/* One saved file, byte for byte. */
static enum satsync_status plan_saved(struct export *export, const struct reader_item *saved,
                                      struct export_file *file, struct satsync_error *error) {
    if (saved->file_kind == INDEX_FILE_OPAQUE) {
        return read_header(export, saved, &file->header, &file->header_bytes, error);
    }
    TRY(take_tensors(export, file, saved, error));
    if (saved->extent.bytes == 0) {
        return write_header(export, file, error);
    }
    qsort(file->pieces, file->piece_count, sizeof *file->pieces, compare_numbers);
    return read_header(export, saved, &file->header, &file->header_bytes, error);
}

enum satsync_status export_plan_set(struct export *export, struct satsync_error *error) {
    const struct reader_list *saved = &export->reader->files;
    const struct allocator *allocator = export->engine->allocator;
    export->files = memory_new(allocator, saved->count, sizeof *export->files);
    ENSURE(export->files, error, SATSYNC_NO_MEMORY, export->output, "out of memory");
    for (size_t i = 0; i < saved->count; i++) {
        const char *name = saved->at[i].name;
        ENSURE(is_plain_name(name), error, SATSYNC_INVALID, name,
               "the checkpoint holds a file of this name, which is no plain file name; restore to "
               "a file instead");
        size_t room = strlen(export->output) + strlen(name) + 2;
        char *path = memory_new(allocator, 1, room);
        ENSURE(path, error, SATSYNC_NO_MEMORY, export->output, "out of memory");
        bool slash = export->output[strlen(export->output) - 1] == '/';
        snprintf(path, room, "%s%s%s", export->output, slash ? "" : "/", name);
        struct export_file *file = add_file(export, path);
        memory_free(allocator, path);
        ENSURE(file, error, SATSYNC_NO_MEMORY, export->output, "out of memory");
        TRY(plan_saved(export, &saved->at[i], file, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status plan_selected(struct export *export, struct export_file *file,
                                         struct satsync_error *error) {
    /* A pattern takes each tensor at most once, a name one. */
    size_t most = export->reader->tensors.count + export->selection_count;
    file->pieces = memory_new(export->engine->allocator, most, sizeof *file->pieces);
    ENSURE(file->pieces, error, SATSYNC_NO_MEMORY, file->path, "out of memory");
    for (size_t i = 0; i < export->selection_count; i++) {
        TRY(export_select(export, export->selections[i], file, error));
    }
    return write_header(export, file, error);
}

enum satsync_status export_plan_merged(struct export *export, struct satsync_error *error) {
    export->files = memory_new(export->engine->allocator, 1, sizeof *export->files);
    ENSURE(export->files, error, SATSYNC_NO_MEMORY, export->output, "out of memory");
    struct export_file *file = add_file(export, export->output);
    ENSURE(file, error, SATSYNC_NO_MEMORY, export->output, "out of memory");
    if (export->selection_count > 0) {
        return plan_selected(export, file, error);
    }
    if (export->reader->files.count == 1) {
        return plan_saved(export, &export->reader->files.at[0], file, error);
    }
    TRY(take_tensors(export, file, NULL, error));
    return write_header(export, file, error);
}
