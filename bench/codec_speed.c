#include "bench/codec_speed.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/machine.h"
#include "bench/weights.h"
#include "codec/codec.h"

#include <stdio.h>
#include <string.h>

enum { CODECS = 3 };
static const enum codec codecs[CODECS] = {CODEC_HUFF, CODEC_ZSTD, CODEC_AUTO};

struct data_set {
    const char *name;
    uint8_t *raw;
    size_t bytes;
    uint8_t width;
    bool floating;
};

/* One pass over a data set, chunk by chunk. */
struct pass {
    struct codec_scratch *scratch;
    const struct data_set *data;
    uint8_t *coded; /* codec_bound(CODEC_CHUNK_BYTES) apart */
    size_t *coded_bytes;
    uint8_t *back;
    uint64_t stored_bytes;
    uint64_t encode_ns;
    uint64_t decode_ns;
    uint64_t copy_ns;
    uint64_t encode_cpu_ns; /* of all runs */
    uint64_t decode_cpu_ns;
};

static size_t chunk_count(size_t bytes) {
    return (bytes + CODEC_CHUNK_BYTES - 1) / CODEC_CHUNK_BYTES;
}

static size_t chunk_bytes(const struct data_set *data, size_t chunk) {
    size_t left = data->bytes - chunk * CODEC_CHUNK_BYTES;
    return left < CODEC_CHUNK_BYTES ? left : CODEC_CHUNK_BYTES;
}

static enum satsync_status encode(struct pass *pass, enum codec codec) {
    uint64_t start_ns = machine_now_ns();
    uint64_t start_cpu_ns = machine_cpu_ns();
    pass->stored_bytes = 0;
    for (size_t i = 0; i < chunk_count(pass->data->bytes); i++) {
        const struct codec_input input = {.wish = codec,
                                          .width = pass->data->width,
                                          .floating = pass->data->floating,
                                          .raw = pass->data->raw + i * CODEC_CHUNK_BYTES,
                                          .raw_bytes = chunk_bytes(pass->data, i)};
        TRY(codec_encode(pass->scratch, &input, pass->coded + i * codec_bound(CODEC_CHUNK_BYTES),
                         &pass->coded_bytes[i]));
        pass->stored_bytes += pass->coded_bytes[i];
    }
    pass->encode_ns = machine_now_ns() - start_ns;
    pass->encode_cpu_ns += machine_cpu_ns() - start_cpu_ns;
    return SATSYNC_OK;
}

static enum satsync_status decode(struct pass *pass) {
    uint64_t start_ns = machine_now_ns();
    uint64_t start_cpu_ns = machine_cpu_ns();
    for (size_t i = 0; i < chunk_count(pass->data->bytes); i++) {
        TRY(codec_decode(pass->scratch, pass->coded + i * codec_bound(CODEC_CHUNK_BYTES),
                         pass->coded_bytes[i], pass->back + i * CODEC_CHUNK_BYTES,
                         chunk_bytes(pass->data, i)));
    }
    pass->decode_ns = machine_now_ns() - start_ns;
    pass->decode_cpu_ns += machine_cpu_ns() - start_cpu_ns;
    return memcmp(pass->back, pass->data->raw, pass->data->bytes) == 0 ? SATSYNC_OK
                                                                       : SATSYNC_CORRUPT;
}

static void copy(struct pass *pass) {
    uint64_t start_ns = machine_now_ns();
    memcpy(pass->back, pass->data->raw, pass->data->bytes);
    pass->copy_ns = machine_now_ns() - start_ns;
}

static void fill_row(struct row *row, const struct pass *pass, struct row_run *runs, size_t count) {
    row->clock = ROW_WALL;
    row->bytes = pass->data->bytes;
    row->limit = "memcpy of the same bytes";
    row_settle(row, runs, count);
    row_figure(row, "gb_per_s", (double)row->bytes / (double)row->median.time_ns);
    row_figure(row, "stored_percent", 100 * (double)pass->stored_bytes / (double)row->bytes);
}

static enum satsync_status measure(struct pass *pass, enum codec codec, size_t runs,
                                   struct row *rows) {
    static struct row_run encodes[ROW_RUNS];
    static struct row_run decodes[ROW_RUNS];
    pass->encode_cpu_ns = pass->decode_cpu_ns = 0;
    for (size_t i = 0; i < runs; i++) {
        TRY(encode(pass, codec));
        TRY(decode(pass));
        copy(pass);
        encodes[i] = (struct row_run){i + 1, pass->encode_ns, pass->copy_ns,
                                      row_share(pass->copy_ns, pass->encode_ns)};
        decodes[i] = (struct row_run){i + 1, pass->decode_ns, pass->copy_ns,
                                      row_share(pass->copy_ns, pass->decode_ns)};
    }
    const char *name = codec_name((uint8_t)codec);
    snprintf(rows[0].part, sizeof rows[0].part, "%.40s %s encode", pass->data->name, name);
    snprintf(rows[1].part, sizeof rows[1].part, "%.40s %s decode", pass->data->name, name);
    fill_row(&rows[0], pass, encodes, runs);
    fill_row(&rows[1], pass, decodes, runs);
    /* Of processor time: what the core did while it was ours. */
    double bytes = (double)pass->data->bytes * (double)runs;
    row_figure(&rows[0], "cpu_gb_per_s", bytes / (double)(pass->encode_cpu_ns + 1));
    row_figure(&rows[1], "cpu_gb_per_s", bytes / (double)(pass->decode_cpu_ns + 1));
    return SATSYNC_OK;
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
    for (int i = 0; i < CODECS && status == SATSYNC_OK; i++) {
        status = measure(&pass, codecs[i], runs, rows + *count);
        *count += 2;
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
    const char *dot = strrchr(path, '.');
    FILE *file = fopen(path, "rb");
    ENSURE(file, error, SATSYNC_NOT_FOUND, path, "cannot open %s", path);
    data->name = slash ? slash + 1 : path;
    bool two = dot && strcmp(dot, ".bf16") == 0;
    bool four = dot && (strcmp(dot, ".fp32") == 0 || strcmp(dot, ".f32") == 0);
    data->width = two ? 2 : four ? 4 : 1;
    data->floating = two || four;
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
        if (status == SATSYNC_OK && *count + 2 * CODECS <= ROWS_A_SCENARIO) {
            status = measure_set(&data, (size_t)scenario->seeds, rows, count);
        }
        memory_free(NULL, data.raw);
    }
    return status;
}
