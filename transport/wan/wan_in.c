/* What arrives at a wan. */
#include "base/check.h"
#include "base/timers.h"
#include "transport/wan/packet.h"
#include "transport/wan/wan_state.h"

#include <string.h>

/* A frame that a full table kept from being taken: its packet must not be acknowledged. */
static enum satsync_status give_bytes(struct wan *wan, const struct recv_part *part,
                                      const uint8_t *payload) {
    struct recv_news news;
    do {
        enum satsync_status status = recv_take(&wan->recv, part, &news);
        if (status != SATSYNC_OK) {
            return status;
        }
        struct link_event event = {
            .class = part->class, .message = part->message, .message_bytes = part->total};
        if (news.began) {
            event.kind = LINK_EVENT_MESSAGE;
            wan_push_event(wan, &event);
        }
        uint64_t bytes = news.fresh.to - news.fresh.from;
        if (bytes > 0) {
            event.kind = LINK_EVENT_DATA;
            event.offset = news.fresh.from;
            event.data = payload + (news.fresh.from - part->offset);
            event.bytes = (size_t)bytes;
            wan->flow_in.received += bytes;
            if (wan->flow_in.received > flow_limit(&wan->flow_in)) {
                return SATSYNC_PROTOCOL; /* more than it was ever given credit for */
            }
            wan_push_event(wan, &event);
        }
        if (news.finished) {
            event = (struct link_event){.kind = LINK_EVENT_RECEIVED,
                                        .class = part->class,
                                        .message = part->message,
                                        .message_bytes = part->total};
            wan_push_event(wan, &event);
            repair_in_drop(&wan->repair_in, part->message);
            ack_hurry(&wan->ack, wan->now_ns);
            return SATSYNC_OK;
        }
    } while (news.fresh.to > news.fresh.from && news.fresh.to < part->offset + part->bytes);
    return SATSYNC_OK;
}

static enum satsync_status give_found(struct wan *wan, const struct frame *frame,
                                      const struct repair_found *found) {
    for (unsigned i = 0; i < found->count; i++) {
        uint64_t offset = found->offset + (uint64_t)found->places[i] * found->symbol_bytes;
        uint64_t left = found->total - offset;
        struct recv_part part = {.message = found->message,
                                 .class = frame->class,
                                 .total = found->total,
                                 .offset = offset,
                                 .bytes = left < found->symbol_bytes ? left : found->symbol_bytes};
        TRY(give_bytes(wan, &part, found->symbols[i]));
        wan->counters.recovered++;
    }
    struct wan_have have = {found->message, {found->offset, found->offset + found->bytes}, 0};
    struct wan_have oldest;
    if (wan->haves.count == wan->haves.capacity) {
        (void)ring_pop(&wan->haves, &oldest);
    }
    (void)ring_push(&wan->haves, &have);
    ack_hurry(&wan->ack, wan->now_ns);
    return SATSYNC_OK;
}

static enum satsync_status on_data(struct wan *wan, const struct frame *frame) {
    struct recv_part part = {frame->message, frame->class, frame->total, frame->offset,
                             frame->bytes};
    bool useful = frame->kind == FRAME_COVERED && !recv_has(&wan->recv, &part);
    TRY(give_bytes(wan, &part, frame->payload));
    struct repair_found found;
    if (useful &&
        !recv_has(&wan->recv,
                  &(struct recv_part){.message = frame->message, .bytes = frame->total}) &&
        repair_in_keep(&wan->repair_in, frame, &found)) {
        return give_found(wan, frame, &found);
    }
    return SATSYNC_OK;
}

static enum satsync_status on_repair(struct wan *wan, const struct frame *frame) {
    uint64_t symbols = repair_symbols_of(frame->total, frame->symbol_bytes);
    if (frame->offset > symbols / REPAIR_BLOCK_SYMBOLS) {
        return SATSYNC_PROTOCOL;
    }
    uint64_t from = frame->offset * REPAIR_BLOCK_SYMBOLS * frame->symbol_bytes;
    if (from >= frame->total) {
        return SATSYNC_PROTOCOL;
    }
    uint64_t most = (uint64_t)REPAIR_BLOCK_SYMBOLS * frame->symbol_bytes;
    struct recv_part block = {.message = frame->message,
                              .offset = from,
                              .bytes = most < frame->total - from ? most : frame->total - from};
    struct repair_found found;
    if (!recv_has(&wan->recv, &block) && repair_in_keep(&wan->repair_in, frame, &found)) {
        return give_found(wan, frame, &found);
    }
    return SATSYNC_OK;
}

/* Puts a lost symbol in line to be sent again. */
static void requeue(struct wan *wan, const struct sent_packet *packet, bool met_outage) {
    struct send_symbol key = {.slot = packet->slot,
                              .slice = packet->slice,
                              .message = packet->message,
                              .index = packet->symbol};
    struct send_symbol symbol;
    if (packet->kind != SENT_SYMBOL || !send_again(&wan->send, &key, &symbol)) {
        return;
    }
    struct repeat_entry entry = {.message = packet->message,
                                 .symbol = packet->symbol,
                                 .slot = packet->slot,
                                 .slice = packet->slice,
                                 .class = (uint8_t)symbol.class};
    if (!packet->covered || met_outage) {
        repeat_lost(&wan->repeat, &entry);
        return;
    }
    /* Wait for the block's last repair symbol, if it left: for the newest packet at most. */
    entry.after = packet->number + REPAIR_BLOCK_SYMBOLS - packet->symbol % REPAIR_BLOCK_SYMBOLS +
                  REPAIR_SYMBOLS_MAX;
    entry.after = entry.after < wan->sent.next ? entry.after : wan->sent.next - 1;
    repeat_defer(&wan->repeat, &entry);
}

void wan_lose_overdue(struct wan *wan) {
    struct sent_packet *packet;
    while (
        (packet = loss_find(&wan->loss, &wan->sent, &wan->rtt, wan->now_ns, &wan->loss_due_ns))) {
        bool met_outage = outage_met(&wan->outage, packet->sent_ns);
        sent_settle(&wan->sent, packet, SENT_LOST);
        loss_declared(&wan->loss, packet->number);
        wan->counters.lost++;
        if (!met_outage) {
            loss_measure(&wan->loss, packet->number, true);
            wan->delivery.lost += packet->ip_bytes;
        }
        requeue(wan, packet, met_outage);
    }
    repeat_release(&wan->repeat, wan->loss.largest_acked);
}

static void on_packet_acked(struct wan *wan, struct sent_packet *packet,
                            struct delivery_sample *sample) {
    sent_settle(&wan->sent, packet, SENT_ACKED);
    loss_measure(&wan->loss, packet->number, false);
    loss_acked(&wan->loss, packet->number);
    delivery_acked(&wan->delivery, packet, sample);
    if (outage_heard(&wan->outage, wan->now_ns, packet->sent_ns)) {
        arrival_forget(&wan->arrival);
    }
    if (packet->kind == SENT_SYMBOL) {
        (void)send_arrived(&wan->send, packet->slot, packet->message, packet->symbol);
    }
}

static void on_packet_refuted(struct wan *wan, uint64_t number) {
    wan->counters.lost_wrongly++;
    const struct sent_packet *packet = sent_find(&wan->sent, number);
    if (packet && packet->kind == SENT_SYMBOL) {
        (void)send_arrived(&wan->send, packet->slot, packet->message, packet->symbol);
    }
}

static void take_ranges(struct wan *wan, const struct frame_ack *ack,
                        struct delivery_sample *sample) {
    uint64_t number;
    for (size_t i = 0; i < ack->range_count; i++) {
        const struct range *range = &ack->ranges[i];
        uint64_t from = range->from > wan->sent.low ? range->from : wan->sent.low;
        for (number = from; number < range->to; number++) {
            struct sent_packet *packet = sent_find(&wan->sent, number);
            if (packet && packet->state == SENT_OPEN) {
                on_packet_acked(wan, packet, sample);
            }
        }
        while (loss_refuted(&wan->loss, range, &number)) {
            on_packet_refuted(wan, number);
        }
    }
}

static void steer(struct wan *wan, const struct frame_ack *frame,
                  const struct delivery_sample *sample) {
    struct cc_ack ack = {.now_ns = wan->now_ns,
                         .delivered = wan->delivery.delivered,
                         .lost = wan->delivery.lost,
                         .prior_delivered = sample->prior_delivered,
                         .in_flight = wan->sent.open_bytes,
                         .app_limited = sample->app_limited};
    if (sample->number == frame->largest) {
        const struct arrival_point newest = {
            .sent_ns = sample->sent_ns,
            .received_us = arrival_clock_us(&wan->arrival, frame->received_us),
            .delivered = wan->delivery.delivered,
            .app_limited = sample->app_limited};
        arrival_note(&wan->arrival, &newest, wan->rtt.min_ns, &ack.arrival);
    }
    wan->cc.ops->acked(&wan->cc, &ack, &wan->rtt);
    pacer_set_rate(&wan->pacer, wan->now_ns, wan->cc.ops->rate_bps(&wan->cc));
}

static void renew_keys(struct wan *wan) {
    struct wan_crypto *crypto = &wan->crypto;
    if (crypto->has_keys && wan_keys_are_worn(&crypto->keys) &&
        wan->loss.largest_acked >= crypto->generation_from) {
        wan_keys_renew(&crypto->keys);
        crypto->generation_from = wan->sent.next;
    }
}

static enum satsync_status on_ack(struct wan *wan, const struct frame_ack *ack) {
    if (ack->largest >= wan->sent.next) {
        return SATSYNC_PROTOCOL;
    }
    const struct sent_packet *largest = sent_find(&wan->sent, ack->largest);
    if (largest && largest->state == SENT_OPEN) {
        uint64_t delay = ack->delay_us < 10000000 ? ack->delay_us * 1000 : 0;
        rtt_sample(&wan->rtt, wan->now_ns - largest->sent_ns, delay);
        bulk_limit_note(&wan->bulk_limit, wan->now_ns,
                        wan->rtt.latest_ns < wan->rtt.smoothed_ns ? wan->rtt.latest_ns
                                                                  : wan->rtt.smoothed_ns);
    }
    wan->trial.runs = wan->trial.runs && ack->largest < wan->trial.from;
    struct delivery_sample sample = {0};
    take_ranges(wan, ack, &sample);
    wan_lose_overdue(wan);
    if (sample.any) {
        steer(wan, ack, &sample);
        renew_keys(wan);
    }
    return SATSYNC_OK;
}

static enum satsync_status on_frame(struct wan *wan, const struct frame *frame) {
    switch (frame->kind) {
    case FRAME_ACK:
        return on_ack(wan, &frame->ack);
    case FRAME_WINDOW:
        flow_raise(&wan->flow_out, frame->value);
        return SATSYNC_OK;
    case FRAME_HAVE:
        (void)send_arrived_bytes(&wan->send, frame->message, frame->offset, frame->bytes);
        return SATSYNC_OK;
    case FRAME_CLOSE:
        wan_go_down(wan, frame->value == SATSYNC_OK ? SATSYNC_OK : SATSYNC_PEER_FAILED, false);
        return SATSYNC_OK;
    case FRAME_RTT:
        wan->told_rtt_ns = frame->value < 60000000 ? frame->value * 1000 : 0;
        ack_set_round_trip(&wan->ack, wan->told_rtt_ns);
        return SATSYNC_OK;
    case FRAME_DATA:
    case FRAME_COVERED:
        return on_data(wan, frame);
    case FRAME_REPAIR:
        return on_repair(wan, frame);
    case FRAME_PADDING:
    case FRAME_PING:
        return SATSYNC_OK;
    }
    return SATSYNC_PROTOCOL;
}

static bool asks_for_ack(enum frame_kind kind) {
    return kind != FRAME_ACK && kind != FRAME_WINDOW && kind != FRAME_HAVE && kind != FRAME_CLOSE;
}

static void on_payload(struct wan *wan, uint64_t number, const uint8_t *payload, size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(payload, bytes);
    struct frame frame;
    bool eliciting = false;
    enum frame_result result;
    while ((result = frame_next(&reader, &frame)) == FRAME_OK && wan->phase == WAN_OPEN) {
        enum satsync_status status = on_frame(wan, &frame);
        if (status == SATSYNC_LIMIT) {
            wan->counters.over_limit++;
            return;
        }
        if (status != SATSYNC_OK) {
            result = FRAME_MALFORMED;
            break;
        }
        eliciting = eliciting || asks_for_ack(frame.kind);
    }
    if (result == FRAME_MALFORMED) {
        wan->counters.malformed++;
        wan_go_down(wan, SATSYNC_PROTOCOL, true);
        return;
    }
    size_t ip_bytes = PACKET_HEADER_BYTES + bytes + WAN_TAG_BYTES + WAN_IP_UDP_BYTES;
    ack_received(&wan->ack, wan->now_ns, number, ip_bytes, eliciting);
}

static bool unseal(struct wan *wan, const struct packet_header *header, uint8_t *datagram,
                   size_t bytes) {
    struct wan_packet packet = {.path = header->path,
                                .number = header->number,
                                .header = datagram,
                                .header_bytes = PACKET_HEADER_BYTES,
                                .payload = datagram + PACKET_HEADER_BYTES,
                                .payload_bytes = bytes - PACKET_HEADER_BYTES - WAN_TAG_BYTES};
    struct wan_crypto *crypto = &wan->crypto;
    if (header->early) {
        return wan->greeting.by_responder && crypto->has_early &&
               wan_key_open(&crypto->early, &packet);
    }
    return crypto->has_keys && wan_keys_open(&crypto->keys, header->generation, &packet);
}

static void on_packet(struct wan *wan, uint8_t *datagram, size_t bytes) {
    struct packet_header header;
    struct wan_counters *counters = &wan->counters;
    if (!packet_decode(datagram, bytes, wan->replay.top, &header) || header.path != 0 ||
        header.session != wan->session || header.by_responder == wan->greeting.by_responder ||
        (!wan->crypto.has_keys && !header.early)) {
        counters->not_for_us++;
        return;
    }
    if (!replay_is_new(&wan->replay, header.number)) {
        counters->replayed++;
        return;
    }
    if (!unseal(wan, &header, datagram, bytes)) {
        counters->forged++;
        return;
    }
    replay_accept(&wan->replay, header.number);
    wan->greeting.heard_bytes += bytes;
    wan->heard_ns = wan->now_ns;
    if (!header.early && !wan->greeting.confirmed) {
        wan->greeting.confirmed = true;
        wan->greeting.due_ns = TIME_NEVER;
    }
    on_payload(wan, header.number, datagram + PACKET_HEADER_BYTES,
               bytes - PACKET_HEADER_BYTES - WAN_TAG_BYTES);
}

/* What left under a key that the peer never had is lost. */
static void lose_early(struct wan *wan) {
    while (wan->sent.low < wan->sent.next) {
        struct sent_packet *packet = sent_find(&wan->sent, wan->sent.low);
        sent_settle(&wan->sent, packet, SENT_LOST);
        requeue(wan, packet, true);
    }
}

static void on_handshake(struct wan *wan, const uint8_t *datagram, size_t bytes) {
    struct wan_greeting *greeting = &wan->greeting;
    struct handshake_secrets secrets;
    struct satsync_error error;
    switch (handshake_recv(greeting->handshake, datagram, bytes, &secrets, &error)) {
    case HANDSHAKE_IGNORED:
        wan->counters.not_for_us++;
        return;
    case HANDSHAKE_AGAIN:
        wan_key_set(&wan->crypto.early, greeting->handshake->cipher, greeting->handshake->early);
        lose_early(wan);
        greeting->due_ns = wan->now_ns;
        greeting->times = 0;
        return;
    case HANDSHAKE_FAILED:
        wan_go_down(wan, error.status, false);
        return;
    case HANDSHAKE_DONE:
        break;
    }
    wan->crypto.secrets = secrets;
    handshake_secrets_wipe(&secrets);
    wan_keys_init(&wan->crypto.keys, wan->crypto.secrets.cipher, wan->crypto.secrets.send,
                  wan->crypto.secrets.receive);
    wan->crypto.has_keys = true;
    wan->crypto.generation_from = wan->sent.next;
    wan_take_parameters(wan);
    wan->phase = WAN_OPEN;
    wan->heard_ns = wan->now_ns;
    wan->ping_due = true; /* the peer learns that its WELCOME came */
    greeting->handshake = NULL;
    greeting->confirmed = true;
    greeting->due_ns = TIME_NEVER;
    struct link_event up = {.kind = LINK_EVENT_UP, .peer_key = wan->crypto.secrets.peer_ed25519};
    wan_push_event(wan, &up);
}

static void on_hello(struct wan *wan, const uint8_t *datagram, size_t bytes) {
    struct wan_greeting *greeting = &wan->greeting;
    if (!greeting->by_responder || greeting->welcome_bytes == 0 ||
        !handshake_is_repeated(greeting->ephemeral, datagram, bytes)) {
        wan->counters.not_for_us++;
        return;
    }
    greeting->heard_bytes += bytes;
    if (greeting->times > 0 && greeting->due_ns == TIME_NEVER) {
        greeting->times = 1;
    }
    greeting->due_ns = wan->now_ns;
}

void wan_recv(struct wan *wan, uint64_t now_ns, uint8_t *datagram, size_t bytes) {
    wan_note_time(wan, now_ns);
    wan->stats.received_wire_bytes += bytes;
    struct datagram_peek peek;
    if (!datagram_peek(datagram, bytes, &peek)) {
        wan->counters.foreign_version++;
        return;
    }
    if (wan->phase == WAN_CLOSED) {
        return;
    }
    if (wan->events.capacity - wan->events.count < WAN_EVENTS_PER_DATAGRAM) {
        wan->counters.over_limit++;
        return;
    }
    switch (peek.kind) {
    case DATAGRAM_DATA:
    case DATAGRAM_RESPONDER:
        on_packet(wan, datagram, bytes);
        break;
    case DATAGRAM_HELLO:
        on_hello(wan, datagram, bytes);
        break;
    case DATAGRAM_WELCOME:
    case DATAGRAM_COOKIE:
    case DATAGRAM_REFUSED:
    case DATAGRAM_VERSION:
        if (wan->greeting.handshake) {
            on_handshake(wan, datagram, bytes);
        } else {
            wan->counters.not_for_us++;
        }
        break;
    case DATAGRAM_RESET_BY_INITIATOR:
    case DATAGRAM_RESET_BY_RESPONDER:
        if (wan->crypto.has_keys && handshake_is_reset(&wan->crypto.secrets, datagram, bytes)) {
            wan_go_down(wan, SATSYNC_NO_PATH, false);
        } else {
            wan->counters.not_for_us++;
        }
        break;
    }
}
