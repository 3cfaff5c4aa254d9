#include "ckpt/cli/output.h"

#include "ckpt/cli/failure.h"
#include "ckpt/cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

static bool wants_color(FILE *stream) {
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(stream)) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void output_init(struct output *output, FILE *out, FILE *err) {
    *output = (struct output){.out = out, .err = err, .prefix = "satsync"};
    output->color = wants_color(err);
    output->result = json_object();
    output->failed = !output->result;
}

void output_fini(struct output *output) {
    json_decref(output->result);
    output->result = NULL;
}

void output_say(struct output *output, const char *format, ...) {
    if (output->json || output->quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(output->out, format, arguments);
    va_end(arguments);
    fputc('\n', output->out);
}

enum satsync_status output_table(struct output *output, const struct table *table,
                                 struct satsync_error *error) {
    if (output->json || output->quiet) {
        return SATSYNC_OK;
    }
    if (!table_print(table, output->out)) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the table");
    }
    return SATSYNC_OK;
}

static void print_error_line(struct output *output, const char *label, const char *text) {
    char clean[LINE_BYTES];
    text_clean(clean, sizeof clean, text);
    fflush(output->out);
    fprintf(output->err, "%s: %s%s%s%s\n", output->prefix, output->color ? "\033[1;31m" : "", label,
            output->color ? "\033[0m" : "", clean);
}

void output_warn(struct output *output, const char *format, ...) {
    if (output->quiet) {
        return;
    }
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_error_line(output, "", text);
}

void output_put(struct output *output, const char *key, json_t *value) {
    if (json_object_set_new(output->result, key, value) != 0) {
        output->failed = true;
    }
}

void output_put_u64(struct output *output, const char *key, uint64_t value) {
    output_put(output, key, text_json_u64(value));
}

void output_put_text(struct output *output, const char *key, const char *text) {
    output_put(output, key, text_json(text));
}

static void print_json(struct output *output, const json_t *value) {
    if (!value || json_dumpf(value, output->out, JSON_COMPACT) != 0) {
        output->failed = true;
        return;
    }
    fputc('\n', output->out);
    fflush(output->out);
}

void output_event(struct output *output, json_t *event) {
    print_json(output, event);
    json_decref(event);
}

static void print_object(struct output *output, enum satsync_status status,
                         const struct satsync_error *error) {
    json_t *object = json_object();
    bool made = json_object_set_new(object, "ok", json_boolean(status == SATSYNC_OK)) == 0;
    json_t *command = output->command ? json_string(output->command) : json_null();
    made = made && json_object_set_new(object, "command", command) == 0;
    if (status != SATSYNC_OK) {
        const char *class_name = satsync_status_class_name(satsync_status_class(status));
        made =
            made &&
            json_object_set_new(object, "status", json_string(satsync_status_name(status))) == 0 &&
            json_object_set_new(object, "class", json_string(class_name)) == 0 &&
            json_object_set_new(object, "subject", text_json(error->subject)) == 0 &&
            json_object_set_new(object, "message", text_json(error->message)) == 0;
    }
    if (!made || json_object_update_missing(object, output->result) != 0) {
        output->failed = true;
    }
    print_json(output, object);
    json_decref(object);
}

int output_finish(struct output *output, enum satsync_status status,
                  const struct satsync_error *error) {
    if (status != SATSYNC_OK) {
        char line[sizeof error->subject + sizeof error->message + 8];
        snprintf(line, sizeof line, "%s%s%s", error->subject, *error->subject ? ": " : "",
                 *error->message ? error->message : satsync_status_name(status));
        print_error_line(output, "error: ", line);
    }
    if (output->json) {
        print_object(output, status, error);
    }
    if (fflush(output->out) != 0 || ferror(output->out) || output->failed) {
        print_error_line(output, "error: ",
                         output->failed ? "no memory for the result" : "cannot write the output");
        return status == SATSYNC_OK ? SATSYNC_CLASS_RESOURCE : (int)satsync_status_class(status);
    }
    return (int)satsync_status_class(status);
}
