/*
 * What the program prints: words for people, or one JSON object at the end (docs/cli-json.md).
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "ckpt/cli/table.h"

#include <jansson.h>
#include <satsync/status.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct output {
    FILE *out;
    FILE *err;
    bool json;
    bool quiet;
    bool verbose;
    bool color;          /* on err */
    const char *prefix;  /* of lines on err: "satsync push" */
    const char *command; /* of the JSON object; NULL when none was understood */
    json_t *result;      /* what the JSON object says beside ok and the error */
    bool failed;         /* memory ran out for the result */
};

/* Colour follows NO_COLOR, TERM and whether `err` is a terminal. The streams stay the caller's. To
 * be given to output_fini. */
void output_init(struct output *output, FILE *out, FILE *err);
void output_fini(struct output *output);

/* A line for people on `out`; nothing with --json or --quiet. */
void output_say(struct output *output, const char *format, ...) SATSYNC_PRINTF(2, 3);

/* As output_say, for a table. Fails when the table could not be made for lack of memory. */
enum satsync_status output_table(struct output *output, const struct table *table,
                                 struct satsync_error *error);

/* A line for people on `err`, with --json too; not with --quiet. */
void output_warn(struct output *output, const char *format, ...) SATSYNC_PRINTF(2, 3);

/* Adds to the JSON object; takes over `value`, of which NULL means that memory ran out. */
void output_put(struct output *output, const char *key, json_t *value);
void output_put_u64(struct output *output, const char *key, uint64_t value);
void output_put_text(struct output *output, const char *key, const char *text);

/* A line of JSON at once, flushed, before the last one; takes over `event`. */
void output_event(struct output *output, json_t *event);

/* The last words: with --json the object; `status` not OK: the error, on `err` too. Returns the
 * exit code, also when the output itself cannot be written (then class resource). */
int output_finish(struct output *output, enum satsync_status status,
                  const struct satsync_error *error);

#endif
