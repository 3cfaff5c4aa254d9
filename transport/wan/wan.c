#include "base/bytes.h"
#include "base/check.h"
#include "base/timers.h"
#include "transport/wan/wan_state.h"

#include <assert.h>
#include <string.h>

enum { PARAMETERS_VERSION = 1, AMPLIFICATION = 3, CLOSE_COPIES = 2, REPLAY_BITS = 1 << 17 };

static struct wan_options with_defaults(const struct wan_options *given) {
    struct wan_options options = *given;
#define DEFAULT(field, value) options.field = options.field ? options.field : (value)
    DEFAULT(max_datagram_bytes, WAN_DATAGRAM_BYTES_DEFAULT);
    DEFAULT(keepalive_ns, UINT64_C(600000000000));
    DEFAULT(initial_rtt_ns, options.remembered.rtt_ns);
    DEFAULT(initial_rtt_ns, UINT64_C(600000000));
    DEFAULT(max_in_flight, 131072);
    DEFAULT(max_messages, 256);
    DEFAULT(max_slices, 4096);
    DEFAULT(max_message_ranges, 4096);
    DEFAULT(receive_window_bytes, UINT64_C(256) << 20);
    DEFAULT(repair_memory_bytes, 32 << 20);
#undef DEFAULT
    size_t in_flight = 256;
    while (in_flight < options.max_in_flight) {
        in_flight *= 2;
    }
    options.max_in_flight = in_flight;
    if (options.controller == LINK_CONTROLLER_AUTO) {
        options.controller = options.rate_bps ? LINK_CONTROLLER_RATED : LINK_CONTROLLER_MODEL;
    }
    return options;
}

size_t wan_parameters(const struct wan_options *given, uint8_t *out) {
    struct wan_options options = with_defaults(given);
    struct bytes_writer writer = bytes_writer_over(out, WAN_PARAMETERS_BYTES);
    bytes_put_u8(&writer, PARAMETERS_VERSION);
    bytes_put_varint(&writer, options.receive_window_bytes);
    bytes_put_varint(&writer, options.max_messages);
    assert(!writer.failed);
    return bytes_written(&writer);
}

/* A peer's later version may add to the end. */
void wan_take_parameters(struct wan *wan) {
    const struct handshake_secrets *secrets = &wan->crypto.secrets;
    struct bytes_reader reader = bytes_reader_over(secrets->parameters, secrets->parameter_bytes);
    (void)bytes_get_u8(&reader);
    uint64_t window = bytes_get_varint(&reader);
    uint64_t messages = bytes_get_varint(&reader);
    if (!reader.failed && messages > 0) {
        flow_raise(&wan->flow_out, window);
        wan->peer_messages = (size_t)messages;
    }
}

uint64_t wan_memory_bytes(const struct wan_options *given) {
    struct wan_options o = with_defaults(given);
    uint64_t in_flight = o.max_in_flight;
    return in_flight * (sizeof(struct sent_packet) + 6 * sizeof(struct repeat_entry)) +
           o.max_messages * (in_flight / 8 + o.max_message_ranges * sizeof(struct range) + 512) +
           o.max_slices * sizeof(struct send_slice) + o.repair_memory_bytes +
           400 * o.max_datagram_bytes + (4 << 20);
}

static enum satsync_status check_options(const struct wan_options *options,
                                         struct satsync_error *error) {
    int starts =
        (options->handshake != NULL) + (options->answer != NULL) + (options->secrets != NULL);
    ENSURE(starts == 1, error, SATSYNC_INVALID, "wan",
           "needs exactly one of a handshake, an answer and secrets; got %d", starts);
    ENSURE(options->max_datagram_bytes >= WAN_DATAGRAM_BYTES_MIN &&
               options->max_datagram_bytes <= WAN_DATAGRAM_BYTES_MAX,
           error, SATSYNC_INVALID, "max_datagram_bytes", "is %zu; choose %d to %d",
           options->max_datagram_bytes, WAN_DATAGRAM_BYTES_MIN, WAN_DATAGRAM_BYTES_MAX);
    ENSURE(options->controller != LINK_CONTROLLER_RATED || options->rate_bps >= 8000, error,
           SATSYNC_INVALID, "rate_bps", "is %llu; the rated controller needs at least 8000",
           (unsigned long long)options->rate_bps);
    for (int class = 0; class < LINK_CLASSES; class ++) {
        uint64_t limit_bps = options->limit_bps[class];
        ENSURE(limit_bps == 0 || limit_bps >= 8000, error, SATSYNC_INVALID, "limit_bps",
               "is %llu; a class may be limited to 8000 and more", (unsigned long long)limit_bps);
    }
    ENSURE(options->receive_window_bytes >= FLOW_EARLY_BYTES, error, SATSYNC_INVALID,
           "receive_window_bytes", "is %llu; a peer may send %d before it is told",
           (unsigned long long)options->receive_window_bytes, FLOW_EARLY_BYTES);
    return SATSYNC_OK;
}

static enum satsync_status take_memory(struct wan *wan) {
    const struct wan_options *o = &wan->options;
    TRY(replay_init(&wan->replay, REPLAY_BITS, o->allocator));
    TRY(ack_init(&wan->ack, o->allocator));
    TRY(recv_init(&wan->recv, &(struct recv_options){o->max_messages, o->max_message_ranges,
                                                     o->seed, o->allocator}));
    TRY(repair_in_init(&wan->repair_in, o->parity, o->repair_memory_bytes, o->allocator));
    TRY(ring_init(&wan->haves, WAN_HAVES, sizeof(struct wan_have), o->allocator));
    TRY(send_init(&wan->send,
                  &(struct send_options){o->max_messages, o->max_slices, o->max_in_flight,
                                         o->max_datagram_bytes, o->allocator}));
    TRY(repeat_init(&wan->repeat, o->max_in_flight, o->allocator));
    TRY(repair_out_init(&wan->repair_out, o->parity, o->max_datagram_bytes, o->allocator));
    TRY(sent_init(&wan->sent, o->max_in_flight, o->allocator));
    TRY(ring_init(&wan->events, WAN_EVENTS, sizeof(struct link_event), o->allocator));
    return SATSYNC_OK;
}

static void install_secrets(struct wan *wan, const struct handshake_secrets *secrets) {
    struct wan_crypto *crypto = &wan->crypto;
    crypto->secrets = *secrets;
    wan->session = secrets->session;
    wan->greeting.by_responder = !secrets->initiator;
    wan_keys_init(&crypto->keys, secrets->cipher, secrets->send, secrets->receive);
    crypto->has_keys = true;
    wan_take_parameters(wan);
}

static void start_controller(struct wan *wan) {
    const struct wan_options *options = &wan->options;
    switch (options->controller) {
    case LINK_CONTROLLER_RATED:
        cc_rated_init(&wan->cc, options->rate_bps);
        break;
    case LINK_CONTROLLER_CUBIC:
        cc_cubic_init(&wan->cc);
        break;
    case LINK_CONTROLLER_SCAVENGER:
        cc_scavenger_init(&wan->cc);
        break;
    case LINK_CONTROLLER_AUTO:
    case LINK_CONTROLLER_MODEL:
        cc_model_init(&wan->cc, &options->remembered);
        break;
    }
}

static void start(struct wan *wan) {
    const struct wan_options *o = &wan->options;
    struct wan_greeting *greeting = &wan->greeting;
    greeting->due_ns = TIME_NEVER;
    struct link_event up = {.kind = LINK_EVENT_UP};
    if (o->handshake) {
        greeting->handshake = o->handshake;
        greeting->due_ns = 0;
        wan->session = o->handshake->options.session;
        wan_key_set(&wan->crypto.early, o->handshake->cipher, o->handshake->early);
        wan->crypto.has_early = true;
        wan->phase = WAN_CONNECTING;
        return;
    }
    wan->phase = WAN_OPEN;
    if (o->answer) {
        install_secrets(wan, &o->answer->secrets);
        wan_key_set(&wan->crypto.early, o->answer->secrets.cipher, o->answer->secrets.early);
        wan->crypto.has_early = true;
        memcpy(greeting->welcome, o->answer->datagram, o->answer->bytes);
        greeting->welcome_bytes = o->answer->bytes;
        memcpy(greeting->ephemeral, o->answer->ephemeral, sizeof greeting->ephemeral);
        greeting->due_ns = 0;
    } else {
        install_secrets(wan, o->secrets);
        greeting->confirmed = true;
    }
    up.peer_key = wan->crypto.secrets.peer_ed25519;
    wan_push_event(wan, &up);
}

enum satsync_status wan_new(const struct wan_options *given, struct wan **out,
                            struct satsync_error *error) {
    *out = NULL;
    struct wan_options options = with_defaults(given);
    TRY(check_options(&options, error));
    struct wan *wan = memory_new(options.allocator, 1, sizeof *wan);
    ENSURE(wan, error, SATSYNC_NO_MEMORY, "wan", "no memory for a link");
    wan->options = options;
    if (take_memory(wan) != SATSYNC_OK) {
        wan_free(wan);
        return error_set(error, SATSYNC_NO_MEMORY, "wan",
                         "a link needs %llu bytes; lower max_in_flight or max_messages",
                         (unsigned long long)wan_memory_bytes(given));
    }
    wan->flow_in.window = wan->flow_in.told = options.receive_window_bytes;
    wan->flow_out.limit = FLOW_EARLY_BYTES;
    wan->peer_messages = options.max_messages;
    wan->loss_due_ns = TIME_NEVER;
    wan->stated_ns = TIME_NEVER;
    loss_init(&wan->loss);
    rtt_init(&wan->rtt, options.initial_rtt_ns);
    pacer_init(&wan->pacer);
    for (int class = 0; class < LINK_CLASSES; class ++) {
        pacer_init(&wan->limits[class]);
    }
    outage_init(&wan->outage);
    bulk_limit_init(&wan->bulk_limit);
    start_controller(wan);
    start(wan);
    *out = wan;
    return SATSYNC_OK;
}

void wan_free(struct wan *wan) {
    if (!wan) {
        return;
    }
    replay_fini(&wan->replay);
    ack_fini(&wan->ack);
    recv_fini(&wan->recv);
    repair_in_fini(&wan->repair_in);
    ring_fini(&wan->haves);
    send_fini(&wan->send);
    repeat_fini(&wan->repeat);
    repair_out_fini(&wan->repair_out);
    sent_fini(&wan->sent);
    ring_fini(&wan->events);
    handshake_secrets_wipe(&wan->crypto.secrets);
    wan_keys_wipe(&wan->crypto.keys);
    wan_key_wipe(&wan->crypto.early);
    memory_free(wan->options.allocator, wan);
}

void wan_push_event(struct wan *wan, const struct link_event *event) {
    bool pushed = ring_push(&wan->events, event);
    /* wan_recv takes no datagram while there is not enough room for all that one can cause. */
    assert(pushed);
    (void)pushed;
}

bool wan_event(struct wan *wan, struct link_event *event) {
    if (ring_pop(&wan->events, event) || send_event(&wan->send, event)) {
        return true;
    }
    if (!wan->down_owed) {
        return false;
    }
    wan->down_owed = false;
    *event = (struct link_event){.kind = LINK_EVENT_DOWN, .status = wan->down_status};
    return true;
}

void wan_go_down(struct wan *wan, enum satsync_status why, bool tell) {
    if (wan->phase == WAN_CLOSED) {
        return;
    }
    wan->closing_left = tell && (wan->crypto.has_keys || wan->crypto.has_early) ? CLOSE_COPIES : 0;
    wan->phase = WAN_CLOSED;
    wan->down_owed = true;
    wan->down_status = why;
    send_abandon(&wan->send);
}

void wan_close(struct wan *wan, uint64_t now_ns, enum satsync_status why) {
    wan_note_time(wan, now_ns);
    wan_go_down(wan, why, true);
}

enum satsync_status wan_submit(struct wan *wan, uint64_t now_ns, const struct link_message *message,
                               uint64_t *number) {
    if (wan->phase == WAN_CLOSED) {
        return SATSYNC_WRONG_STATE;
    }
    wan_note_time(wan, now_ns);
    if (wan->send.open >= wan->peer_messages) {
        return SATSYNC_LIMIT;
    }
    return send_open(&wan->send, message, number);
}

enum satsync_status wan_write(struct wan *wan, uint64_t message, const struct link_slice *slice) {
    return wan->phase == WAN_CLOSED ? SATSYNC_WRONG_STATE : send_write(&wan->send, message, slice);
}

void wan_release(struct wan *wan, uint64_t bytes) {
    struct flow_in *flow = &wan->flow_in;
    assert(bytes <= flow->received - flow->released);
    flow->released += bytes;
    if (flow_is_news(flow)) {
        ack_hurry(&wan->ack, wan->now_ns);
    }
}

void wan_allow_on_trial(struct wan *wan, size_t bytes) {
    uint64_t least = wan->options.max_datagram_bytes;
    wan->trial.bytes += AMPLIFICATION * bytes > least ? AMPLIFICATION * bytes : least;
}

void wan_peer_moved(struct wan *wan, size_t bytes, bool is_proven) {
    wan->trial = (struct wan_trial){.runs = !is_proven, .from = wan->sent.next};
    if (!is_proven) {
        wan_allow_on_trial(wan, bytes);
        wan->ping_due = true;
    }
}

bool wan_is_on_trial(const struct wan *wan) {
    return wan->trial.runs;
}

bool wan_may_answer(const struct wan *wan, size_t bytes) {
    if (wan->trial.runs && bytes > wan->trial.bytes) {
        return false;
    }
    return wan->greeting.confirmed || !wan->greeting.by_responder ||
           wan->stats.wire_bytes + bytes <= AMPLIFICATION * wan->greeting.heard_bytes;
}

bool wan_is_confirmed(const struct wan *wan) {
    return wan->greeting.confirmed;
}
