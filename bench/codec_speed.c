#include "bench/codec_speed.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/entropy_floor.h"
#include "bench/machine.h"
#include "bench/weights.h"
#include "codec/codec.h"

#include <stdio.h>
#include <string.h>

/* zstd -1 comes first: the others are compared with it. */
enum { CODECS = 4, ROWS_A_SET = 2 * CODECS };
static const enum codec codecs[CODECS] = {CODEC_ZSTD, CODEC_HUFF, CODEC_FAST, CODEC_AUTO};
static_assert((2 + CODEC_FILES_LIMIT) * ROWS_A_SET <= ROWS_A_SCENARIO, "");

struct data_set {
    const char *name;
    uint8_t *raw;
    size_t bytes;
    uint8_t width;
    bool floating;
};

/* What one codec did in all runs. */
struct record {
    struct row_run encodes[ROW_RUNS];
    struct row_run decodes[ROW_RUNS];
    uint64_t encode_cpu_ns;
    uint64_t decode_cpu_ns;
    uint64_t stored_bytes; /* of a run */
};

/* One pass over a data set, chunk by chunk. */
struct pass {
    struct codec_scratch *scratch;
    const struct data_set *data;
    uint8_t *coded; /* codec_bound(CODEC_CHUNK_BYTES) apart */
    size_t *coded_bytes;
    uint8_t *back;
    uint64_t copy_ns;
};

static size_t chunk_count(size_t bytes) {
    return (bytes + CODEC_CHUNK_BYTES - 1) / CODEC_CHUNK_BYTES;
}

static size_t chunk_bytes(const struct data_set *data, size_t chunk) {
    size_t left = data->bytes - chunk * CODEC_CHUNK_BYTES;
    return left < CODEC_CHUNK_BYTES ? left : CODEC_CHUNK_BYTES;
}

static enum satsync_status encode(struct pass *pass, enum codec codec, struct record *record,
                                  uint64_t *spent_ns) {
    uint64_t start_ns = machine_now_ns();
    uint64_t start_cpu_ns = machine_cpu_ns();
    record->stored_bytes = 0;
    for (size_t i = 0; i < chunk_count(pass->data->bytes); i++) {
        const struct codec_input input = {.wish = codec,
                                          .width = pass->data->width,
                                          .floating = pass->data->floating,
                                          .raw = pass->data->raw + i * CODEC_CHUNK_BYTES,
                                          .raw_bytes = chunk_bytes(pass->data, i)};
        TRY(codec_encode(pass->scratch, &input, pass->coded + i * codec_bound(CODEC_CHUNK_BYTES),
                         &pass->coded_bytes[i]));
        record->stored_bytes += pass->coded_bytes[i];
    }
    *spent_ns = machine_now_ns() - start_ns;
    record->encode_cpu_ns += machine_cpu_ns() - start_cpu_ns;
    return SATSYNC_OK;
}

static enum satsync_status decode(struct pass *pass, struct record *record, uint64_t *spent_ns) {
    uint64_t start_ns = machine_now_ns();
    uint64_t start_cpu_ns = machine_cpu_ns();
    for (size_t i = 0; i < chunk_count(pass->data->bytes); i++) {
        TRY(codec_decode(pass->scratch, pass->coded + i * codec_bound(CODEC_CHUNK_BYTES),
                         pass->coded_bytes[i], pass->back + i * CODEC_CHUNK_BYTES,
                         chunk_bytes(pass->data, i)));
    }
    *spent_ns = machine_now_ns() - start_ns;
    record->decode_cpu_ns += machine_cpu_ns() - start_cpu_ns;
    return memcmp(pass->back, pass->data->raw, pass->data->bytes) == 0 ? SATSYNC_OK
                                                                       : SATSYNC_CORRUPT;
}

static void copy(struct pass *pass) {
    uint64_t start_ns = machine_now_ns();
    memcpy(pass->back, pass->data->raw, pass->data->bytes);
    pass->copy_ns = machine_now_ns() - start_ns;
}

static struct row_run run_of(const struct pass *pass, size_t number, uint64_t spent_ns) {
    return (struct row_run){number + 1, spent_ns, pass->copy_ns,
                            row_share(pass->copy_ns, spent_ns)};
}

/* All codecs within each run, so that what disturbs one disturbs the others. */
static enum satsync_status measure(struct pass *pass, size_t runs, struct record *records) {
    memset(records, 0, CODECS * sizeof *records);
    for (size_t i = 0; i < runs; i++) {
        copy(pass);
        for (size_t k = 0; k < CODECS; k++) {
            uint64_t encode_ns;
            uint64_t decode_ns;
            TRY(encode(pass, codecs[k], &records[k], &encode_ns));
            TRY(decode(pass, &records[k], &decode_ns));
            records[k].encodes[i] = run_of(pass, i, encode_ns);
            records[k].decodes[i] = run_of(pass, i, decode_ns);
        }
    }
    return SATSYNC_OK;
}

/* Ordered by codec, encoding then decoding; the first two are those of zstd. */
static void fill_row(struct row *row, const struct data_set *data, struct row_run *runs,
                     size_t count) {
    row->clock = ROW_WALL;
    row->bytes = data->bytes;
    row->limit = "memcpy of the same bytes";
    row_settle(row, runs, count);
    row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
}

static void fill_rows(struct pass *pass, struct record *records, size_t runs, struct row *rows) {
    const struct data_set *data = pass->data;
    double bytes = (double)data->bytes;
    double floor_bytes = 0;
    for (size_t i = 0; i < chunk_count(data->bytes); i++) {
        const struct floor_input input = {data->raw + i * CODEC_CHUNK_BYTES, chunk_bytes(data, i),
                                          data->width, data->floating};
        floor_bytes += entropy_floor_bytes(&input, pass->back);
    }
    for (size_t k = 0; k < CODECS; k++) {
        struct row *pair = rows + 2 * k;
        const char *name = codec_name((uint8_t)codecs[k]);
        snprintf(pair[0].part, sizeof pair[0].part, "%.40s %s encode", data->name, name);
        snprintf(pair[1].part, sizeof pair[1].part, "%.40s %s decode", data->name, name);
        fill_row(&pair[0], data, records[k].encodes, runs);
        fill_row(&pair[1], data, records[k].decodes, runs);
        for (size_t i = 0; i < 2; i++) {
            row_figure(&pair[i], "times_zstd",
                       (double)rows[i].median.time_ns / (double)pair[i].median.time_ns);
        }
        /* Of processor time: what the core did while it was ours. */
        double all = bytes * (double)runs;
        row_figure(&pair[0], "cpu_gb_per_s", all / (double)(records[k].encode_cpu_ns + 1));
        row_figure(&pair[1], "cpu_gb_per_s", all / (double)(records[k].decode_cpu_ns + 1));
        row_figure(&pair[0], "stored_percent", 100 * (double)records[k].stored_bytes / bytes);
        row_figure(&pair[0], "floor_percent", 100 * floor_bytes / bytes);
    }
}

static enum satsync_status measure_set(const struct data_set *data, size_t runs, struct row *rows,
                                       size_t *count) {
    size_t chunks = chunk_count(data->bytes);
    struct pass pass = {.data = data,
                        .scratch = codec_scratch_new(NULL, CODEC_CHUNK_BYTES),
                        .coded = memory_new(NULL, chunks, codec_bound(CODEC_CHUNK_BYTES)),
                        .coded_bytes = memory_new(NULL, chunks, sizeof(size_t)),
                        .back = memory_new(NULL, 1, data->bytes)};
    enum satsync_status status = SATSYNC_NO_MEMORY;
    if (pass.scratch && pass.coded && pass.coded_bytes && pass.back) {
        /* Touched before the clock runs. */
        memset(pass.coded, 1, chunks * codec_bound(CODEC_CHUNK_BYTES));
        memset(pass.back, 1, data->bytes);
        status = SATSYNC_OK;
    }
    static struct record records[CODECS];
    if (status == SATSYNC_OK) {
        status = measure(&pass, runs, records);
    }
    if (status == SATSYNC_OK) {
        fill_rows(&pass, records, runs, rows + *count);
        *count += ROWS_A_SET;
    }
    codec_scratch_free(pass.scratch);
    memory_free(NULL, pass.coded);
    memory_free(NULL, pass.coded_bytes);
    memory_free(NULL, pass.back);
    return status;
}

static enum satsync_status load(const char *path, size_t limit, struct data_set *data,
                                struct satsync_error *error) {
    const char *slash = strrchr(path, '/');
    FILE *file = fopen(path, "rb");
    ENSURE(file, error, SATSYNC_NOT_FOUND, path, "cannot open %s", path);
    data->name = slash ? slash + 1 : path;
    bool two = strstr(data->name, "bf16") || strstr(data->name, "fp16");
    bool four = strstr(data->name, "fp32") != NULL;
    bool eight = strstr(data->name, "fp64") != NULL;
    data->width = two ? 2 : four ? 4 : eight ? 8 : 1;
    data->floating = data->width > 1;
    data->raw = memory_new(NULL, 1, limit);
    data->bytes = data->raw ? fread(data->raw, 1, limit, file) : 0;
    fclose(file);
    ENSURE(data->bytes > 0, error, SATSYNC_INVALID, path, "%s has no bytes to code", path);
    return SATSYNC_OK;
}

enum satsync_status codec_speed_run(const struct scenario *scenario,
                                    const struct codec_files *files, struct row *rows,
                                    size_t *count, struct satsync_error *error) {
    enum satsync_status status = SATSYNC_OK;
    size_t bytes = (size_t)scenario->bytes / 4 * 4;
    struct data_set made[2] = {{"bf16 weights", NULL, bytes, 2, true},
                               {"fp32 weights", NULL, bytes, 4, true}};
    *count = 0;
    for (size_t i = 0; i < 2 + files->count && status == SATSYNC_OK; i++) {
        struct data_set data = i < 2 ? made[i] : (struct data_set){0};
        if (i >= 2) {
            status = load(files->paths[i - 2], bytes, &data, error);
        } else if (!(data.raw = memory_new(NULL, 1, bytes))) {
            status = error_set(error, SATSYNC_NO_MEMORY, scenario->name, "no memory");
        } else {
            (i == 0 ? weights_bf16 : weights_fp32)(1, data.raw, bytes);
        }
        if (status == SATSYNC_OK) {
            status = measure_set(&data, (size_t)scenario->seeds, rows, count);
        }
        memory_free(NULL, data.raw);
    }
    return status;
}
