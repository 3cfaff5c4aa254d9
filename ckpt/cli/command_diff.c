#include "ckpt/cli/difference.h"
#include "ckpt/cli/failure.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <math.h>
#include <satsync/patch.h>
#include <stdlib.h>

enum { BUFFER_BYTES = 4 << 20 };

/* Two checkpoints that are compared, and what is told of them. */
struct pair {
    struct satsync_reader *from;
    struct satsync_reader *to;
    uint8_t *from_data; /* [BUFFER_BYTES] */
    uint8_t *to_data;
    struct table table;
    json_t *tensors;
    uint64_t differing;
};

static bool same_shape(const struct satsync_tensor *a, const struct satsync_tensor *b) {
    return a->dtype == b->dtype && a->dimensions == b->dimensions &&
           memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

static uint64_t bytes_of(const struct satsync_tensor *tensor) {
    uint64_t bytes = satsync_dtype_bytes(tensor->dtype);
    for (uint32_t i = 0; i < tensor->dimensions; i++) {
        bytes *= tensor->shape[i];
    }
    return bytes;
}

static json_t *real_or_null(bool is_there, double value) {
    return is_there && isfinite(value) ? json_real(value) : json_null();
}

/* `state` is "same", "changed", "new", "gone" or "reshaped"; the last three have no figures. */
static void tell_tensor(struct pair *pair, const char *name, const char *state,
                        const struct difference *difference) {
    char share[32];
    char largest[32] = "-";
    char relative[32] = "-";
    bool is_numeric = difference->is_numeric;
    snprintf(share, sizeof share, "%s", state);
    if (difference->changed > 0) {
        snprintf(share, sizeof share, "%.3f %%",
                 100.0 * (double)difference->changed / (double)difference->elements);
    }
    if (difference->changed > 0 && is_numeric) {
        snprintf(largest, sizeof largest, "%.3g", difference->largest);
        snprintf(relative, sizeof relative, "%.3g", difference_relative(difference));
    }
    table_add(&pair->table, name);
    table_add(&pair->table, share);
    table_add(&pair->table, largest);
    table_add(&pair->table, relative);
    pair->differing += strcmp(state, "same") != 0;
    json_array_append_new(
        pair->tensors, json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "name", text_json(name), "state",
                                 state, "elements", text_json_u64(difference->elements),
                                 "changed_elements", text_json_u64(difference->changed), "largest",
                                 real_or_null(is_numeric, difference->largest), "relative",
                                 real_or_null(is_numeric, difference_relative(difference))));
}

static enum satsync_status compare(struct pair *pair, size_t from, size_t to,
                                   const struct satsync_tensor *tensor,
                                   struct satsync_error *error) {
    struct difference difference = {0};
    uint64_t bytes = bytes_of(tensor);
    for (uint64_t at = 0; at < bytes; at += BUFFER_BYTES) {
        size_t piece = bytes - at < BUFFER_BYTES ? (size_t)(bytes - at) : BUFFER_BYTES;
        enum satsync_status status =
            satsync_reader_read(pair->from, from, at, pair->from_data, piece, error);
        if (status == SATSYNC_OK) {
            status = satsync_reader_read(pair->to, to, at, pair->to_data, piece, error);
        }
        if (status != SATSYNC_OK) {
            return status;
        }
        difference_add(&difference, tensor->dtype, pair->from_data, pair->to_data, piece);
    }
    tell_tensor(pair, tensor->name, difference.changed ? "changed" : "same", &difference);
    return SATSYNC_OK;
}

static enum satsync_status compare_all(struct pair *pair, struct satsync_error *error) {
    static const struct difference none;
    for (size_t i = 0; i < satsync_reader_tensors(pair->to); i++) {
        struct satsync_tensor to;
        struct satsync_tensor from;
        size_t found;
        satsync_reader_tensor(pair->to, i, &to);
        if (satsync_reader_find(pair->from, to.name, &found, NULL) != SATSYNC_OK) {
            tell_tensor(pair, to.name, "new", &none);
            continue;
        }
        satsync_reader_tensor(pair->from, found, &from);
        if (!same_shape(&from, &to)) {
            tell_tensor(pair, to.name, "reshaped", &none);
            continue;
        }
        enum satsync_status status = compare(pair, found, i, &to, error);
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < satsync_reader_tensors(pair->from); i++) {
        struct satsync_tensor from;
        size_t found;
        satsync_reader_tensor(pair->from, i, &from);
        if (satsync_reader_find(pair->to, from.name, &found, NULL) != SATSYNC_OK) {
            tell_tensor(pair, from.name, "gone", &none);
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status tell(struct pair *pair, struct output *output,
                                struct satsync_error *error) {
    static const char *const headings[] = {"TENSOR", "CHANGED", "LARGEST", "RELATIVE"};
    table_init(&pair->table, "lrrr");
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        table_add(&pair->table, headings[i]);
    }
    pair->tensors = json_array();
    enum satsync_status status = compare_all(pair, error);
    if (status == SATSYNC_OK) {
        status = output_table(output, &pair->table, error);
        output_put(output, "tensors", json_incref(pair->tensors));
        output_put_u64(output, "differing", pair->differing);
    }
    json_decref(pair->tensors);
    table_fini(&pair->table);
    return status;
}

static enum satsync_status show(struct session *session, uint64_t from, uint64_t to,
                                struct satsync_error *error) {
    struct pair pair = {.from_data = malloc(BUFFER_BYTES), .to_data = malloc(BUFFER_BYTES)};
    enum satsync_status status = satsync_reader_open(session->store, from, &pair.from, error);
    if (status == SATSYNC_OK) {
        status = satsync_reader_open(session->store, to, &pair.to, error);
    }
    if (status == SATSYNC_OK && !(pair.from_data && pair.to_data)) {
        status = failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory to compare tensors");
    }
    if (status == SATSYNC_OK) {
        status = tell(&pair, &session->cli->output, error);
    }
    satsync_reader_close(pair.from);
    satsync_reader_close(pair.to);
    free(pair.from_data);
    free(pair.to_data);
    return status;
}

static void tell_patch(struct output *output, const struct satsync_patch_options *options,
                       const struct satsync_progress *progress) {
    char raw[TEXT_QUANTITY_BYTES];
    char stored[TEXT_QUANTITY_BYTES];
    char elapsed[TEXT_QUANTITY_BYTES];
    text_bytes(raw, progress->raw_bytes);
    text_bytes(stored, progress->stored_bytes);
    text_duration(elapsed, progress->elapsed_ns);
    output_say(output, "wrote %s: from step %" PRIu64 " to %" PRIu64 ", %s as %s (%.2f %%) in %s",
               options->output, options->from_step, options->to_step, raw, stored,
               100.0 * (double)progress->stored_bytes / (double)progress->raw_bytes, elapsed);
    output_put_text(output, "patch", options->output);
    output_put_u64(output, "patch_bytes", progress->stored_bytes);
    output_put_u64(output, "result_bytes", progress->raw_bytes);
    output_put_u64(output, "elapsed_ns", progress->elapsed_ns);
}

static enum satsync_status make_patch(struct session *session,
                                      const struct satsync_patch_options *options,
                                      struct satsync_error *error) {
    struct satsync_operation *operation;
    struct satsync_progress progress;
    char label[96];
    snprintf(label, sizeof label, "patch from step %" PRIu64 " to %" PRIu64, options->from_step,
             options->to_step);
    enum satsync_status status = satsync_patch_make(session->store, options, &operation, error);
    if (status == SATSYNC_OK) {
        status = session_await(session, operation, label, &progress, error);
    }
    if (status == SATSYNC_OK) {
        tell_patch(&session->cli->output, options, &progress);
    }
    return status;
}

enum satsync_status command_diff(struct cli *cli, struct satsync_error *error) {
    const struct arguments *arguments = &cli->arguments;
    struct satsync_patch_options options;
    struct session session;
    satsync_patch_options_init(&options);
    options.from_step = arguments_value(arguments, ARGUMENT_FROM);
    options.to_step = arguments_value(arguments, ARGUMENT_TO);
    options.output = arguments_text(arguments, OPTION_PATCH);
    output_put_u64(&cli->output, "from_step", options.from_step);
    output_put_u64(&cli->output, "to_step", options.to_step);
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = options.output ? make_patch(&session, &options, error)
                                : show(&session, options.from_step, options.to_step, error);
    }
    session_close(&session);
    return status;
}
