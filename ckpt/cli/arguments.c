#include "ckpt/cli/arguments.h"

#include "ckpt/cli/failure.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPELLING_BYTES = 64 };

struct parser {
    struct arguments *arguments;
    int argc;
    char *const *argv;
    int next;         /* index of the word to look at next */
    size_t positions; /* plain arguments seen after the command */
    struct satsync_error *error;
};

static enum satsync_status add(struct parser *parser, enum option_id id, const char *text) {
    const struct option_row *row = option_row(id);
    char spelling[SPELLING_BYTES];
    option_spelling(id, spelling, sizeof spelling);
    struct arguments *arguments = parser->arguments;
    const struct command_argument *taken = command_takes(arguments->command, id);
    bool repeatable = taken->flags & ARGUMENT_REPEATABLE;
    if (!repeatable && row->option.type != SATSYNC_OPTION_BOOL && arguments_count(arguments, id)) {
        return failure_set(parser->error, SATSYNC_INVALID, spelling, "is given twice");
    }
    if (*text == '\0') {
        return failure_set(parser->error, SATSYNC_INVALID, spelling, "is empty");
    }
    uint64_t value;
    enum satsync_status status = satsync_option_parse(&row->option, text, &value, parser->error);
    if (status != SATSYNC_OK) {
        snprintf(parser->error->subject, sizeof parser->error->subject, "%s", spelling);
        return status;
    }
    arguments->items[arguments->count++] = (struct argument){id, text, value};
    return SATSYNC_OK;
}

/* The option called `name`, of the command or of those that every command takes. */
static enum option_id find_option(const struct command *command, const char *name,
                                  const char **nearest) {
    struct satsync_option rows[OPTION_IDS];
    enum option_id ids[OPTION_IDS];
    size_t count = 0;
    for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        if (!option_row(id)->positional && command_takes(command, id)) {
            rows[count] = option_row(id)->option;
            ids[count++] = id;
        }
    }
    const struct satsync_option *found = satsync_option_find(rows, count, name, nearest);
    return found ? ids[found - rows] : OPTION_NONE;
}

static enum option_id find_short(const struct command *command, char letter) {
    for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        if (option_row(id)->short_name == letter && command_takes(command, id)) {
            return id;
        }
    }
    return OPTION_NONE;
}

static enum satsync_status unknown_option(struct parser *parser, const char *name,
                                          const char *nearest) {
    const struct command *command = parser->arguments->command;
    if (nearest) {
        return failure_set(parser->error, SATSYNC_INVALID, NULL,
                           "unknown option %.80s; did you mean --%s?", name, nearest);
    }
    return failure_set(parser->error, SATSYNC_INVALID, NULL,
                       "unknown option %.80s; see \"satsync %s%s--help\"", name,
                       command ? command->name : "", command ? " " : "");
}

/* `inline_value` is what stood after '=' or the letter, or NULL. */
static enum satsync_status add_option(struct parser *parser, enum option_id id,
                                      const char *inline_value) {
    if (inline_value) {
        return add(parser, id, inline_value);
    }
    if (option_row(id)->option.type == SATSYNC_OPTION_BOOL) {
        return add(parser, id, "yes");
    }
    if (parser->next == parser->argc) {
        char spelling[SPELLING_BYTES];
        option_spelling(id, spelling, sizeof spelling);
        return failure_set(parser->error, SATSYNC_INVALID, spelling, "needs a value: %s %s",
                           spelling, option_row(id)->option.unit);
    }
    return add(parser, id, parser->argv[parser->next++]);
}

static enum satsync_status parse_long(struct parser *parser, const char *word) {
    char name[SPELLING_BYTES];
    size_t length = strcspn(word + 2, "=");
    if (length >= sizeof name) {
        return unknown_option(parser, word, NULL);
    }
    memcpy(name, word + 2, length);
    name[length] = '\0';
    const char *nearest = NULL;
    enum option_id id = find_option(parser->arguments->command, name, &nearest);
    if (id == OPTION_NONE) {
        char typed[SPELLING_BYTES + 2];
        snprintf(typed, sizeof typed, "--%s", name);
        return unknown_option(parser, typed, nearest);
    }
    return add_option(parser, id, word[2 + length] == '=' ? word + 2 + length + 1 : NULL);
}

static enum satsync_status parse_short(struct parser *parser, const char *word) {
    enum option_id id = find_short(parser->arguments->command, word[1]);
    if (id == OPTION_NONE) {
        return unknown_option(parser, word, NULL);
    }
    const char *rest = word[2] == '=' ? word + 3 : word + 2;
    return add_option(parser, id, word[2] ? rest : NULL);
}

static enum satsync_status parse_command(struct parser *parser, const char *word) {
    const char *nearest = NULL;
    parser->arguments->command = command_find(word, &nearest);
    if (parser->arguments->command) {
        return SATSYNC_OK;
    }
    if (nearest) {
        return failure_set(parser->error, SATSYNC_INVALID, NULL,
                           "unknown command %.80s; did you mean %s?", word, nearest);
    }
    return failure_set(parser->error, SATSYNC_INVALID, NULL,
                       "unknown command %.80s; see \"satsync --help\"", word);
}

/* The command's index-th plain argument; its last takes all that follow when it is repeatable. */
static const struct command_argument *positional_at(const struct command *command, size_t index) {
    const struct command_argument *last = NULL;
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        if (!option_row(entry->id)->positional) {
            continue;
        }
        last = entry;
        if (index-- == 0) {
            return entry;
        }
    }
    return last && last->flags & ARGUMENT_REPEATABLE ? last : NULL;
}

static enum satsync_status parse_plain(struct parser *parser, const char *word) {
    const struct command *command = parser->arguments->command;
    if (!command) {
        return parse_command(parser, word);
    }
    const struct command_argument *entry = positional_at(command, parser->positions++);
    if (!entry) {
        return failure_set(parser->error, SATSYNC_INVALID, NULL,
                           "unexpected argument %.80s; see \"satsync %s --help\"", word,
                           command->name);
    }
    return add(parser, entry->id, word);
}

static enum satsync_status parse_words(struct parser *parser) {
    bool plain_only = false;
    while (parser->next < parser->argc) {
        const char *word = parser->argv[parser->next++];
        enum satsync_status status = SATSYNC_OK;
        if (!plain_only && strcmp(word, "--") == 0) {
            plain_only = true;
        } else if (!plain_only && strncmp(word, "--", 2) == 0) {
            status = parse_long(parser, word);
        } else if (!plain_only && word[0] == '-' && word[1] != '\0') {
            status = parse_short(parser, word);
        } else {
            status = parse_plain(parser, word);
        }
        if (status != SATSYNC_OK) {
            return status;
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status parse_environment(struct parser *parser) {
    const struct command *command = parser->arguments->command;
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        const char *variable = option_row(entry->id)->environment;
        const char *text = variable ? getenv(variable) : NULL;
        if (!text || !*text || arguments_count(parser->arguments, entry->id)) {
            continue;
        }
        enum satsync_status status = add(parser, entry->id, text);
        if (status != SATSYNC_OK) {
            snprintf(parser->error->subject, sizeof parser->error->subject, "%s", variable);
            return status;
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status check_required(struct parser *parser) {
    const struct command *command = parser->arguments->command;
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        if (!(entry->flags & ARGUMENT_REQUIRED) || arguments_count(parser->arguments, entry->id)) {
            continue;
        }
        const struct option_row *row = option_row(entry->id);
        char spelling[SPELLING_BYTES];
        option_spelling(entry->id, spelling, sizeof spelling);
        char instead[64] = "";
        if (row->environment) {
            snprintf(instead, sizeof instead, " (or %s in the environment)", row->environment);
        }
        return failure_set(parser->error, SATSYNC_INVALID, NULL,
                           "%s needs %s%s%s%s; see \"satsync %s --help\"", command->name, spelling,
                           row->positional ? "" : " ", row->positional ? "" : row->option.unit,
                           instead, command->name);
    }
    return SATSYNC_OK;
}

enum satsync_status arguments_parse(struct arguments *arguments, int argc, char *const *argv,
                                    struct satsync_error *error) {
    *arguments = (struct arguments){0};
    /* A word makes at most one item, and so does each row's environment variable. */
    arguments->items = calloc((size_t)argc + OPTION_IDS, sizeof *arguments->items);
    if (!arguments->items) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the command line");
    }
    struct parser parser = {.arguments = arguments, .argc = argc, .argv = argv, .error = error};
    parser.next = 1;
    enum satsync_status status = parse_words(&parser);
    if (status != SATSYNC_OK || arguments_on(arguments, OPTION_HELP) ||
        arguments_on(arguments, OPTION_VERSION)) {
        return status;
    }
    if (!arguments->command) {
        return failure_set(error, SATSYNC_INVALID, NULL, "which command? see \"satsync --help\"");
    }
    status = parse_environment(&parser);
    return status == SATSYNC_OK ? check_required(&parser) : status;
}

void arguments_fini(struct arguments *arguments) {
    free(arguments->items);
    *arguments = (struct arguments){0};
}

size_t arguments_count(const struct arguments *arguments, enum option_id id) {
    size_t count = 0;
    for (size_t i = 0; i < arguments->count; i++) {
        count += arguments->items[i].id == id;
    }
    return count;
}

static const struct argument *item_at(const struct arguments *arguments, enum option_id id,
                                      size_t index) {
    for (size_t i = 0; i < arguments->count; i++) {
        if (arguments->items[i].id == id && index-- == 0) {
            return &arguments->items[i];
        }
    }
    return NULL;
}

const char *arguments_text_at(const struct arguments *arguments, enum option_id id, size_t index) {
    const struct argument *item = item_at(arguments, id, index);
    return item ? item->text : NULL;
}

const char *arguments_text(const struct arguments *arguments, enum option_id id) {
    const struct argument *item = item_at(arguments, id, 0);
    return item ? item->text : option_row(id)->option.fallback;
}

uint64_t arguments_value(const struct arguments *arguments, enum option_id id) {
    size_t count = arguments_count(arguments, id);
    if (count > 0) {
        return item_at(arguments, id, count - 1)->value;
    }
    uint64_t value = 0;
    const struct satsync_option *row = &option_row(id)->option;
    if (row->fallback) {
        enum satsync_status status = satsync_option_parse(row, row->fallback, &value, NULL);
        assert(status == SATSYNC_OK);
    }
    return value;
}

bool arguments_on(const struct arguments *arguments, enum option_id id) {
    return arguments_value(arguments, id) != 0;
}
