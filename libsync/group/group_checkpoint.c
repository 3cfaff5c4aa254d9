/* A group's state in a checkpoint: what the machine goes on from, under names of its own. */
#include "base/check.h"
#include "group/group.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 48 };
static const char position[] = "satsync.group.position";

/* A site's carried error is its own: it has the site's number in its name. */
static void tensor_name(const struct satsync_group *group, const char *blob, char out[NAME_BYTES]) {
    const char *noun = strchr(blob, '.') + 1;
    if (strcmp(noun, "error") == 0) {
        snprintf(out, NAME_BYTES, "satsync.group.error.%zu", group->site);
    } else {
        snprintf(out, NAME_BYTES, "satsync.group.%s", noun);
    }
}

static bool is_position(const struct rounds_blob *blob) {
    return strcmp(blob->name, "rounds.position") == 0;
}

static enum satsync_status put(struct satsync_group *group, struct satsync_save *save,
                               const struct rounds_blob *blob, struct satsync_error *error) {
    if (is_position(blob)) {
        return satsync_save_put_blob(save, position, blob->data, blob->bytes, error);
    }
    char name[NAME_BYTES];
    tensor_name(group, blob->name, name);
    const struct satsync_tensor tensor = {.name = name,
                                          .dtype = SATSYNC_F32,
                                          .dimensions = 1,
                                          .shape = {blob->bytes / sizeof(float)},
                                          .data = blob->data};
    return satsync_save_put(save, &tensor, error);
}

/* The agreed state stays as it is while it is copied, and the group's thread goes on meanwhile. */
static void hold_still(struct satsync_group *group, bool is_still) {
    monitor_lock(group->monitor);
    rounds_pin(group->rounds, group_now_ns(group), is_still);
    group->performing = is_still;
    monitor_unlock(group->monitor);
    group->endpoint->ops->wake(group->endpoint);
}

enum satsync_status satsync_group_save(struct satsync_group *group, struct satsync_save *save,
                                       struct satsync_error *error) {
    engine_check_process(group->engine);
    ENSURE(group->leader && !group->witness, error, SATSYNC_WRONG_STATE, "group",
           "its state is saved at rank 0 of a site with parameters");
    struct rounds_blob blobs[ROUNDS_BLOBS];
    enum satsync_status status = SATSYNC_OK;
    hold_still(group, true);
    rounds_blobs(group->rounds, blobs);
    for (size_t i = 0; i < ROUNDS_BLOBS && status == SATSYNC_OK; i++) {
        status = put(group, save, &blobs[i], error);
    }
    hold_still(group, false);
    return status;
}

/* *data is for the caller to free; NULL when the checkpoint has no such tensor. */
static enum satsync_status get_tensor(struct satsync_group *group, struct satsync_reader *reader,
                                      struct rounds_blob *blob, void **data,
                                      struct satsync_error *error) {
    char name[NAME_BYTES];
    tensor_name(group, blob->name, name);
    size_t index;
    enum satsync_status status = satsync_reader_find(reader, name, &index, error);
    if (status == SATSYNC_NOT_FOUND && strcmp(blob->name, "rounds.error") == 0) {
        return SATSYNC_OK; /* of another site's checkpoint */
    }
    TRY(status);
    struct satsync_tensor tensor;
    satsync_reader_tensor(reader, index, &tensor);
    ENSURE(tensor.dtype == SATSYNC_F32 && tensor.dimensions == 1 &&
               tensor.shape[0] == group->parameters.elements,
           error, SATSYNC_INVALID, name, "it is of another model");
    blob->bytes = (size_t)tensor.shape[0] * sizeof(float);
    *data = memory_new(group->engine->allocator, 1, blob->bytes);
    ENSURE(*data, error, SATSYNC_NO_MEMORY, name, "out of memory");
    blob->data = *data;
    return satsync_reader_read(reader, index, 0, *data, blob->bytes, error);
}

static enum satsync_status get_position(struct satsync_group *group, struct satsync_reader *reader,
                                        struct rounds_blob *blob, void **data,
                                        struct satsync_error *error) {
    *data = memory_new(group->engine->allocator, 1, blob->bytes);
    ENSURE(*data, error, SATSYNC_NO_MEMORY, position, "out of memory");
    size_t bytes = 0;
    TRY(satsync_reader_blob(reader, position, *data, blob->bytes, &bytes, error));
    ENSURE(bytes == blob->bytes, error, SATSYNC_INVALID, position, "it is of another version");
    blob->data = *data;
    return SATSYNC_OK;
}

static enum satsync_status adopt(struct satsync_group *group, const struct rounds_blob *blobs,
                                 size_t count, struct satsync_error *error) {
    monitor_lock(group->monitor);
    uint64_t now_ns = group_now_ns(group);
    enum satsync_status status = rounds_adopt(group->rounds, now_ns, blobs, count, error);
    if (status == SATSYNC_OK) {
        group->adopted = true;
        group_take_events(group, now_ns);
    }
    monitor_unlock(group->monitor);
    return status;
}

static enum satsync_status load(struct satsync_group *group, struct satsync_reader *reader,
                                struct satsync_error *error) {
    ENSURE(!group->witness, error, SATSYNC_WRONG_STATE, "group", "a witness has no parameters");
    struct rounds_blob blobs[ROUNDS_BLOBS];
    void *data[ROUNDS_BLOBS] = {NULL};
    monitor_lock(group->monitor);
    rounds_blobs(group->rounds, blobs); /* for their names and sizes */
    monitor_unlock(group->monitor);
    enum satsync_status status = SATSYNC_OK;
    size_t count = 0;
    for (size_t i = 0; i < ROUNDS_BLOBS && status == SATSYNC_OK; i++) {
        struct rounds_blob blob = {.name = blobs[i].name, .bytes = blobs[i].bytes};
        status = is_position(&blob) ? get_position(group, reader, &blob, &data[i], error)
                                    : get_tensor(group, reader, &blob, &data[i], error);
        if (data[i]) {
            blobs[count++] = blob;
        }
    }
    if (status == SATSYNC_OK) {
        status = adopt(group, blobs, count, error);
    }
    for (size_t i = 0; i < ROUNDS_BLOBS; i++) {
        memory_free(group->engine->allocator, data[i]);
    }
    return status;
}

enum satsync_status satsync_group_load(struct satsync_group *group, struct satsync_reader *reader,
                                       struct satsync_error *error) {
    engine_check_process(group->engine);
    enum satsync_status status = group->leader ? load(group, reader, error) : SATSYNC_OK;
    return group_perform(group, status, error);
}
