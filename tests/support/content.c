#include "support/content.h"

#include "base/check.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DTYPES = SATSYNC_C64 + 1, SCALAR = DTYPES, EMPTY, LARGE };

static const char *const blob_names[CONTENT_BLOBS] = {"random state", "nothing"};

static struct satsync_tensor shape_of(size_t number, size_t large_bytes) {
    struct satsync_tensor tensor = {.dtype = SATSYNC_F32};
    if (number < DTYPES) {
        tensor.dtype = (enum satsync_dtype)number;
        tensor.dimensions = 2;
        tensor.shape[0] = 3 + number;
        tensor.shape[1] = 37;
    } else if (number == EMPTY) {
        tensor.dimensions = 3;
        tensor.shape[0] = 5;
        tensor.shape[2] = 7;
    } else if (number == LARGE) {
        tensor.dimensions = 2;
        tensor.shape[0] = large_bytes / 64;
        tensor.shape[1] = 16;
    }
    return tensor;
}

static size_t bytes_of(const struct satsync_tensor *tensor) {
    size_t bytes = satsync_dtype_bytes(tensor->dtype);
    for (uint32_t d = 0; d < tensor->dimensions; d++) {
        bytes *= (size_t)tensor->shape[d];
    }
    return bytes;
}

/* Half of the large one like weights, so that the codecs have something to do. */
static void fill(struct random *random, uint8_t *data, size_t bytes, bool weights) {
    random_bytes(random, data, bytes);
    for (size_t i = 0; weights && i + 4 <= bytes / 2; i += 4) {
        float weight = ((float)data[i] - 128.0F) / 4096.0F;
        memcpy(data + i, &weight, sizeof weight);
    }
}

static void *room(size_t bytes) {
    void *memory = calloc(1, bytes + 1);
    if (!memory) {
        abort();
    }
    return memory;
}

void content_init(struct content *content, uint64_t seed, size_t large_bytes) {
    *content = (struct content){.blob_bytes = {5000, 0}};
    struct random random = random_of(seed, 77);
    for (size_t i = 0; i < CONTENT_TENSORS; i++) {
        struct satsync_tensor *tensor = &content->tensors[i];
        *tensor = shape_of(i, large_bytes);
        snprintf(content->names[i], sizeof content->names[i], "layer.%zu.%s", i,
                 satsync_dtype_name(tensor->dtype));
        tensor->name = content->names[i];
        content->bytes[i] = bytes_of(tensor);
        content->data[i] = room(content->bytes[i]);
        fill(&random, content->data[i], content->bytes[i], i == LARGE);
        tensor->data = content->data[i];
    }
    for (size_t i = 0; i < CONTENT_BLOBS; i++) {
        content->blobs[i] = room(content->blob_bytes[i]);
        random_bytes(&random, content->blobs[i], content->blob_bytes[i]);
    }
}

void content_fini(struct content *content) {
    for (size_t i = 0; i < CONTENT_TENSORS; i++) {
        free(content->data[i]);
    }
    for (size_t i = 0; i < CONTENT_BLOBS; i++) {
        free(content->blobs[i]);
    }
}

enum satsync_status content_put(const struct content *content, struct satsync_save *save,
                                struct satsync_error *error) {
    for (size_t i = 0; i < CONTENT_TENSORS; i++) {
        TRY(satsync_save_put(save, &content->tensors[i], error));
    }
    for (size_t i = 0; i < CONTENT_BLOBS; i++) {
        TRY(satsync_save_put_blob(save, blob_names[i], content->blobs[i], content->blob_bytes[i],
                                  error));
    }
    return SATSYNC_OK;
}

enum satsync_status content_save_with(const struct content *content, struct satsync_store *store,
                                      const struct satsync_save_options *options,
                                      struct satsync_error *error) {
    struct satsync_save *save;
    TRY(satsync_save_begin(store, options, &save, error));
    enum satsync_status status = content_put(content, save, error);
    if (status != SATSYNC_OK) {
        satsync_save_abandon(save);
        return status;
    }
    struct satsync_operation *operation;
    TRY(satsync_save_commit(save, &operation, error));
    status = satsync_operation_wait(operation, UINT64_MAX, error);
    satsync_operation_free(operation);
    return status;
}

enum satsync_status content_save(const struct content *content, struct satsync_store *store,
                                 uint64_t step, uint32_t chunk_bytes, struct satsync_error *error) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    options.chunk_bytes = chunk_bytes;
    return content_save_with(content, store, &options, error);
}

static bool same_tensor(const struct satsync_tensor *a, const struct satsync_tensor *b) {
    return strcmp(a->name, b->name) == 0 && a->dtype == b->dtype &&
           a->dimensions == b->dimensions && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

static enum satsync_status check_tensors(const struct content *content,
                                         struct satsync_reader *reader, bool *wrong,
                                         struct satsync_error *error) {
    *wrong |= satsync_reader_tensors(reader) != CONTENT_TENSORS;
    for (size_t i = 0; i < CONTENT_TENSORS && !*wrong; i++) {
        struct satsync_tensor found;
        satsync_reader_tensor(reader, i, &found);
        *wrong |= !same_tensor(&found, &content->tensors[i]);
        uint8_t *data = room(content->bytes[i]);
        memset(data, 0x5a, content->bytes[i]);
        enum satsync_status status =
            *wrong ? SATSYNC_OK : satsync_reader_read(reader, i, 0, data, content->bytes[i], error);
        *wrong |= status == SATSYNC_OK && memcmp(data, content->data[i], content->bytes[i]) != 0;
        free(data);
        TRY(status);
    }
    return SATSYNC_OK;
}

static enum satsync_status check_blobs(const struct content *content, struct satsync_reader *reader,
                                       bool *wrong, struct satsync_error *error) {
    for (size_t i = 0; i < CONTENT_BLOBS; i++) {
        uint8_t data[8192];
        size_t bytes;
        TRY(satsync_reader_blob(reader, blob_names[i], data, sizeof data, &bytes, error));
        *wrong |= bytes != content->blob_bytes[i] || memcmp(data, content->blobs[i], bytes) != 0;
    }
    return SATSYNC_OK;
}

enum satsync_status content_check(const struct content *content, struct satsync_store *store,
                                  uint64_t step, bool *wrong, struct satsync_error *error) {
    *wrong = false;
    struct satsync_reader *reader;
    TRY(satsync_reader_open(store, step, &reader, error));
    enum satsync_status status = check_tensors(content, reader, wrong, error);
    if (status == SATSYNC_OK) {
        status = check_blobs(content, reader, wrong, error);
    }
    satsync_reader_close(reader);
    return status;
}
