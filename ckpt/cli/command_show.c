#include "ckpt/cli/checkpoint.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/tags.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <satsync/checkpoint.h>
#include <string.h>

enum { SHAPE_BYTES = SATSYNC_MAX_DIMENSIONS * 22 + 3 };

static void add_pair(struct table *table, const char *name, const char *value) {
    table_add(table, name);
    table_add(table, value);
}

static void add_size(struct table *table, const char *name, uint64_t bytes) {
    char human[TEXT_QUANTITY_BYTES];
    char text[2 * TEXT_QUANTITY_BYTES + 16];
    text_bytes(human, bytes);
    snprintf(text, sizeof text, "%s (%" PRIu64 " bytes)", human, bytes);
    add_pair(table, name, text);
}

static void add_count(struct table *table, const char *name, uint64_t count) {
    char text[TEXT_QUANTITY_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, count);
    add_pair(table, name, text);
}

static enum satsync_status tell_info(struct output *output,
                                     const struct satsync_checkpoint_info *info, const char *tags,
                                     struct satsync_error *error) {
    char text[2 * sizeof info->digest + 1];
    struct table table;
    table_init(&table, "ll");
    add_count(&table, "step", info->step);
    text_time(text, info->created_unix_ns);
    add_pair(&table, "created", text);
    add_size(&table, "raw", info->raw_bytes);
    add_size(&table, "stored", info->stored_bytes);
    if (info->referred_bytes > 0) {
        add_size(&table, "refers to", info->referred_bytes);
    }
    checkpoint_ratio(text, info);
    add_pair(&table, "ratio", text);
    add_count(&table, "tensors", info->tensors);
    add_count(&table, "chunks", info->chunks);
    add_count(&table, "packs", info->packs);
    add_count(&table, "recipients", info->recipients);
    text_hex(text, info->digest, sizeof info->digest);
    add_pair(&table, "digest", text);
    text_hex(text, info->origin_store, sizeof info->origin_store);
    add_pair(&table, "origin", text);
    satsync_public_key_text(&info->signer, text);
    add_pair(&table, "signer", text);
    if (*tags) {
        add_pair(&table, "tags", tags);
    }
    enum satsync_status status = output_table(output, &table, error);
    table_fini(&table);
    json_t *object = checkpoint_json(info);
    json_object_set_new(object, "tags", tags_json(tags));
    output_put(output, "checkpoint", object);
    return status;
}

static void shape_text(char out[SHAPE_BYTES], const struct satsync_tensor *tensor) {
    size_t used = (size_t)snprintf(out, SHAPE_BYTES, "[");
    for (uint32_t i = 0; i < tensor->dimensions && i < SATSYNC_MAX_DIMENSIONS; i++) {
        used += (size_t)snprintf(out + used, SHAPE_BYTES - used, "%s%" PRIu64, i ? ", " : "",
                                 tensor->shape[i]);
    }
    snprintf(out + used, SHAPE_BYTES - used, "]");
}

static json_t *tensor_json(const struct satsync_tensor *tensor, const char *dtype, uint64_t bytes) {
    json_t *shape = json_array();
    for (uint32_t i = 0; i < tensor->dimensions && i < SATSYNC_MAX_DIMENSIONS; i++) {
        json_array_append_new(shape, text_json_u64(tensor->shape[i]));
    }
    return json_pack("{s:o, s:s, s:o, s:o}", "name", text_json(tensor->name), "dtype", dtype,
                     "shape", shape, "bytes", text_json_u64(bytes));
}

static uint64_t tensor_bytes(const struct satsync_tensor *tensor) {
    uint64_t bytes = satsync_dtype_bytes(tensor->dtype);
    for (uint32_t i = 0; i < tensor->dimensions && i < SATSYNC_MAX_DIMENSIONS; i++) {
        bytes *= tensor->shape[i];
    }
    return bytes;
}

static enum satsync_status tell_tensors(struct output *output, const struct satsync_reader *reader,
                                        struct satsync_error *error) {
    struct table table;
    table_init(&table, "lllr");
    static const char *const headings[] = {"TENSOR", "DTYPE", "SHAPE", "SIZE"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        table_add(&table, headings[i]);
    }
    json_t *array = json_array();
    for (size_t i = 0; i < satsync_reader_tensors(reader); i++) {
        struct satsync_tensor tensor;
        satsync_reader_tensor(reader, i, &tensor);
        const char *dtype = satsync_dtype_name(tensor.dtype);
        char shape[SHAPE_BYTES];
        char size[TEXT_QUANTITY_BYTES];
        shape_text(shape, &tensor);
        text_bytes(size, tensor_bytes(&tensor));
        table_add(&table, tensor.name);
        table_add(&table, dtype ? dtype : "?");
        table_add(&table, shape);
        table_add(&table, size);
        json_array_append_new(array,
                              tensor_json(&tensor, dtype ? dtype : "?", tensor_bytes(&tensor)));
    }
    output_put(output, "tensors", array);
    output_say(output, "%s", "");
    enum satsync_status status = output_table(output, &table, error);
    table_fini(&table);
    return status;
}

static void tell_sealed(struct output *output, const char *why) {
    output_say(output, "\ntensors are not listed: %s", why);
    output_put(output, "tensors", json_null());
    output_put_text(output, "tensors_note", why);
}

static enum satsync_status show(struct session *session, struct satsync_error *error) {
    struct output *output = &session->cli->output;
    uint64_t step = arguments_value(&session->cli->arguments, ARGUMENT_STEP);
    struct satsync_checkpoint_info info;
    enum satsync_status status = satsync_store_info(session->store, step, &info, error);
    if (status == SATSYNC_OK) {
        char tags[SATSYNC_TAGS_BYTES];
        tags_read(session->store, step, tags);
        status = tell_info(output, &info, tags, error);
    }
    if (status != SATSYNC_OK) {
        return status;
    }
    if (!session->key) {
        tell_sealed(output, "names and shapes are sealed; give --key of a recipient to see them");
        return SATSYNC_OK;
    }
    struct satsync_reader *reader = NULL;
    status = satsync_reader_open(session->store, step, &reader, error);
    if (status == SATSYNC_NO_KEY) {
        tell_sealed(output, "names and shapes are sealed, and this key is not a recipient");
        return SATSYNC_OK;
    }
    if (status == SATSYNC_OK) {
        status = tell_tensors(output, reader, error);
        satsync_reader_close(reader);
    }
    return status;
}

enum satsync_status command_show(struct cli *cli, struct satsync_error *error) {
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = show(&session, error);
    }
    session_close(&session);
    return status;
}
