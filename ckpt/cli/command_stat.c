#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <satsync/checkpoint.h>

static void add_bytes(struct table *table, uint64_t bytes) {
    char text[TEXT_QUANTITY_BYTES];
    text_bytes(text, bytes);
    table_add(table, bytes > 0 ? text : "-");
}

static void add_row(struct table *table, const char *name, const struct satsync_tensor_cost *cost) {
    char share[16] = "-";
    if (cost->raw_bytes > 0) {
        snprintf(share, sizeof share, "%.1f %%",
                 100.0 * (double)cost->stored_bytes / (double)cost->raw_bytes);
    }
    table_add(table, name);
    add_bytes(table, cost->raw_bytes);
    add_bytes(table, cost->stored_bytes);
    table_add(table, share);
    add_bytes(table, cost->unchanged_bytes);
    add_bytes(table, cost->delta_bytes);
    add_bytes(table, cost->derived_bytes);
    add_bytes(table, cost->referred_bytes);
    table_add(table, cost->codecs);
}

static json_t *cost_json(const char *name, const struct satsync_tensor_cost *cost) {
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "name", text_json(name), "raw_bytes",
        text_json_u64(cost->raw_bytes), "stored_bytes", text_json_u64(cost->stored_bytes),
        "referred_bytes", text_json_u64(cost->referred_bytes), "unchanged_bytes",
        text_json_u64(cost->unchanged_bytes), "delta_bytes", text_json_u64(cost->delta_bytes),
        "derived_bytes", text_json_u64(cost->derived_bytes), "codecs", cost->codecs);
}

static void add(struct satsync_tensor_cost *total, const struct satsync_tensor_cost *cost) {
    total->raw_bytes += cost->raw_bytes;
    total->stored_bytes += cost->stored_bytes;
    total->referred_bytes += cost->referred_bytes;
    total->unchanged_bytes += cost->unchanged_bytes;
    total->delta_bytes += cost->delta_bytes;
    total->derived_bytes += cost->derived_bytes;
}

static enum satsync_status tell(struct output *output, const struct satsync_reader *reader,
                                struct satsync_error *error) {
    static const char *const headings[] = {"TENSOR", "RAW",     "STORED",   "SHARE", "UNCHANGED",
                                           "DELTA",  "DERIVED", "REFERRED", "CODECS"};
    struct satsync_tensor_cost total = {.raw_bytes = 0};
    struct table table;
    json_t *array = json_array();
    table_init(&table, "lrrrrrrrl");
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        table_add(&table, headings[i]);
    }
    for (size_t i = 0; i < satsync_reader_tensors(reader); i++) {
        struct satsync_tensor tensor;
        struct satsync_tensor_cost cost;
        satsync_reader_tensor(reader, i, &tensor);
        satsync_reader_cost(reader, i, &cost);
        add_row(&table, tensor.name, &cost);
        json_array_append_new(array, cost_json(tensor.name, &cost));
        add(&total, &cost);
    }
    add_row(&table, "(all)", &total);
    enum satsync_status status = output_table(output, &table, error);
    table_fini(&table);
    output_put(output, "tensors", array);
    output_put(output, "total", cost_json("", &total));
    return status;
}

enum satsync_status command_stat(struct cli *cli, struct satsync_error *error) {
    uint64_t step = arguments_value(&cli->arguments, ARGUMENT_STEP);
    struct satsync_reader *reader = NULL;
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = satsync_reader_open(session.store, step, &reader, error);
    }
    if (status == SATSYNC_OK) {
        status = tell(&cli->output, reader, error);
        satsync_reader_close(reader);
    }
    session_close(&session);
    return status;
}
