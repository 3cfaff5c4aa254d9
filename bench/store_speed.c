#include "bench/store_speed.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/machine.h"
#include "bench/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <satsync/checkpoint.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TENSORS = 16, PATH_BYTES_LIMIT = 1024, PLAIN_BYTES = 8 << 20 };

/* Half of the state is bf16, half fp32, in equal tensors. */
struct state {
    const char *folder;
    uint8_t *data;
    uint8_t *back;
    size_t tensor_bytes;
    char key_path[PATH_BYTES_LIMIT];
    char store_path[PATH_BYTES_LIMIT];
    char plain_path[PATH_BYTES_LIMIT];
    struct satsync_engine *engine;
    struct satsync_key *key;
    struct satsync_store *store;
};

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void clear(const struct state *state) {
    char public_path[PATH_BYTES_LIMIT + 8];
    snprintf(public_path, sizeof public_path, "%s.pub", state->key_path);
    nftw(state->store_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unlink(state->key_path);
    unlink(public_path);
    unlink(state->plain_path);
}

static enum satsync_status open_store(struct state *state, struct satsync_error *error) {
    TRY(satsync_engine_open(NULL, &state->engine, error));
    TRY(satsync_key_generate(state->key_path, NULL, error));
    TRY(satsync_key_load(state->key_path, &state->key, error));
    TRY(satsync_store_create(state->engine, state->store_path, state->key, NULL, 0, error));
    return satsync_store_open(state->engine, state->store_path, state->key, &state->store, error);
}

static void close_store(struct state *state) {
    satsync_store_close(state->store);
    satsync_key_free(state->key);
    satsync_engine_close(state->engine);
}

static enum satsync_status put_all(struct state *state, struct satsync_save *save,
                                   struct satsync_error *error) {
    for (uint32_t i = 0; i < TENSORS; i++) {
        char name[32];
        bool half = i % 2 == 0;
        snprintf(name, sizeof name, "layer.%u.weight", i);
        const struct satsync_tensor tensor = {.name = name,
                                              .dtype = half ? SATSYNC_BF16 : SATSYNC_F32,
                                              .dimensions = 1,
                                              .shape = {state->tensor_bytes / (half ? 2 : 4)},
                                              .data = state->data + i * state->tensor_bytes};
        TRY(satsync_save_put(save, &tensor, error));
    }
    return SATSYNC_OK;
}

static enum satsync_status save(struct state *state, uint64_t step, uint64_t *spent_ns,
                                struct satsync_error *error) {
    struct satsync_save_options options;
    struct satsync_save *save = NULL;
    struct satsync_operation *operation = NULL;
    satsync_save_options_init(&options);
    options.step = step;
    uint64_t start_ns = machine_now_ns();
    TRY(satsync_save_begin(state->store, &options, &save, error));
    enum satsync_status status = put_all(state, save, error);
    if (status != SATSYNC_OK) {
        satsync_save_abandon(save);
        return status;
    }
    TRY(satsync_save_commit(save, &operation, error));
    status = satsync_operation_wait(operation, UINT64_MAX, error);
    satsync_operation_free(operation);
    *spent_ns = machine_now_ns() - start_ns;
    return status;
}

static enum satsync_status restore(struct state *state, uint64_t step, uint64_t *spent_ns,
                                   struct satsync_error *error) {
    struct satsync_reader *reader;
    uint64_t start_ns = machine_now_ns();
    TRY(satsync_reader_open(state->store, step, &reader, error));
    enum satsync_status status = SATSYNC_OK;
    for (size_t i = 0; i < TENSORS && status == SATSYNC_OK; i++) {
        status = satsync_reader_read(reader, i, 0, state->back + i * state->tensor_bytes,
                                     state->tensor_bytes, error);
    }
    satsync_reader_close(reader);
    *spent_ns = machine_now_ns() - start_ns;
    TRY(status);
    ENSURE(memcmp(state->data, state->back, TENSORS * state->tensor_bytes) == 0, error, SATSYNC_BUG,
           "restore", "the restored state differs from the saved one");
    return SATSYNC_OK;
}

static enum satsync_status plain_write(struct state *state, uint64_t *spent_ns,
                                       struct satsync_error *error) {
    size_t bytes = TENSORS * state->tensor_bytes;
    uint64_t start_ns = machine_now_ns();
    int file = open(state->plain_path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    bool good = file >= 0;
    for (size_t done = 0; good && done < bytes;) {
        size_t left = bytes - done;
        ssize_t wrote = write(file, state->data + done, left < PLAIN_BYTES ? left : PLAIN_BYTES);
        good = wrote > 0;
        done += good ? (size_t)wrote : 0;
    }
    good = good && fsync(file) == 0;
    int number = errno;
    *spent_ns = machine_now_ns() - start_ns;
    if (file >= 0) {
        close(file);
    }
    return good ? SATSYNC_OK
                : error_set_errno(error, number, state->plain_path, "writing it plainly");
}

static enum satsync_status plain_read(struct state *state, uint64_t *spent_ns,
                                      struct satsync_error *error) {
    size_t bytes = TENSORS * state->tensor_bytes;
    int file = open(state->plain_path, O_RDONLY);
    bool good = file >= 0;
    /* From the disk, as restore reads it. */
    good = good && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
    uint64_t start_ns = machine_now_ns();
    for (size_t done = 0; good && done < bytes;) {
        size_t left = bytes - done;
        ssize_t got = read(file, state->back + done, left < PLAIN_BYTES ? left : PLAIN_BYTES);
        good = got > 0;
        done += good ? (size_t)got : 0;
    }
    int number = errno;
    *spent_ns = machine_now_ns() - start_ns;
    if (file >= 0) {
        close(file);
    }
    unlink(state->plain_path);
    return good ? SATSYNC_OK
                : error_set_errno(error, number, state->plain_path, "reading it plainly");
}

static enum satsync_status one_run(struct state *state, struct row_run *saved,
                                   struct row_run *restored, struct satsync_error *error) {
    TRY(plain_write(state, &saved->floor_ns, error));
    TRY(save(state, saved->seed, &saved->time_ns, error));
    TRY(plain_read(state, &restored->floor_ns, error));
    TRY(restore(state, saved->seed, &restored->time_ns, error));
    saved->share_ppm = row_share(saved->floor_ns, saved->time_ns);
    restored->share_ppm = row_share(restored->floor_ns, restored->time_ns);
    return SATSYNC_OK;
}

static void fill_row(struct row *row, const char *part, struct row_run *runs, size_t count) {
    snprintf(row->part, sizeof row->part, "%s", part);
    row->clock = ROW_WALL;
    row_settle(row, runs, count);
    row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
    row_figure(row, "plain_gb_per_s", (double)row->bytes / (double)row->median.floor_ns);
}

static enum satsync_status all_runs(struct state *state, const struct scenario *scenario,
                                    struct row *rows, struct satsync_error *error) {
    static struct row_run saves[ROW_RUNS];
    static struct row_run restores[ROW_RUNS];
    struct satsync_checkpoint_info info;
    TRY(open_store(state, error));
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        saves[i] = (struct row_run){.seed = i + 1};
        restores[i] = (struct row_run){.seed = i + 1};
        TRY(one_run(state, &saves[i], &restores[i], error));
    }
    TRY(satsync_store_info(state->store, 1, &info, error));
    rows[0].bytes = rows[1].bytes = TENSORS * state->tensor_bytes;
    rows[0].limit = "plain write and fsync of the same bytes";
    rows[1].limit = "plain read of the same bytes";
    fill_row(&rows[0], "save", saves, (size_t)scenario->seeds);
    fill_row(&rows[1], "restore", restores, (size_t)scenario->seeds);
    row_figure(&rows[0], "stored_percent",
               100 * (double)info.stored_bytes / (double)info.raw_bytes);
    return SATSYNC_OK;
}

enum satsync_status store_speed_run(const struct scenario *scenario, const char *folder,
                                    struct row *rows, size_t *count, struct satsync_error *error) {
    struct state state = {.folder = folder};
    state.tensor_bytes = (size_t)scenario->bytes / TENSORS / 4 * 4;
    ENSURE(state.tensor_bytes > 0 && strlen(folder) < PATH_BYTES_LIMIT - 32, error, SATSYNC_INVALID,
           scenario->name, "at least %d bytes, and a shorter folder", 4 * TENSORS);
    snprintf(state.key_path, PATH_BYTES_LIMIT, "%s/site.key", folder);
    snprintf(state.store_path, PATH_BYTES_LIMIT, "%s/store", folder);
    snprintf(state.plain_path, PATH_BYTES_LIMIT, "%s/plain", folder);
    state.data = memory_new(NULL, TENSORS, state.tensor_bytes);
    state.back = memory_new(NULL, TENSORS, state.tensor_bytes);
    enum satsync_status status = SATSYNC_NO_MEMORY;
    if (state.data && state.back) {
        for (size_t i = 0; i < TENSORS; i++) {
            (i % 2 == 0 ? weights_bf16 : weights_fp32)(i, state.data + i * state.tensor_bytes,
                                                       state.tensor_bytes);
        }
        memset(state.back, 1, TENSORS * state.tensor_bytes);
        clear(&state);
        status = all_runs(&state, scenario, rows, error);
        close_store(&state);
        clear(&state);
    }
    memory_free(NULL, state.data);
    memory_free(NULL, state.back);
    *count = 2;
    return status;
}
