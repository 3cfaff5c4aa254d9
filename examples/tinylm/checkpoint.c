#include "checkpoint.h"

#include <inttypes.h>
#include <poll.h>
#include <satsync/checkpoint.h>
#include <satsync/engine.h>
#include <satsync/group.h>
#include <satsync/key.h>
#include <satsync/store.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char state_blob[] = "trainer.state";

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int report(enum satsync_status status, const struct satsync_error *error) {
    if (status == SATSYNC_OK) {
        return 0;
    }
    fprintf(stderr, "tinylm: %s%s%s\n", error->subject, error->subject[0] ? ": " : "",
            error->message);
    return (int)satsync_status_class(status);
}

static enum satsync_status open_store(struct saver *saver, const char *path,
                                      struct satsync_error *error) {
    enum satsync_status status =
        satsync_store_open(saver->engine, path, saver->key, &saver->store, error);
    if (status != SATSYNC_NOT_FOUND) {
        return status;
    }
    status = satsync_store_create(saver->engine, path, saver->key, NULL, 0, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    return satsync_store_open(saver->engine, path, saver->key, &saver->store, error);
}

int saver_open(struct saver *saver, const char *store, const char *key) {
    *saver = (struct saver){0};
    struct satsync_error error = {0};
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    /* The other core belongs to the training. */
    options.workers = 1;
    enum satsync_status status = satsync_engine_open(&options, &saver->engine, &error);
    if (status == SATSYNC_OK) {
        status = satsync_key_load(key, &saver->key, &error);
    }
    if (status == SATSYNC_OK) {
        status = open_store(saver, store, &error);
    }
    if (status != SATSYNC_OK) {
        saver_close(saver);
    }
    return report(status, &error);
}

void saver_close(struct saver *saver) {
    satsync_operation_free(saver->running);
    if (saver->store) {
        satsync_store_close(saver->store);
    }
    satsync_key_free(saver->key);
    satsync_engine_close(saver->engine);
    saver->running = NULL;
    saver->store = NULL;
    saver->key = NULL;
    saver->engine = NULL;
}

int saver_poll(struct saver *saver) {
    struct satsync_operation *ended = satsync_engine_poll(saver->engine);
    if (!ended || ended != saver->running) {
        return 0;
    }
    struct satsync_error error = {0};
    struct satsync_progress progress;
    enum satsync_status status = satsync_operation_result(ended, &error);
    satsync_operation_progress(ended, &progress);
    satsync_operation_free(ended);
    saver->running = NULL;
    if (status == SATSYNC_OK) {
        saver->saves++;
        saver->raw_bytes = progress.raw_bytes;
        saver->stored_bytes = progress.stored_bytes;
        if (!saver->quiet) {
            fprintf(stderr,
                    "step %" PRIu64 " saved: %" PRIu64 " bytes as %" PRIu64 " in %" PRIu64 " ms\n",
                    saver->running_step, progress.raw_bytes, progress.stored_bytes,
                    progress.elapsed_ns / 1000000);
        }
    }
    return report(status, &error);
}

int saver_finish(struct saver *saver) {
    int failed = 0;
    while (saver->running && failed == 0) {
        /* The limit only guards against a wake-up that got lost. */
        struct pollfd ready = {.fd = satsync_engine_fd(saver->engine), .events = POLLIN};
        (void)poll(&ready, 1, 100);
        failed = saver_poll(saver);
    }
    return failed;
}

static struct satsync_tensor view_of(const struct state_tensor *tensor) {
    static const enum satsync_dtype dtypes[] = {
        [ELEMENT_F32] = SATSYNC_F32, [ELEMENT_BF16] = SATSYNC_BF16, [ELEMENT_U64] = SATSYNC_U64};
    struct satsync_tensor view = {.name = tensor->name,
                                  .dtype = dtypes[tensor->element],
                                  .dimensions = tensor->dimensions,
                                  .data = tensor->data};
    for (uint32_t d = 0; d < tensor->dimensions; d++) {
        view.shape[d] = tensor->shape[d];
    }
    return view;
}

static enum satsync_status put_all(struct satsync_save *save, const struct state_tensor *tensors,
                                   struct satsync_error *error) {
    enum satsync_status status = SATSYNC_OK;
    for (int i = 0; i < STATE_TENSORS && status == SATSYNC_OK; i++) {
        struct satsync_tensor view = view_of(&tensors[i]);
        status = satsync_save_put(save, &view, error);
        if (status == SATSYNC_OK && strcmp(tensors[i].name, state_blob) == 0) {
            status =
                satsync_save_put_blob(save, state_blob, tensors[i].data, tensors[i].bytes, error);
        }
    }
    return status;
}

static int wait_for_former(struct saver *saver, uint64_t step) {
    if (!saver->running) {
        return 0;
    }
    uint64_t from = now_ns();
    uint64_t former = saver->running_step;
    int failed = saver_finish(saver);
    uint64_t waited = now_ns() - from;
    saver->waited_ns += waited;
    if (!saver->quiet) {
        fprintf(stderr, "step %" PRIu64 " waited %" PRIu64 " ms for the save of step %" PRIu64 "\n",
                step, waited / 1000000, former);
    }
    return failed;
}

int saver_save(struct saver *saver, uint64_t step, const struct state_tensor *tensors) {
    int failed = wait_for_former(saver, step);
    if (failed) {
        return failed;
    }
    uint64_t from = now_ns();
    struct satsync_error error = {0};
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    struct satsync_save *save = NULL;
    enum satsync_status status = satsync_save_begin(saver->store, &options, &save, &error);
    if (status == SATSYNC_OK) {
        status = put_all(save, tensors, &error);
        if (status == SATSYNC_OK && saver->group) {
            status = satsync_group_save(saver->group, save, &error);
        }
        if (status == SATSYNC_OK) {
            status = satsync_save_commit(save, &saver->running, &error);
        } else {
            satsync_save_abandon(save);
        }
    }
    saver->running_step = step;
    uint64_t stall = now_ns() - from;
    saver->stall_ns = stall > saver->stall_ns ? stall : saver->stall_ns;
    return report(status, &error);
}

static enum satsync_status read_tensor(struct satsync_reader *reader,
                                       const struct state_tensor *tensor,
                                       struct satsync_error *error) {
    size_t index;
    enum satsync_status status = satsync_reader_find(reader, tensor->name, &index, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    struct satsync_tensor wanted = view_of(tensor);
    struct satsync_tensor found;
    satsync_reader_tensor(reader, index, &found);
    int same = found.dtype == wanted.dtype && found.dimensions == wanted.dimensions;
    for (uint32_t d = 0; same && d < wanted.dimensions; d++) {
        same = found.shape[d] == wanted.shape[d];
    }
    if (!same) {
        snprintf(error->subject, sizeof error->subject, "%s", tensor->name);
        snprintf(error->message, sizeof error->message,
                 "it is of a model of another size; see --hidden");
        return SATSYNC_INVALID;
    }
    return satsync_reader_read(reader, index, 0, tensor->data, tensor->bytes, error);
}

/* The blob must tell the same as the tensor that was just read. */
static enum satsync_status check_blob(struct satsync_reader *reader,
                                      const struct state_tensor *tensor,
                                      struct satsync_error *error) {
    unsigned char blob[sizeof(uint64_t) * PROGRESS_COUNT];
    size_t bytes = 0;
    enum satsync_status status =
        satsync_reader_blob(reader, state_blob, blob, sizeof blob, &bytes, error);
    if (status == SATSYNC_OK &&
        (bytes != tensor->bytes || memcmp(blob, tensor->data, tensor->bytes) != 0)) {
        snprintf(error->subject, sizeof error->subject, "%s", state_blob);
        snprintf(error->message, sizeof error->message, "the blob and the tensor differ");
        status = SATSYNC_CORRUPT;
    }
    return status;
}

int saver_load(struct saver *saver, uint64_t step, const struct state_tensor *tensors) {
    struct satsync_error error = {0};
    struct satsync_reader *reader = NULL;
    enum satsync_status status = satsync_reader_open(saver->store, step, &reader, &error);
    for (int i = 0; i < STATE_TENSORS && status == SATSYNC_OK; i++) {
        status = read_tensor(reader, &tensors[i], &error);
        if (status == SATSYNC_OK && strcmp(tensors[i].name, state_blob) == 0) {
            status = check_blob(reader, &tensors[i], &error);
        }
    }
    if (status == SATSYNC_OK && saver->group) {
        status = satsync_group_load(saver->group, reader, &error);
    }
    if (reader) {
        satsync_reader_close(reader);
    }
    return report(status, &error);
}
