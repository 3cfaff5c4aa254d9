#include "ckpt/cli/program.h"

#include "ckpt/cli/help.h"
#include "ckpt/cli/interrupt.h"
#include "ckpt/cli/text.h"

#include <satsync/engine.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_BY_SIGNAL = 128, PREFIX_BYTES = 64 };

/* An error in the command line must be told in JSON too when that was asked for. */
static bool asks_for_json(int argc, char *const *argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--json=yes") == 0) {
            return true;
        }
    }
    return false;
}

/* What is printed when a second signal ends the program between two instructions: nothing may be
 * allocated or formatted then. */
static void install_last_words(struct cli *cli, const char *resume) {
    char words[INTERRUPT_LAST_WORDS_BYTES];
    if (!cli->output.json) {
        snprintf(words, sizeof words, "\nsatsync: stopped at once; to resume: %s\n", resume);
        interrupt_install(fileno(cli->output.err), words);
        return;
    }
    json_t *object =
        json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:o}", "ok", 0, "command", cli->output.command,
                  "status", "cancelled", "class", "usage", "subject", "", "message",
                  "stopped at once", "resume", text_json(resume));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    snprintf(words, sizeof words, "%s\n", text ? text : "{\"ok\":false}");
    interrupt_install(fileno(cli->output.out), words);
    free(text);
    json_decref(object);
}

static int finish_interrupted(struct cli *cli, const char *resume,
                              const struct satsync_error *error) {
    output_put_text(&cli->output, "resume", resume);
    int signal_number = interrupt_signal();
    output_finish(&cli->output, SATSYNC_CANCELLED, error);
    fprintf(cli->output.err, "satsync: to resume: %s\n", resume);
    return EXIT_BY_SIGNAL + signal_number;
}

static int run_command(struct cli *cli, int argc, char *const *argv) {
    char prefix[PREFIX_BYTES];
    snprintf(prefix, sizeof prefix, "satsync %s", cli->output.command);
    cli->output.prefix = prefix;
    struct satsync_error error = {0};
    char *resume = text_shell_words(argc, argv);
    if (!resume) {
        error.status = SATSYNC_NO_MEMORY;
        return output_finish(&cli->output, SATSYNC_NO_MEMORY, &error);
    }
    install_last_words(cli, resume);
    enum satsync_status status = cli->arguments.command->run(cli, &error);
    interrupt_uninstall();
    int code = status == SATSYNC_CANCELLED && interrupt_signal()
                   ? finish_interrupted(cli, resume, &error)
                   : output_finish(&cli->output, status, &error);
    free(resume);
    cli->output.prefix = "satsync";
    return code;
}

static int run_parsed(struct cli *cli, int argc, char *const *argv) {
    const struct arguments *arguments = &cli->arguments;
    struct output *output = &cli->output;
    output->json = arguments_on(arguments, OPTION_JSON);
    output->quiet = arguments_on(arguments, OPTION_QUIET);
    output->verbose = arguments_on(arguments, OPTION_VERBOSE);
    if (arguments_on(arguments, OPTION_VERSION)) {
        output_put_text(output, "version", satsync_version());
        output_say(output, "satsync %s", satsync_version());
        return output_finish(output, SATSYNC_OK, NULL);
    }
    if (arguments_on(arguments, OPTION_HELP)) {
        help_print(arguments->command, output->out);
        return fflush(output->out) == 0 ? 0 : SATSYNC_CLASS_RESOURCE;
    }
    return run_command(cli, argc, argv);
}

int program_run(int argc, char *const *argv, FILE *out, FILE *err) {
    struct cli cli;
    struct satsync_error error = {0};
    output_init(&cli.output, out, err);
    enum satsync_status status = arguments_parse(&cli.arguments, argc, argv, &error);
    cli.output.command = cli.arguments.command ? cli.arguments.command->name : NULL;
    int code;
    if (status == SATSYNC_OK) {
        code = run_parsed(&cli, argc, argv);
    } else {
        cli.output.json = asks_for_json(argc, argv);
        code = output_finish(&cli.output, status, &error);
    }
    arguments_fini(&cli.arguments);
    output_fini(&cli.output);
    return code;
}
