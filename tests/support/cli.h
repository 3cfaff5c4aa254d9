/*
 * Runs the operators' program inside the test, in a directory of its own.
 */
#ifndef SUPPORT_CLI_H
#define SUPPORT_CLI_H

#include <jansson.h>

struct cli_result {
    int code;
    char out[1 << 16];
    char err[1 << 13];
};

/* cmocka's setup and teardown of one test: an empty current directory, no SATSYNC_KEY. */
int cli_enter(void **state);
int cli_leave(void **state);

/* Runs a command line, cut at its spaces; "satsync ls store". */
void cli_run(struct cli_result *result, const char *line);

/* As cli_run, and demands the exit code. */
void cli_expect(struct cli_result *result, int code, const char *line);

/* The last line of the output, which must be a JSON object; a new reference. */
json_t *cli_json(const struct cli_result *result);

/* Writes a safetensors file with tensors "a" F32 [2, 3] and "b" U8 [4]. */
void cli_write_model(const char *path);

/* site.key, store, and step 7 of model.safetensors in it. */
void cli_make_store(void);

void cli_write_file(const char *path, const void *data, size_t bytes);
int cli_same_files(const char *a, const char *b);
int cli_exists(const char *path);

#endif
