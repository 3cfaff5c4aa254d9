#include "bench/quantise_speed.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/machine.h"
#include "bench/weights.h"
#include "codec/quantise.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CODECS = 3 };
static_assert((1 + CODEC_FILES_LIMIT) * 2 * CODECS <= ROWS_A_SCENARIO, "");

struct values {
    const char *name;
    float *value;
    size_t count;
    uint8_t *coded;
    float *back;
};

static enum satsync_status take_room(struct values *values, size_t count) {
    values->count = count;
    values->value = memory_new(NULL, count, sizeof(float));
    values->back = memory_new(NULL, count, sizeof(float));
    values->coded = memory_new(NULL, 1, (size_t)quantise_bytes(QUANTISE_FP32, count) + 8);
    if (!values->value || !values->back || !values->coded) {
        return SATSYNC_NO_MEMORY;
    }
    memset(values->back, 1, count * sizeof(float)); /* touched before the clock runs */
    memset(values->coded, 1, 4 * count);
    return SATSYNC_OK;
}

static void give_room(struct values *values) {
    memory_free(NULL, values->value);
    memory_free(NULL, values->back);
    memory_free(NULL, values->coded);
}

/* bf16 by its name, else fp32. */
static enum satsync_status load(const char *path, size_t limit, struct values *values,
                                struct satsync_error *error) {
    const char *slash = strrchr(path, '/');
    values->name = slash ? slash + 1 : path;
    size_t width = strstr(values->name, "bf16") ? 2 : 4;
    FILE *file = fopen(path, "rb");
    ENSURE(file, error, SATSYNC_NOT_FOUND, path, "cannot open %s", path);
    uint8_t *raw = memory_new(NULL, 1, limit);
    size_t bytes = raw ? fread(raw, 1, limit, file) : 0;
    fclose(file);
    enum satsync_status status = take_room(values, bytes / width);
    if (status == SATSYNC_OK && raw) {
        enum quantise_codec codec = width == 2 ? QUANTISE_BF16 : QUANTISE_FP32;
        quantise_decode(codec, raw, values->count, values->value);
    }
    memory_free(NULL, raw);
    TRY(status);
    ENSURE(values->count > 0, error, SATSYNC_INVALID, path, "%s has no values", path);
    return SATSYNC_OK;
}

struct record {
    struct row_run encodes[ROW_RUNS];
    struct row_run decodes[ROW_RUNS];
};

static struct row_run run_of(uint64_t seed, uint64_t spent_ns, uint64_t copy_ns) {
    return (struct row_run){seed, spent_ns, copy_ns, row_share(copy_ns, spent_ns)};
}

static void measure(struct values *values, enum quantise_codec codec, size_t runs,
                    struct record *record) {
    for (size_t i = 0; i < runs; i++) {
        uint64_t start_ns = machine_now_ns();
        memcpy(values->back, values->value, values->count * sizeof(float));
        uint64_t copied_ns = machine_now_ns();
        quantise_encode(codec, values->value, values->count, values->coded);
        uint64_t coded_ns = machine_now_ns();
        quantise_decode(codec, values->coded, values->count, values->back);
        uint64_t copy_ns = copied_ns - start_ns;
        record->encodes[i] = run_of(i + 1, coded_ns - copied_ns, copy_ns);
        record->decodes[i] = run_of(i + 1, machine_now_ns() - coded_ns, copy_ns);
    }
}

static void add_errors(struct row *row, const struct values *values) {
    double sum = 0, square = 0, wrong = 0;
    for (size_t i = 0; i < values->count; i++) {
        double value = (double)values->value[i], gap = (double)values->back[i] - value;
        sum += gap;
        wrong += gap * gap;
        square += value * value;
    }
    double rms = sqrt(square / (double)values->count);
    row_figure(row, "bias_ppm_of_rms", 1e6 * fabs(sum / (double)values->count) / rms);
    row_figure(row, "relative_error_percent", 100 * sqrt(wrong / square));
}

static void fill_rows(struct row *rows, struct values *values, enum quantise_codec codec,
                      size_t runs) {
    static struct record record;
    measure(values, codec, runs, &record);
    struct row_run *both[] = {record.encodes, record.decodes};
    for (size_t i = 0; i < 2; i++) {
        struct row *row = &rows[i];
        snprintf(row->part, sizeof row->part, "%.40s %s %s", values->name,
                 quantise_name((uint8_t)codec), i == 0 ? "encode" : "decode");
        row->clock = ROW_WALL;
        row->bytes = values->count * sizeof(float);
        row->limit = "memcpy of the same values";
        row_settle(row, both[i], runs);
        row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
    }
    add_errors(rows, values);
}

enum satsync_status quantise_speed_run(const struct scenario *scenario,
                                       const struct codec_files *files, struct row *rows,
                                       size_t *count, struct satsync_error *error) {
    enum satsync_status status = SATSYNC_OK;
    size_t bytes = (size_t)scenario->bytes / 4 * 4;
    *count = 0;
    for (size_t i = 0; i < 1 + files->count && status == SATSYNC_OK; i++) {
        struct values values = {.name = "weights"};
        if (i > 0) {
            status = load(files->paths[i - 1], bytes, &values, error);
        } else {
            status = take_room(&values, bytes / 4);
            if (status == SATSYNC_OK) {
                weights_fp32(1, (uint8_t *)values.value, bytes);
            }
        }
        for (int codec = QUANTISE_FP32; codec <= QUANTISE_INT8 && status == SATSYNC_OK; codec++) {
            fill_rows(rows + *count, &values, (enum quantise_codec)codec, (size_t)scenario->seeds);
            *count += 2;
        }
        give_room(&values);
    }
    return status;
}
