#include "ckpt/cli/failure.h"
#include "ckpt/cli/interrupt.h"
#include "ckpt/cli/public_keys.h"
#include "ckpt/cli/session.h"
#include "ckpt/cli/text.h"

#include <inttypes.h>
#include <satsync/site.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 128, LOOK_EVERY_NS = 100000000, KEY_LETTERS = 10 };

struct peers {
    struct satsync_peer *items;
    size_t count;
};

/* A peer named twice has the rights of both. */
static void add_rights(struct peers *peers, const struct satsync_public_key *key, uint32_t rights) {
    for (size_t i = 0; i < peers->count; i++) {
        if (memcmp(&peers->items[i].key, key, sizeof *key) == 0) {
            peers->items[i].rights |= rights;
            return;
        }
    }
    peers->items[peers->count++] = (struct satsync_peer){.key = *key, .rights = rights};
}

static enum satsync_status load_peers(const struct arguments *arguments, struct peers *peers,
                                      struct satsync_error *error) {
    static const struct {
        enum option_id id;
        uint32_t rights;
    } kinds[] = {
        {OPTION_ALLOW, SATSYNC_RIGHT_READ | SATSYNC_RIGHT_WRITE},
        {OPTION_ALLOW_READ, SATSYNC_RIGHT_READ},
        {OPTION_ALLOW_WRITE, SATSYNC_RIGHT_WRITE},
    };
    peers->items = calloc(arguments->count, sizeof *peers->items);
    if (!peers->items) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for the peers");
    }
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (size_t i = 0; i < arguments_count(arguments, kinds[kind].id); i++) {
            struct satsync_public_key key;
            enum satsync_status status =
                public_keys_load_at(arguments, kinds[kind].id, i, &key, error);
            if (status != SATSYNC_OK) {
                return status;
            }
            add_rights(peers, &key, kinds[kind].rights);
        }
    }
    if (peers->count == 0) {
        return failure_set(error, SATSYNC_INVALID, NULL,
                           "nobody may connect: give --allow, --allow-read or --allow-write with "
                           "the public key of a site");
    }
    return SATSYNC_OK;
}

/* Scripts wait for this line, so it is the first and comes with --quiet too. */
static void tell_listening(struct output *output, const char *address) {
    if (output->json) {
        output_event(output, json_pack("{s:s, s:s}", "event", "listening", "address", address));
        return;
    }
    fprintf(output->out, "listening on %s\n", address);
    fflush(output->out);
}

static void tell_event_json(struct output *output, const struct satsync_serve_event *event) {
    char peer[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(&event->peer, peer);
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:s, s:o, s:s, s:o}", "event", event->finished ? "end" : "begin",
        "direction", event->received ? "receive" : "send", "step", text_json_u64(event->step),
        "peer", peer, "bytes", text_json_u64(event->bytes), "status",
        satsync_status_name(event->status), "message", text_json(event->message));
    output_event(output, object);
}

static void tell_event(struct output *output, const struct satsync_serve_event *event) {
    if (output->json) {
        tell_event_json(output, event);
        return;
    }
    char peer[KEY_LETTERS + 8];
    text_key_short(peer, sizeof peer, &event->peer, KEY_LETTERS);
    const char *way = event->received ? "from" : "to";
    if (!event->finished) {
        output_say(output, "%s step %" PRIu64 " %s %s", event->received ? "receiving" : "sending",
                   event->step, way, peer);
    } else if (event->status == SATSYNC_OK) {
        char bytes[TEXT_QUANTITY_BYTES];
        text_bytes(bytes, event->bytes);
        output_say(output, "%s step %" PRIu64 " %s %s: %s", event->received ? "received" : "sent",
                   event->step, way, peer, bytes);
    } else {
        char message[2 * sizeof event->message];
        text_clean(message, sizeof message, event->message);
        output_say(output, "failed step %" PRIu64 " %s %s: %s: %s", event->step, way, peer,
                   satsync_status_name(event->status), message);
    }
    fflush(output->out);
}

struct totals {
    uint64_t received;
    uint64_t sent;
    uint64_t failed;
};

static void drain_events(struct output *output, struct satsync_operation *operation,
                         struct totals *totals) {
    struct satsync_serve_event event;
    while (satsync_serve_next(operation, &event) == SATSYNC_OK) {
        tell_event(output, &event);
        if (event.finished) {
            uint64_t *total = event.status != SATSYNC_OK ? &totals->failed
                              : event.received           ? &totals->received
                                                         : &totals->sent;
            (*total)++;
        }
    }
}

static enum satsync_status serve_loop(struct output *output, struct satsync_operation *operation,
                                      struct totals *totals, struct satsync_error *error) {
    bool listening = false;
    bool cancelled = false;
    for (;;) {
        enum satsync_status status = satsync_operation_wait(operation, LOOK_EVERY_NS, error);
        char address[ADDRESS_BYTES];
        if (!listening && satsync_serve_address(operation, address, sizeof address) == SATSYNC_OK) {
            tell_listening(output, address);
            listening = true;
        }
        drain_events(output, operation, totals);
        if (status != SATSYNC_AGAIN) {
            bool asked = status == SATSYNC_CANCELLED && interrupt_signal();
            return asked ? SATSYNC_OK : status;
        }
        if (interrupt_signal() && !cancelled) {
            cancelled = true;
            satsync_operation_cancel(operation);
        }
    }
}

static enum satsync_status serve(struct session *session, const struct peers *peers,
                                 struct satsync_error *error) {
    struct satsync_site_options options;
    satsync_site_options_init(&options);
    options.key = session->key;
    options.address = arguments_text(&session->cli->arguments, OPTION_LISTEN);
    options.rate_bps = arguments_value(&session->cli->arguments, OPTION_RATE);
    options.controller =
        (enum satsync_controller)arguments_value(&session->cli->arguments, OPTION_CONTROLLER);
    options.limit_bps = arguments_value(&session->cli->arguments, OPTION_LIMIT);
    options.peers = peers->items;
    options.peer_count = peers->count;
    struct satsync_operation *operation = NULL;
    enum satsync_status status = satsync_serve(session->store, &options, &operation, error);
    if (status != SATSYNC_OK) {
        return status;
    }
    struct output *output = &session->cli->output;
    struct totals totals = {0};
    /* A site goes on serving when whoever read its lines is gone. */
    signal(SIGPIPE, SIG_IGN);
    interrupt_patient(true);
    status = serve_loop(output, operation, &totals, error);
    interrupt_patient(false);
    satsync_operation_free(operation);
    output_put_u64(output, "received", totals.received);
    output_put_u64(output, "sent", totals.sent);
    output_put_u64(output, "failed", totals.failed);
    return status;
}

enum satsync_status command_serve(struct cli *cli, struct satsync_error *error) {
    struct session session = {0};
    struct peers peers = {0};
    enum satsync_status status = load_peers(&cli->arguments, &peers, error);
    if (status == SATSYNC_OK) {
        status = session_open(&session, cli, error);
    }
    if (status == SATSYNC_OK) {
        status = serve(&session, &peers, error);
    }
    session_close(&session);
    free(peers.items);
    return status;
}
