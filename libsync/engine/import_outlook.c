#include "engine/import_outlook.h"

#include "base/check.h"
#include "engine/file_set.h"

static enum satsync_status look_at_file(struct import_outlook *outlook, struct file *file,
                                        struct import_types *types, struct satsync_error *error) {
    uint64_t bytes;
    TRY(file->disk->ops->size(file->disk, file->handle, &bytes, error));
    struct import_types own = import_types_of(file, outlook->allocator);
    types->fp32 |= own.fp32;
    types->bf16 |= own.bf16;
    outlook->bytes += bytes;
    return SATSYNC_OK;
}

static enum satsync_status look_at_member(struct import_outlook *outlook, const char *path,
                                          struct import_types *types, struct satsync_error *error) {
    struct file file;
    TRY(file_open(outlook->disk, path, DISK_READ, &file, error));
    enum satsync_status status = look_at_file(outlook, &file, types, error);
    file_close(&file);
    return status;
}

static enum satsync_status look_at_set(struct import_outlook *outlook, struct file *file,
                                       struct import_types *types, struct satsync_error *error) {
    struct index index;
    TRY(file_set_read(file, outlook->allocator, &index, error));
    enum satsync_status status = SATSYNC_OK;
    for (size_t i = 0; i < index.file_count && status == SATSYNC_OK; i++) {
        char path[FILE_SET_PATH_BYTES];
        status = file_set_member(file->path, index.files[i], path, error);
        if (status == SATSYNC_OK) {
            status = look_at_member(outlook, path, types, error);
        }
    }
    index_fini(&index);
    return status;
}

static enum satsync_status look_at(struct import_outlook *outlook, const char *path,
                                   struct import_types *types, struct satsync_error *error) {
    struct file file;
    TRY(file_open(outlook->disk, path, DISK_READ, &file, error));
    enum satsync_status status = look_at_file(outlook, &file, types, error);
    if (status == SATSYNC_OK && file_set_is_index(path)) {
        status = look_at_set(outlook, &file, types, error);
    }
    file_close(&file);
    return status;
}

enum satsync_status import_outlook(struct import_outlook *outlook, char **files, size_t count,
                                   struct satsync_error *error) {
    struct import_types *types = memory_new(outlook->allocator, count, sizeof *types);
    ENSURE(types, error, SATSYNC_NO_MEMORY, "save", "out of memory");
    outlook->bytes = 0;
    outlook->types = (struct import_types){false, false};
    enum satsync_status status = SATSYNC_OK;
    for (size_t i = 0; i < count && status == SATSYNC_OK; i++) {
        status = look_at(outlook, files[i], &types[i], error);
        outlook->types.fp32 |= types[i].fp32;
        outlook->types.bf16 |= types[i].bf16;
    }
    if (status == SATSYNC_OK) {
        import_order(files, types, count);
    }
    memory_free(outlook->allocator, types);
    return status;
}
