/* What leaves a wan. */
#include "base/timers.h"
#include "transport/wan/packet.h"
#include "transport/wan/wan_pick.h"
#include "transport/wan/wan_state.h"

#include <assert.h>
#include <string.h>

enum {
    HAVE_TIMES = 2, /* each HAVE is told so often */
    HAVE_BYTES_MOST = 25,
    SEALING_BYTES = PACKET_HEADER_BYTES + WAN_TAG_BYTES,
    CHOSEN_COPIES_PPM = 20000 /* above this loss what was repeated is copied twice at the end */
};

static const uint64_t SECOND_NS = 1000000000;

struct draft {
    uint8_t *start;
    struct bytes_writer writer; /* of the payload */
    struct sent_packet *packet;
};

/* Packet numbers go on during an outage: the oldest record makes room. */
static void make_room(struct wan *wan) {
    while (!sent_has_room(&wan->sent)) {
        struct sent_packet *oldest = sent_find(&wan->sent, wan->sent.low);
        sent_settle(&wan->sent, oldest, SENT_LOST);
        if (oldest->kind == SENT_SYMBOL) {
            repeat_lost(
                &wan->repeat,
                &(struct repeat_entry){.message = oldest->message,
                                       .symbol = oldest->symbol,
                                       .slot = oldest->slot,
                                       .slice = oldest->slice,
                                       .class = (uint8_t)wan->send.messages[oldest->slot].class});
        }
    }
}

static struct draft begin(struct wan *wan, uint8_t *at) {
    make_room(wan);
    struct draft draft = {.start = at, .packet = sent_begin(&wan->sent)};
    size_t room = wan->options.max_datagram_bytes - SEALING_BYTES;
    draft.writer = bytes_writer_over(at + PACKET_HEADER_BYTES, room);
    return draft;
}

static size_t seal(struct wan *wan, const struct draft *draft) {
    struct wan_crypto *crypto = &wan->crypto;
    assert(!draft->writer.failed);
    struct packet_header header = {.by_responder = wan->greeting.by_responder,
                                   .early = !crypto->has_keys,
                                   .session = wan->session,
                                   .number = draft->packet->number};
    header.generation = crypto->has_keys ? (uint8_t)wan_keys_generation(&crypto->keys) : 0;
    packet_encode(&header, draft->start);
    struct wan_packet packet = {.number = header.number,
                                .header = draft->start,
                                .header_bytes = PACKET_HEADER_BYTES,
                                .payload = draft->start + PACKET_HEADER_BYTES,
                                .payload_bytes = bytes_written(&draft->writer)};
    if (crypto->has_keys) {
        wan_keys_seal(&crypto->keys, &packet);
    } else {
        wan_key_seal(&crypto->early, &packet);
    }
    return packet.payload_bytes + SEALING_BYTES;
}

/* Seals and books the datagram; `eliciting` ones stay open until their fate is known. */
static size_t finish(struct wan *wan, struct draft *draft, bool eliciting) {
    struct sent_packet *packet = draft->packet;
    size_t bytes = seal(wan, draft);
    packet->sent_ns = wan->now_ns;
    packet->ip_bytes = (uint16_t)(bytes + WAN_IP_UDP_BYTES);
    uint64_t open = wan->sent.open_count;
    if (eliciting) {
        delivery_sent(&wan->delivery, packet);
        outage_sent(&wan->outage, wan->now_ns, &wan->rtt, open);
        wan->spoken_ns = wan->now_ns;
    }
    sent_commit(&wan->sent);
    if (!eliciting) {
        sent_settle(&wan->sent, packet, SENT_ACKED);
    }
    pacer_sent(&wan->pacer, wan->now_ns, packet->ip_bytes, wan->cc.ops->rate_bps(&wan->cc));
    wan->stats.wire_bytes += bytes;
    wan->trial.bytes -= bytes < wan->trial.bytes ? bytes : wan->trial.bytes;
    return bytes;
}

static bool single(struct wan_batch *batch, size_t bytes, uint64_t now_ns) {
    batch->bytes = batch->segment_bytes = bytes;
    batch->departure_ns = now_ns;
    return true;
}

static bool send_greeting(struct wan *wan, struct wan_batch *batch) {
    static const uint64_t PAUSES_MS[] = {10, 90, 300, 600, 1000};
    struct wan_greeting *greeting = &wan->greeting;
    size_t bytes = greeting->handshake ? HANDSHAKE_HELLO_BYTES : greeting->welcome_bytes;
    const uint8_t *datagram = greeting->handshake ? greeting->handshake->hello : greeting->welcome;
    if (wan->now_ns < greeting->due_ns || !wan_may_answer(wan, bytes) || batch->capacity < bytes) {
        return false;
    }
    memcpy(batch->data, datagram, bytes);
    unsigned pause = greeting->times < 4 ? greeting->times : 4;
    greeting->times++;
    greeting->due_ns = greeting->confirmed ? TIME_NEVER : wan->now_ns + PAUSES_MS[pause] * 1000000;
    pacer_sent(&wan->pacer, wan->now_ns, bytes + WAN_IP_UDP_BYTES, wan->cc.ops->rate_bps(&wan->cc));
    wan->stats.wire_bytes += bytes;
    return single(batch, bytes, wan->now_ns);
}

static bool send_close(struct wan *wan, struct wan_batch *batch) {
    if (wan->closing_left == 0) {
        return false;
    }
    wan->closing_left--;
    struct draft draft = begin(wan, batch->data);
    frame_put_value(&draft.writer, FRAME_CLOSE, wan->down_status);
    return single(batch, finish(wan, &draft, false), wan->now_ns);
}

static void put_haves(struct wan *wan, struct bytes_writer *writer) {
    struct wan_have have;
    for (size_t left = wan->haves.count; left > 0 && bytes_room(writer) >= HAVE_BYTES_MOST;
         left--) {
        (void)ring_pop(&wan->haves, &have);
        frame_put_have(writer, have.message, &have.bytes);
        if (++have.times < HAVE_TIMES) {
            (void)ring_push(&wan->haves, &have);
        }
    }
}

static bool must_tell_rtt(const struct wan *wan) {
    return wan->rtt.sampled && wan->sent.open_count > 0 && wan->now_ns >= wan->tell_rtt_ns;
}

static bool send_control(struct wan *wan, struct wan_batch *batch) {
    bool tell_rtt = must_tell_rtt(wan);
    bool ping = wan->ping_due;
    bool ack = ack_is_due(&wan->ack, wan->now_ns);
    if ((!ack && !ping && !tell_rtt) || !wan_may_answer(wan, wan->options.max_datagram_bytes)) {
        return false;
    }
    struct draft draft = begin(wan, batch->data);
    struct frame_ack frame;
    bool acks = ack_fill(&wan->ack, wan->now_ns, &frame);
    if (acks) {
        /* Before the ack, so that what repair brought back is not taken for lost. */
        put_haves(wan, &draft.writer);
        /* A range takes at most 16 bytes; small datagrams carry fewer. */
        size_t fits = (bytes_room(&draft.writer) - 48) / 16;
        frame.range_count = frame.range_count < fits ? frame.range_count : fits;
        frame_put_ack(&draft.writer, &frame);
        wan->flow_in.told = flow_limit(&wan->flow_in);
        frame_put_value(&draft.writer, FRAME_WINDOW, wan->flow_in.told);
    }
    if (tell_rtt) {
        frame_put_value(&draft.writer, FRAME_RTT, wan->rtt.smoothed_ns / 1000);
        uint64_t pause = 4 * wan->rtt.smoothed_ns;
        wan->tell_rtt_ns = wan->now_ns + (pause > SECOND_NS ? pause : SECOND_NS);
    }
    if (ping) {
        frame_put_value(&draft.writer, FRAME_PING, 0);
        wan->ping_due = false;
    }
    size_t bytes = finish(wan, &draft, tell_rtt || ping);
    if (acks) {
        ack_sent(&wan->ack, wan->now_ns, bytes + WAN_IP_UDP_BYTES);
        wan->counters.acks_sent++;
    }
    return single(batch, bytes, wan->now_ns);
}

static void put_padded_header(const struct wan *wan, struct bytes_writer *writer,
                              const struct frame *frame, bool whole) {
    /* Whole symbols fill their datagram exactly, so that a batch is cut into equal segments. */
    size_t need = frame_data_header_bytes(frame) + (size_t)frame->bytes;
    size_t room = wan->options.max_datagram_bytes - SEALING_BYTES;
    assert(need <= room);
    for (size_t i = need; whole && i < room; i++) {
        bytes_put_u8(writer, FRAME_PADDING);
    }
    frame_put_data_header(writer, frame);
}

static void put_symbol(struct wan *wan, struct draft *draft, const struct send_symbol *symbol) {
    struct frame frame = {.kind = symbol->covered ? FRAME_COVERED : FRAME_DATA,
                          .class = symbol->class,
                          .message = symbol->message,
                          .total = symbol->total,
                          .offset = symbol->offset,
                          .bytes = symbol->bytes,
                          .symbol_bytes = symbol->symbol_bytes};
    put_padded_header(wan, &draft->writer, &frame, symbol->bytes == symbol->symbol_bytes);
    assert(bytes_room(&draft->writer) >= symbol->bytes);
    send_copy(&wan->send, symbol, draft->writer.at);
    draft->writer.at += symbol->bytes;
    draft->packet->kind = SENT_SYMBOL;
    draft->packet->slot = symbol->slot;
    draft->packet->slice = symbol->slice;
    draft->packet->message = symbol->message;
    draft->packet->symbol = symbol->index;
}

static void put_repair(struct wan *wan, struct draft *draft, const struct wan_item *item) {
    const struct repair_queue *queue = &wan->repair_out.queues[item->class];
    struct frame frame = {.kind = FRAME_REPAIR,
                          .class = item->class,
                          .message = queue->message,
                          .total = queue->total,
                          .offset = queue->block,
                          .bytes = queue->symbol_bytes,
                          .symbol_bytes = queue->symbol_bytes,
                          .repair_index = (uint8_t)item->repair_index};
    put_padded_header(wan, &draft->writer, &frame, true);
    bytes_put(&draft->writer, item->repair, queue->symbol_bytes);
    draft->packet->kind = SENT_REPAIR;
    repair_out_take(&wan->repair_out, item->class);
    wan->stats.repair_bytes += queue->symbol_bytes;
}

static void after_new(struct wan *wan, const struct send_symbol *symbol) {
    send_take(&wan->send, symbol);
    wan->flow_out.sent += symbol->bytes;
    wan->stats.payload_bytes += symbol->bytes;
    wan->repeating = false;
    uint64_t next = symbol->index + 1;
    bool ends_block =
        next % REPAIR_BLOCK_SYMBOLS == 0 || symbol->offset + symbol->bytes == symbol->total;
    if (symbol->covered && ends_block) {
        unsigned count = (unsigned)(symbol->index % REPAIR_BLOCK_SYMBOLS + 1);
        unsigned repair = repair_count(count, loss_ppm(&wan->loss), wan->loss.run_256);
        repair_out_make(&wan->repair_out, &wan->send, symbol, repair);
        send_unhold(&wan->send, symbol->slot);
    }
}

static void after_repeat(struct wan *wan, struct wan_item *item) {
    wan->stats.repeated_bytes += item->symbol.bytes;
    wan->repeating = true;
    if (item->kind == ITEM_REPEAT) {
        item->repeat.copies = loss_ppm(&wan->loss) > CHOSEN_COPIES_PPM ? 2 : 1;
    } else {
        item->repeat.copies--;
    }
    repeat_remember(&wan->repeat, &item->repeat);
}

static size_t send_item(struct wan *wan, struct wan_item *item, uint8_t *at) {
    struct draft draft = begin(wan, at);
    if (item->kind == ITEM_REPAIR) {
        put_repair(wan, &draft, item);
        size_t repair_bytes = finish(wan, &draft, true);
        wan_picked(wan, item, repair_bytes + WAN_IP_UDP_BYTES);
        return repair_bytes;
    }
    put_symbol(wan, &draft, &item->symbol);
    draft.packet->covered = item->kind == ITEM_NEW && item->symbol.covered;
    size_t bytes = finish(wan, &draft, true);
    wan_picked(wan, item, bytes + WAN_IP_UDP_BYTES);
    if (item->kind == ITEM_NEW) {
        after_new(wan, &item->symbol);
    } else {
        after_repeat(wan, item);
    }
    return bytes;
}

/* During silence the oldest packet of unknown fate is sent again, or a PING. */
static bool send_probe(struct wan *wan, struct wan_batch *batch) {
    if (!wan->outage.frozen || wan->now_ns < wan->outage.probe_ns || wan->sent.open_count == 0 ||
        !wan_may_answer(wan, wan->options.max_datagram_bytes)) {
        return false;
    }
    struct sent_packet oldest = *sent_find(&wan->sent, wan->sent.low);
    struct wan_item item = {.repeat = {.message = oldest.message,
                                       .symbol = oldest.symbol,
                                       .slot = oldest.slot,
                                       .slice = oldest.slice}};
    struct draft draft = begin(wan, batch->data);
    if (oldest.kind == SENT_SYMBOL && wan_item_is_missing(wan, &item)) {
        put_symbol(wan, &draft, &item.symbol);
        wan->stats.repeated_bytes += item.symbol.bytes;
        wan->repeating = true;
    } else {
        frame_put_value(&draft.writer, FRAME_PING, 0);
    }
    outage_probed(&wan->outage, wan->now_ns);
    return single(batch, finish(wan, &draft, true), wan->now_ns);
}

static bool fill_batch(struct wan *wan, struct wan_batch *batch) {
    size_t datagram = wan->options.max_datagram_bytes;
    while (batch->capacity - batch->bytes >= datagram) {
        struct wan_item item;
        if (!pacer_is_open(&wan->pacer, wan->now_ns, wan->cc.ops->burst_ns(&wan->cc))) {
            break;
        }
        if (!wan_window_is_open(wan) || !wan_may_answer(wan, datagram)) {
            pacer_rest(&wan->pacer);
            break;
        }
        if (!wan_pick(wan, &item)) {
            pacer_rest(&wan->pacer);
            if (!wan->flow_blocked && !wan_is_held(wan, LINK_CHECKPOINT)) {
                delivery_app_limited(&wan->delivery, wan->sent.open_bytes);
            }
            break;
        }
        size_t bytes = send_item(wan, &item, batch->data + batch->bytes);
        batch->segment_bytes = batch->bytes == 0 ? bytes : batch->segment_bytes;
        batch->bytes += bytes;
        if (bytes < datagram) {
            break; /* only the last may be shorter */
        }
    }
    return batch->bytes > 0;
}

bool wan_send(struct wan *wan, uint64_t now_ns, struct wan_batch *batch) {
    wan_note_time(wan, now_ns);
    batch->bytes = batch->segment_bytes = 0;
    batch->departure_ns = now_ns;
    if (batch->capacity < wan->options.max_datagram_bytes) {
        return false;
    }
    if (wan->phase == WAN_CLOSED) {
        return send_close(wan, batch);
    }
    return send_greeting(wan, batch) || send_control(wan, batch) || send_probe(wan, batch) ||
           fill_batch(wan, batch);
}
