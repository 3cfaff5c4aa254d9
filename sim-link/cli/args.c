#include "sim-link/cli/args.h"

#include "base/check.h"

#include <string.h>

enum { NAME_BYTES = 64 };

static enum satsync_status set_defaults(struct cli_args *args, const struct cli_args_rows *rows,
                                        struct satsync_error *error) {
    memset(args, 0, sizeof *args);
    assert(rows->count <= CLI_ARGS_OPTIONS);
    for (size_t i = 0; i < rows->count; i++) {
        args->texts[i] = rows->rows[i].fallback;
        if (args->texts[i] != NULL) {
            TRY(satsync_option_parse(&rows->rows[i], args->texts[i], &args->values[i], error));
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status find(const struct cli_args_rows *rows, const char *text, size_t *index,
                                struct satsync_error *error) {
    char name[NAME_BYTES];
    size_t bytes = strcspn(text, "=");
    const char *nearest = NULL;
    const struct satsync_option *row = NULL;
    if (bytes < sizeof name) {
        memcpy(name, text, bytes);
        name[bytes] = 0;
        row = satsync_option_find(rows->rows, rows->count, name, &nearest);
    }
    if (row == NULL) {
        return error_set(error, SATSYNC_INVALID, text, "there is no option --%s%s%s%s", text,
                         nearest == NULL ? "; see --help" : "; did you mean --",
                         nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    }
    *index = (size_t)(row - rows->rows);
    return SATSYNC_OK;
}

enum satsync_status cli_args_parse(struct cli_args *args, const struct cli_args_rows *rows,
                                   int argc, const char *const *argv, struct satsync_error *error) {
    TRY(set_defaults(args, rows, error));
    for (int at = 0; at < argc; at++) {
        const char *text = argv[at];
        if (strncmp(text, "--", 2) != 0) {
            ENSURE(args->word_count < CLI_ARGS_WORDS, error, SATSYNC_INVALID, text,
                   "\"%s\" is one argument too many; see --help", text);
            args->words[args->word_count++] = text;
            continue;
        }
        if (text[2] == 0) {
            args->rest = argv + at + 1;
            args->rest_count = argc - at - 1;
            return SATSYNC_OK;
        }
        size_t index = 0;
        TRY(find(rows, text + 2, &index, error));
        const char *value = strchr(text, '=');
        if (value != NULL) {
            value++;
        } else if (rows->rows[index].type == SATSYNC_OPTION_BOOL) {
            value = "yes";
        } else {
            ENSURE(at + 1 < argc, error, SATSYNC_INVALID, text, "%s needs a value: %s %s", text,
                   text, rows->rows[index].unit);
            value = argv[++at];
        }
        TRY(satsync_option_parse(&rows->rows[index], value, &args->values[index], error));
        args->given[index] = true;
        args->texts[index] = value;
    }
    return SATSYNC_OK;
}
