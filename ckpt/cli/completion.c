#include "ckpt/cli/completion.h"

#include "ckpt/cli/program.h"

static void print_globals(FILE *out) {
    for (enum option_id id = OPTION_FIRST_GLOBAL; id < OPTION_IDS; id++) {
        fprintf(out, " --%s", option_row(id)->option.name);
    }
}

static void print_commands(FILE *out) {
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "%s%s", i ? " " : "", commands[i].name);
    }
}

/* The words that a choice option can be, separated by spaces. */
static void print_choices(const char *choices, FILE *out) {
    for (; *choices; choices++) {
        fputc(*choices == '|' ? ' ' : *choices, out);
    }
}

/* A case of the previous word: what may follow an option. */
static void print_value_case(enum option_id id, FILE *out) {
    const struct option_row *row = option_row(id);
    if (row->positional || row->option.type == SATSYNC_OPTION_BOOL) {
        return;
    }
    fprintf(out, "        --%s", row->option.name);
    if (row->short_name) {
        fprintf(out, "|-%c", row->short_name);
    }
    if (row->option.type == SATSYNC_OPTION_CHOICE) {
        fprintf(out, ") COMPREPLY=($(compgen -W '");
        print_choices(row->option.unit, out);
        fprintf(out, "' -- \"$word\")); return ;;\n");
    } else if (row->names_file) {
        fprintf(out, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
    } else {
        fprintf(out, ") COMPREPLY=(); return ;;\n");
    }
}

static void print_command_case(const struct command *command, FILE *out) {
    fprintf(out, "        %s) options='", command->name);
    const char *plain_words = "";
    for (const struct command_argument *entry = command->arguments; entry->id; entry++) {
        const struct option_row *row = option_row(entry->id);
        if (!row->positional) {
            fprintf(out, "--%s ", row->option.name);
        } else if (row->option.type == SATSYNC_OPTION_CHOICE) {
            plain_words = row->option.unit;
        }
    }
    fprintf(out, "'; words='");
    if (command->arguments[0].id == ARGUMENT_COMMAND) {
        print_commands(out);
    } else {
        print_choices(plain_words, out);
    }
    fprintf(out, "' ;;\n");
}

void completion_print_bash(FILE *out) {
    fprintf(out, "_satsync() {\n"
                 "    local word=\"${COMP_WORDS[COMP_CWORD]}\" command='' options='' words='' i\n"
                 "    COMPREPLY=()\n"
                 "    case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n");
    for (enum option_id id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        print_value_case(id, out);
    }
    fprintf(out, "    esac\n"
                 "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                 "        case \"${COMP_WORDS[i]}\" in\n"
                 "        -*) ;;\n"
                 "        *) command=\"${COMP_WORDS[i]}\"; break ;;\n"
                 "        esac\n"
                 "    done\n"
                 "    case \"$command\" in\n"
                 "        '') words='");
    print_commands(out);
    fprintf(out, "' ;;\n");
    for (size_t i = 0; i < command_count; i++) {
        print_command_case(&commands[i], out);
    }
    fprintf(out, "    esac\n"
                 "    case \"$word\" in\n"
                 "    -*) COMPREPLY=($(compgen -W \"$options");
    print_globals(out);
    fprintf(out, "\" -- \"$word\")) ;;\n"
                 "    *)\n"
                 "        if [ -n \"$words\" ]; then\n"
                 "            COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                 "        else\n"
                 "            COMPREPLY=($(compgen -f -- \"$word\"))\n"
                 "        fi ;;\n"
                 "    esac\n"
                 "}\n"
                 "complete -o filenames -F _satsync satsync\n");
}

enum satsync_status command_completion(struct cli *cli, struct satsync_error *error) {
    (void)error;
    completion_print_bash(cli->output.out);
    return SATSYNC_OK;
}
