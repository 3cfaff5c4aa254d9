#include "ckpt/cli/program.h"

#include <satsync/key.h>

enum satsync_status command_keygen(struct cli *cli, struct satsync_error *error) {
    const char *path = arguments_text(&cli->arguments, ARGUMENT_KEY_FILE);
    struct satsync_public_key key;
    enum satsync_status status = satsync_key_generate(path, &key, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(&key, text);
    char public_path[4200];
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    struct output *output = &cli->output;
    output_say(output, "%s", text);
    output_say(output, "secret key: %s (keep it here)", path);
    output_say(output, "public key: %s (give it to the other sites)", public_path);
    output_put_text(output, "public_key", text);
    output_put_text(output, "secret_file", path);
    output_put_text(output, "public_file", public_path);
    return SATSYNC_OK;
}
