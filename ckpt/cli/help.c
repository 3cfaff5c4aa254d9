#include "ckpt/cli/help.h"

#include "ckpt/cli/failure.h"
#include "ckpt/cli/program.h"

#include <string.h>

enum { WIDTH = 80, HELP_COLUMN = 26, WORD_COLUMN = 13, FORM_BYTES = 128 };

/* Prints text from `column` on, wrapped between words; the cursor stands at `at`. */
static void print_wrapped(FILE *out, size_t at, size_t column, const char *text) {
    if (at > 0 && at + 1 > column) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", (int)(column - at), "");
    at = column;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > column && at + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)word, text);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* "--step N", "-o, --output FILE|DIR/" or "STORE". */
static void form_of(enum option_id id, bool with_short, char out[FORM_BYTES]) {
    const struct option_row *row = option_row(id);
    char spelling[64];
    option_spelling(id, spelling, sizeof spelling);
    char shorter[8] = "";
    if (with_short && row->short_name) {
        snprintf(shorter, sizeof shorter, "-%c, ", row->short_name);
    }
    bool has_value = !row->positional && row->option.type != SATSYNC_OPTION_BOOL;
    snprintf(out, FORM_BYTES, "%s%s%s%s", shorter, spelling, has_value ? " " : "",
             has_value ? row->option.unit : "");
}

static void print_usage(const struct command *command, FILE *out) {
    fprintf(out, "usage: satsync %s", command->name);
    size_t at = strlen("usage: satsync ") + strlen(command->name);
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        char form[FORM_BYTES];
        form_of(entry->id, false, form);
        bool required = entry->flags & ARGUMENT_REQUIRED;
        const char *dots = entry->flags & ARGUMENT_REPEATABLE ? "..." : "";
        char whole[FORM_BYTES + 8];
        snprintf(whole, sizeof whole, required ? "%s%s" : "[%s]%s", form, dots);
        if (at + 1 + strlen(whole) > WIDTH) {
            fprintf(out, "\n       ");
            at = 7;
        }
        fprintf(out, " %s", whole);
        at += 1 + strlen(whole);
    }
    fputc('\n', out);
}

static void print_row(enum option_id id, FILE *out) {
    const struct option_row *row = option_row(id);
    char form[FORM_BYTES];
    form_of(id, true, form);
    char text[512];
    bool is_switch = row->option.type == SATSYNC_OPTION_BOOL;
    bool has_default = row->option.fallback && !is_switch;
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", row->option.help,
             row->environment ? " Also from " : "", row->environment ? row->environment : "",
             row->environment ? "." : "", has_default ? " Default: " : "",
             has_default ? row->option.fallback : "", has_default ? "." : "");
    size_t used = (size_t)fprintf(out, "  %s", form);
    print_wrapped(out, used, HELP_COLUMN, text);
}

static void print_global_rows(FILE *out) {
    fprintf(out, "\nEvery command also takes:\n");
    for (enum option_id id = OPTION_FIRST_GLOBAL; id < OPTION_IDS; id++) {
        print_row(id, out);
    }
}

static void print_command(const struct command *command, FILE *out) {
    fprintf(out, "satsync %s: %s\n\n", command->name, command->summary);
    print_usage(command, out);
    if (command->detail) {
        fputc('\n', out);
        print_wrapped(out, 0, 0, command->detail);
    }
    fputc('\n', out);
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        print_row(entry->id, out);
    }
    print_global_rows(out);
    fprintf(out, "\nExample:\n  %s\n", command->example);
}

static void print_program(FILE *out) {
    fprintf(out, "satsync keeps training checkpoints in step across sites that are far apart.\n\n"
                 "usage: satsync COMMAND [ARGUMENT]...\n\n");
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "  %-*s %s\n", WORD_COLUMN - 3, commands[i].name, commands[i].summary);
    }
    print_global_rows(out);
    fprintf(out, "\nExit status: 0 done; 2 usage; 3 this machine (memory, space, permission); 4 the"
                 "\nlink; 5 the peer; 6 damaged or forged data; 7 a mistake of satsync; 130 Ctrl-C."
                 "\n\nExample:\n"
                 "  satsync keygen site.key\n"
                 "  satsync init store --key site.key\n"
                 "  satsync save store model.safetensors --step 1000 --key site.key\n"
                 "  satsync help push\n");
}

void help_print(const struct command *command, FILE *out) {
    if (command) {
        print_command(command, out);
    } else {
        print_program(out);
    }
}

enum satsync_status command_help(struct cli *cli, struct satsync_error *error) {
    const char *name = arguments_text(&cli->arguments, ARGUMENT_COMMAND);
    const char *nearest = NULL;
    const struct command *command = name ? command_find(name, &nearest) : NULL;
    if (name && !command) {
        return failure_set(error, SATSYNC_INVALID, name, "is no command%s%s%s",
                           nearest ? "; did you mean " : "", nearest ? nearest : "",
                           nearest ? "?" : "");
    }
    help_print(command, cli->output.out);
    return SATSYNC_OK;
}
