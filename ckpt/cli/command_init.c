#include "ckpt/cli/public_keys.h"
#include "ckpt/cli/session.h"

#include <stdlib.h>

static enum satsync_status create(struct session *session, const struct arguments *arguments,
                                  struct satsync_error *error) {
    struct satsync_public_key *recipients;
    enum satsync_status status = public_keys_load(arguments, OPTION_RECIPIENT, &recipients, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    status = satsync_store_create(session->engine, arguments_text(arguments, ARGUMENT_STORE),
                                  session->key, recipients,
                                  arguments_count(arguments, OPTION_RECIPIENT), error);
    free(recipients);
    return status;
}

static void tell(struct cli *cli, const struct satsync_key *key) {
    struct satsync_public_key public_key;
    satsync_key_public(key, &public_key);
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(&public_key, text);
    const char *store = arguments_text(&cli->arguments, ARGUMENT_STORE);
    size_t recipients = arguments_count(&cli->arguments, OPTION_RECIPIENT);
    output_say(&cli->output, "made store %s of site %s, %zu other recipient%s", store, text,
               recipients, recipients == 1 ? "" : "s");
    output_put_text(&cli->output, "store", store);
    output_put_text(&cli->output, "public_key", text);
    output_put_u64(&cli->output, "recipients", recipients);
}

enum satsync_status command_init(struct cli *cli, struct satsync_error *error) {
    struct session session;
    enum satsync_status status = session_open_engine(&session, cli, error);
    if (status == SATSYNC_OK) {
        status = create(&session, &cli->arguments, error);
    }
    if (status == SATSYNC_OK) {
        tell(cli, session.key);
    }
    session_close(&session);
    return status;
}
