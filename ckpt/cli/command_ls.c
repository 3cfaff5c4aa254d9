#include "ckpt/cli/checkpoint.h"
#include "ckpt/cli/failure.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/tags.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNER_LETTERS = 10, ORIGIN_BYTES = 4 };

/* The steps, of which more may be committed while they are being read. To be freed. */
static enum satsync_status read_steps(struct satsync_store *store, uint64_t **steps, size_t *count,
                                      struct satsync_error *error) {
    *steps = NULL;
    *count = 0;
    enum satsync_status status = satsync_store_steps(store, NULL, 0, count, error);
    if (status != SATSYNC_OK || *count == 0) {
        return status;
    }
    size_t capacity = *count;
    *steps = calloc(capacity, sizeof **steps);
    if (!*steps) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for %zu steps", capacity);
    }
    status = satsync_store_steps(store, *steps, capacity, count, error);
    *count = *count < capacity ? *count : capacity;
    return status;
}

static void add_row(struct table *table, const struct satsync_checkpoint_info *info,
                    const char *tags) {
    char text[TEXT_TIME_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, info->step);
    table_add(table, text);
    text_time(text, info->created_unix_ns);
    table_add(table, text);
    text_bytes(text, info->raw_bytes);
    table_add(table, text);
    text_bytes(text, info->stored_bytes);
    table_add(table, text);
    checkpoint_ratio(text, info);
    table_add(table, text);
    snprintf(text, sizeof text, "%" PRIu64, info->tensors);
    table_add(table, text);
    text_hex(text, info->origin_store, ORIGIN_BYTES);
    table_add(table, text);
    text_key_short(text, sizeof text, &info->signer, SIGNER_LETTERS);
    table_add(table, text);
    table_add(table, tags);
}

static void add_headings(struct table *table) {
    static const char *const headings[] = {"STEP",    "CREATED", "RAW",    "STORED", "RATIO",
                                           "TENSORS", "ORIGIN",  "SIGNER", "TAGS"};
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        table_add(table, headings[i]);
    }
}

/* A checkpoint that cannot be read does not hide the others: it is named, and the first such status
 * is returned in the end. */
static enum satsync_status list(struct session *session, struct table *table, json_t *array,
                                struct satsync_error *error) {
    uint64_t *steps;
    size_t count;
    enum satsync_status status = read_steps(session->store, &steps, &count, error);
    size_t listed = 0;
    for (size_t i = 0; status == SATSYNC_OK && i < count; i++) {
        struct satsync_checkpoint_info info;
        struct satsync_error failure = {0};
        enum satsync_status one = satsync_store_info(session->store, steps[i], &info, &failure);
        if (one == SATSYNC_OK) {
            char tags[SATSYNC_TAGS_BYTES];
            json_t *object = checkpoint_json(&info);
            tags_read(session->store, steps[i], tags);
            add_row(table, &info, tags);
            json_object_set_new(object, "tags", tags_json(tags));
            json_array_append_new(array, object);
            listed++;
        } else if (one != SATSYNC_NOT_FOUND && error->status == SATSYNC_OK) {
            (void)failure_set(error, one, NULL, "step %" PRIu64 ": %s", steps[i], failure.message);
        }
    }
    free(steps);
    if (status == SATSYNC_OK && count == 0) {
        output_say(&session->cli->output, "no checkpoints");
    } else if (status == SATSYNC_OK && listed > 0) {
        struct satsync_error no_memory;
        status = output_table(&session->cli->output, table, &no_memory);
    }
    return status == SATSYNC_OK ? error->status : status;
}

enum satsync_status command_ls(struct cli *cli, struct satsync_error *error) {
    struct session session;
    enum satsync_status status = session_open(&session, cli, error);
    if (status == SATSYNC_OK) {
        struct table table;
        table_init(&table, "rlrrrrlll");
        add_headings(&table);
        json_t *array = json_array();
        status = list(&session, &table, array, error);
        output_put(&cli->output, "checkpoints", array);
        table_fini(&table);
    }
    session_close(&session);
    return status;
}
