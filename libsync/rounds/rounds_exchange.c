#include "base/check.h"
#include "rounds/rounds_state.h"

#include <string.h>

/* Sending. A queue that is full drops: reports are repeated, and libraft expects losses. */

static void push(struct rounds *rounds, size_t peer, struct parcel *parcel) {
    if (rounds->peers[peer].is_up) {
        (void)outbox_push(&rounds->peers[peer].outbox, parcel);
    }
}

static void send_control(struct rounds *rounds, uint32_t peers, const void *data, size_t bytes) {
    struct parcel *parcel = parcel_new(rounds->allocator, LINK_CONTROL, bytes);
    if (!parcel) {
        return;
    }
    memcpy(parcel->data, data, bytes);
    for (size_t i = 0; i < rounds->voters; i++) {
        if (i != rounds->options.site && (peers >> i & 1)) {
            push(rounds, i, parcel);
        }
    }
    parcel_drop(parcel);
}

static void put_step(struct rounds *rounds, struct report *report, uint64_t step) {
    const struct step_record *record = contributions_of(&rounds->contributions, step);
    if (record && !rounds->is_witness) {
        report->step[report->steps++] = record->holdings;
    }
}

static void send_report(struct rounds *rounds, uint32_t peers) {
    uint8_t data[MESSAGE_CONTROL_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    struct report report = {.configuration = rounds->configuration,
                            .incarnation = rounds->incarnation,
                            .applied = rounds->applied,
                            .decided = rounds->decided};
    memcpy(report.hash, rounds->hash, sizeof report.hash);
    put_step(rounds, &report, rounds->applied + 1);
    if (rounds->decided > rounds->applied) {
        put_step(rounds, &report, rounds->decided + 1);
    }
    message_put_report(&writer, &report, rounds->options.sites);
    assert(!writer.failed);
    send_control(rounds, peers, data, bytes_written(&writer));
}

void rounds_broadcast_report(struct rounds *rounds) {
    send_report(rounds, UINT32_MAX);
    rounds->report_ns = rounds->now_ns + rounds->options.repeat_ns;
}

void rounds_broadcast_decision(struct rounds *rounds, const struct decision *decision) {
    uint8_t data[MESSAGE_CONTROL_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_head(&writer, MESSAGE_DECIDED);
    message_put_decision(&writer, decision, rounds->options.sites);
    send_control(rounds, UINT32_MAX, data, bytes_written(&writer));
}

void rounds_ask(struct rounds *rounds, size_t peer, const struct need *need) {
    uint8_t data[MESSAGE_CONTROL_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    message_put_need(&writer, need);
    send_control(rounds, UINT32_C(1) << peer, data, bytes_written(&writer));
}

void rounds_queue_agreement(struct rounds *rounds) {
    struct agreement_message message;
    while (agreement_message(rounds->agreement, &message)) {
        size_t bytes = MESSAGE_HEAD_BYTES + message.bytes;
        struct parcel *parcel = rounds->peers[message.peer].is_up
                                    ? parcel_new(rounds->allocator, LINK_CONTROL, bytes)
                                    : NULL;
        if (parcel) {
            struct bytes_writer writer = bytes_writer_over(parcel->data, bytes);
            message_put_head(&writer, MESSAGE_AGREEMENT);
            bytes_put(&writer, message.data, message.bytes);
            push(rounds, message.peer, parcel);
            parcel_drop(parcel);
        }
        memory_free(rounds->allocator, message.data);
    }
}

void rounds_forget_sent(struct rounds *rounds, size_t peer) {
    for (size_t i = 0; i < CONTRIBUTIONS_STEPS; i++) {
        struct step_record *record = &rounds->contributions.record[i];
        record->sent[peer] = 0;
        memset(record->served[peer], 0, sizeof record->served[peer]);
        sums_forget_sent(&record->sums, peer);
    }
}

void rounds_queue_own(struct rounds *rounds, size_t peer) {
    struct step_record *record = contributions_of(&rounds->contributions, rounds->applied + 1);
    if (!record || peer >= rounds->options.sites || !rounds->peers[peer].is_up) {
        return;
    }
    bool by_shares = rounds_uses_shares(rounds, record);
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        struct parcel *parcel = rounds->training.own[f];
        if (parcel && by_shares) {
            rounds_queue_share(rounds, peer, f);
        } else if (parcel && !(record->sent[peer] >> f & 1) &&
                   outbox_push(&rounds->peers[peer].outbox, parcel)) {
            record->sent[peer] |= UINT64_C(1) << f;
        }
    }
    rounds_queue_sums(rounds, record, peer);
}

/* Receiving. */

static enum satsync_status take_report(struct rounds *rounds, size_t peer,
                                       struct bytes_reader *reader) {
    struct report report;
    if (!message_get_report(reader, &report, rounds->options.sites)) {
        return SATSYNC_PROTOCOL;
    }
    if (report.configuration != rounds->configuration) {
        rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_REFUSED,
                                                   .peer = peer,
                                                   .status = SATSYNC_CONFLICT});
        return SATSYNC_CONFLICT;
    }
    struct peer *from = &rounds->peers[peer];
    bool is_new_life = from->has_reported && from->report.incarnation != report.incarnation;
    from->report = report;
    if (is_new_life) { /* it may have passed over what came before it had this state */
        rounds_forget_sent(rounds, peer);
        rounds_forget_asked(rounds, peer);
        rounds_queue_own(rounds, peer);
    }
    from->has_reported = true;
    from->reported_ns = rounds->now_ns;
    if (peer < rounds->options.sites) {
        divergence_note(&rounds->divergence, report.applied, peer, report.hash);
        rounds_compare(rounds, report.applied);
    }
    return SATSYNC_OK;
}

static enum satsync_status take_decided(struct rounds *rounds, struct bytes_reader *reader) {
    struct decision decision;
    if (!message_get_decision(reader, &decision, rounds->options.sites)) {
        return SATSYNC_PROTOCOL;
    }
    rounds_take_decision(rounds, &decision);
    return SATSYNC_OK;
}

void rounds_refuse(struct rounds *rounds, uint64_t step, size_t fragment, size_t peer) {
    rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_REFUSED,
                                               .step = step,
                                               .fragment = fragment,
                                               .peer = peer,
                                               .status = SATSYNC_INVALID});
}

void rounds_pass_over(struct rounds *rounds, size_t peer, uint64_t step) {
    if (step > rounds->applied && step > rounds->passed_over[peer]) {
        rounds->passed_over[peer] = step;
    }
}

/* From others than its origin only what this site may have asked for. */
static bool may_come_from(struct rounds *rounds, size_t peer, const struct fragment_head *head) {
    const struct step_record *record = contributions_of(&rounds->contributions, head->step);
    return head->origin != rounds->options.site
               ? head->origin == peer || (record && record->is_decided)
               : record && record->is_decided; /* of this site's former life */
}

static enum satsync_status take_fragment(struct rounds *rounds, size_t peer, const void *data,
                                         size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct fragment_head head;
    message_head(&reader);
    if (rounds->is_witness || !message_get_fragment(&reader, &head, rounds->options.sites) ||
        head.fragment >= rounds->options.fragments || head.codec != rounds->options.codec ||
        bytes_left(&reader) != rounds->place[head.fragment].coded_bytes) {
        return SATSYNC_PROTOCOL;
    }
    rounds->received_bytes += bytes;
    if (!may_come_from(rounds, peer, &head) || !contributions_want(&rounds->contributions, &head)) {
        if (head.origin == peer && !contributions_of(&rounds->contributions, head.step)) {
            rounds_pass_over(rounds, peer, head.step);
        }
        return SATSYNC_OK;
    }
    /* What is carried comes on top of a difference: twice as much may be honest. */
    if (!quantise_is_sane(rounds->options.codec, reader.at, rounds->place[head.fragment].elements,
                          2 * rounds->options.max_difference)) {
        rounds_refuse(rounds, head.step, head.fragment, head.origin);
        return SATSYNC_OK;
    }
    struct parcel *parcel = parcel_new(rounds->allocator, LINK_GRADIENT, bytes);
    if (!parcel) {
        return SATSYNC_NO_MEMORY;
    }
    memcpy(parcel->data, data, bytes);
    parcel->step = head.step;
    contributions_put(&rounds->contributions, &head, parcel);
    parcel_drop(parcel);
    const struct step_record *record = contributions_of(&rounds->contributions, head.step);
    if (record->holdings.fragments[head.origin] == rounds->contributions.all) {
        rounds_broadcast_report(rounds);
    }
    return SATSYNC_OK;
}

/* Fragments, or sums of them, that a peer has had from here in its session, or will: they are not
 * sent twice. */
static uint64_t had(const struct rounds *rounds, size_t peer, const struct step_record *record,
                    const struct need *need) {
    if (need->sums) {
        return record->sums.served[peer][need->origin];
    }
    bool is_own = need->origin == rounds->options.site && need->incarnation == rounds->incarnation;
    return record->served[peer][need->origin] | (is_own ? record->sent[peer] : 0);
}

static bool has_needed(const struct rounds *rounds, const struct step_record *record,
                       const struct need *need) {
    uint64_t here = need->sums ? sums_name(record->sums.incarnation, rounds->options.sites)
                               : record->holdings.incarnation[need->origin];
    return here == need->incarnation;
}

static enum satsync_status take_need(struct rounds *rounds, size_t peer,
                                     struct bytes_reader *reader) {
    struct need need;
    if (!message_get_need(reader, &need, rounds->options.sites)) {
        return SATSYNC_PROTOCOL;
    }
    struct step_record *record = contributions_of(&rounds->contributions, need.step);
    if (rounds->is_witness || !record || !has_needed(rounds, record, &need)) {
        return SATSYNC_OK;
    }
    struct parcel **parcels =
        need.sums ? record->sums.sum[need.origin] : record->parcel[need.origin];
    uint64_t *served =
        need.sums ? &record->sums.served[peer][need.origin] : &record->served[peer][need.origin];
    uint64_t wanted = need.fragments & ~(need.again ? 0 : had(rounds, peer, record, &need));
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        if (parcels[f] && (wanted >> f & 1) && rounds->peers[peer].is_up &&
            outbox_push(&rounds->peers[peer].outbox, parcels[f])) {
            *served |= UINT64_C(1) << f;
        }
    }
    return SATSYNC_OK;
}

/* A leader need not wait until the others say that they have its own contribution, or its sums:
 * what it proposes is stored nowhere before. So a majority that has stored it has those twice. The
 * entry comes again with the leader's next heartbeat. It is stored all the same once the leader
 * reports it decided, and where the leader has begun a new life since, whose former contribution
 * may be gone, or a former life's contribution stands in the way here. */
static bool is_early(struct rounds *rounds, size_t peer, struct bytes_reader reader) {
    struct agreement_decision carried;
    struct decision decision;
    if (rounds->is_witness || peer >= rounds->options.sites ||
        !agreement_carries(reader.at, bytes_left(&reader), &carried)) {
        return false;
    }
    struct bytes_reader content = bytes_reader_over(carried.data, carried.bytes);
    const struct report *report = &rounds->peers[peer].report;
    if (!message_get_decision(&content, &decision, rounds->options.sites) ||
        !rounds->peers[peer].has_reported || report->decided >= decision.step ||
        decision.incarnation[peer] != report->incarnation) {
        return false;
    }
    const struct step_record *record = contributions_of(&rounds->contributions, decision.step);
    return record &&
           (decision.by_sums ? !(record->holdings.sums >> peer & 1)
                             : record->holdings.fragments[peer] != rounds->contributions.all);
}

static enum satsync_status dispatch(struct rounds *rounds, size_t peer, const void *data,
                                    size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    switch (message_head(&reader)) {
    case MESSAGE_AGREEMENT:
        if (is_early(rounds, peer, reader)) {
            return SATSYNC_OK;
        }
        return agreement_recv(rounds->agreement, rounds->now_ns, peer, reader.at,
                              bytes_left(&reader));
    case MESSAGE_REPORT:
        return take_report(rounds, peer, &reader);
    case MESSAGE_DECIDED:
        return take_decided(rounds, &reader);
    case MESSAGE_FRAGMENT:
        return take_fragment(rounds, peer, data, bytes);
    case MESSAGE_NEED:
        return take_need(rounds, peer, &reader);
    case MESSAGE_SHARE:
        return rounds_take_share(rounds, peer, data, bytes);
    case MESSAGE_SUM:
        return rounds_take_sum(rounds, peer, data, bytes);
    }
    return SATSYNC_PROTOCOL;
}

enum satsync_status rounds_recv(struct rounds *rounds, uint64_t now_ns, size_t peer,
                                const void *data, size_t bytes) {
    assert(peer < rounds->voters && peer != rounds->options.site);
    rounds->now_ns = now_ns;
    enum satsync_status status = dispatch(rounds, peer, data, bytes);
    rounds_advance(rounds);
    return status;
}

bool rounds_send(struct rounds *rounds, size_t peer, struct rounds_message *message) {
    struct peer *to = &rounds->peers[peer];
    if (!to->is_up) {
        return false;
    }
    struct parcel *parcel = outbox_pop(&to->outbox, to->has_reported ? to->report.applied : 0);
    if (!parcel) {
        return false;
    }
    struct bytes_reader reader = bytes_reader_over(parcel->data, parcel->bytes);
    bool is_fragment = message_head(&reader) == MESSAGE_FRAGMENT;
    *message = (struct rounds_message){.class = parcel->class,
                                       .data = parcel->data,
                                       .bytes = parcel->bytes,
                                       .more_follows = is_fragment && to->outbox.gradient.count > 0,
                                       .cookie = parcel};
    parcel_lend(&rounds->lent, parcel);
    rounds->sent_bytes += parcel->class == LINK_GRADIENT ? parcel->bytes : 0;
    return true;
}

void rounds_returned(struct rounds *rounds, void *cookie) {
    parcel_take_back(&rounds->lent, cookie);
}
