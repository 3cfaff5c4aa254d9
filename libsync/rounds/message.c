#include "rounds/message.h"

#include <string.h>

enum { MESSAGE_VERSION = 1 };

enum message_kind message_head(struct bytes_reader *reader) {
    uint8_t kind = bytes_get_u8(reader);
    uint8_t version = bytes_get_u8(reader);
    bool known = kind >= MESSAGE_AGREEMENT && kind <= MESSAGE_SUM && version == MESSAGE_VERSION;
    return known && !reader->failed ? (enum message_kind)kind : 0;
}

void message_put_head(struct bytes_writer *writer, enum message_kind kind) {
    bytes_put_u8(writer, (uint8_t)kind);
    bytes_put_u8(writer, MESSAGE_VERSION);
}

static void put_holdings(struct bytes_writer *writer, const struct holdings *holdings,
                         size_t sites) {
    bytes_put_u64(writer, holdings->step);
    for (size_t i = 0; i < sites; i++) {
        bytes_put_u64(writer, holdings->incarnation[i]);
        bytes_put_u64(writer, holdings->fragments[i]);
    }
    bytes_put_u64(writer, holdings->sums_of);
    bytes_put_u32(writer, holdings->sums);
    bytes_put_u8(writer, holdings->is_gathered);
}

static bool get_flag(struct bytes_reader *reader, bool *flag) {
    uint8_t value = bytes_get_u8(reader);
    *flag = value == 1;
    return value <= 1;
}

static bool get_holdings(struct bytes_reader *reader, struct holdings *holdings, size_t sites) {
    memset(holdings, 0, sizeof *holdings);
    holdings->step = bytes_get_u64(reader);
    for (size_t i = 0; i < sites; i++) {
        holdings->incarnation[i] = bytes_get_u64(reader);
        holdings->fragments[i] = bytes_get_u64(reader);
    }
    holdings->sums_of = bytes_get_u64(reader);
    holdings->sums = bytes_get_u32(reader);
    return get_flag(reader, &holdings->is_gathered) && holdings->sums >> sites == 0;
}

void message_put_report(struct bytes_writer *writer, const struct report *report, size_t sites) {
    message_put_head(writer, MESSAGE_REPORT);
    bytes_put_u64(writer, report->configuration);
    bytes_put_u64(writer, report->incarnation);
    bytes_put_u64(writer, report->applied);
    bytes_put_u64(writer, report->decided);
    bytes_put(writer, report->hash, sizeof report->hash);
    bytes_put_u8(writer, (uint8_t)report->steps);
    for (size_t i = 0; i < report->steps; i++) {
        put_holdings(writer, &report->step[i], sites);
    }
}

bool message_get_report(struct bytes_reader *reader, struct report *report, size_t sites) {
    report->configuration = bytes_get_u64(reader);
    report->incarnation = bytes_get_u64(reader);
    report->applied = bytes_get_u64(reader);
    report->decided = bytes_get_u64(reader);
    bytes_get_copy(reader, report->hash, sizeof report->hash);
    report->steps = bytes_get_u8(reader);
    if (report->steps > MESSAGE_REPORT_STEPS) {
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < report->steps; i++) {
        good = get_holdings(reader, &report->step[i], sites) && good;
    }
    return good && bytes_all_read(reader);
}

void message_put_decision(struct bytes_writer *writer, const struct decision *decision,
                          size_t sites) {
    bytes_put_u64(writer, decision->step);
    bytes_put_u32(writer, decision->sites);
    bytes_put_u8(writer, decision->lead);
    bytes_put_u8(writer, decision->by_sums);
    for (size_t i = 0; i < sites; i++) {
        bytes_put_u64(writer, decision->incarnation[i]);
    }
}

bool message_get_decision(struct bytes_reader *reader, struct decision *decision, size_t sites) {
    memset(decision, 0, sizeof *decision);
    decision->step = bytes_get_u64(reader);
    decision->sites = bytes_get_u32(reader);
    decision->lead = bytes_get_u8(reader);
    bool matches = get_flag(reader, &decision->by_sums) && decision->step > 0 &&
                   decision->sites >> sites == 0 && decision->lead < ROUNDS_SITES_MAX;
    matches &= !decision->by_sums || decision->sites == (UINT32_C(1) << sites) - 1;
    for (size_t i = 0; i < sites; i++) {
        decision->incarnation[i] = bytes_get_u64(reader);
        matches &= (decision->incarnation[i] != 0) == ((decision->sites >> i & 1) != 0);
    }
    return matches && bytes_all_read(reader);
}

void message_put_fragment(struct bytes_writer *writer, const struct fragment_head *head) {
    message_put_head(writer, MESSAGE_FRAGMENT);
    bytes_put_u64(writer, head->step);
    bytes_put_u8(writer, head->origin);
    bytes_put_u64(writer, head->incarnation);
    bytes_put_u8(writer, head->fragment);
    bytes_put_u8(writer, head->codec);
}

bool message_get_fragment(struct bytes_reader *reader, struct fragment_head *head, size_t sites) {
    head->step = bytes_get_u64(reader);
    head->origin = bytes_get_u8(reader);
    head->incarnation = bytes_get_u64(reader);
    head->fragment = bytes_get_u8(reader);
    head->codec = bytes_get_u8(reader);
    return !reader->failed && head->step > 0 && head->origin < sites && head->incarnation != 0 &&
           head->fragment < ROUNDS_FRAGMENTS_MAX;
}

void message_put_share(struct bytes_writer *writer, const struct share_head *head) {
    message_put_head(writer, MESSAGE_SHARE);
    bytes_put_u64(writer, head->step);
    bytes_put_u8(writer, head->origin);
    bytes_put_u64(writer, head->incarnation);
    bytes_put_u8(writer, head->fragment);
    bytes_put_u8(writer, head->codec);
    bytes_put_u64(writer, head->start);
    bytes_put_u64(writer, head->elements);
}

bool message_get_share(struct bytes_reader *reader, struct share_head *head, size_t sites) {
    head->step = bytes_get_u64(reader);
    head->origin = bytes_get_u8(reader);
    head->incarnation = bytes_get_u64(reader);
    head->fragment = bytes_get_u8(reader);
    head->codec = bytes_get_u8(reader);
    head->start = bytes_get_u64(reader);
    head->elements = bytes_get_u64(reader);
    return !reader->failed && head->step > 0 && head->origin < sites && head->incarnation != 0 &&
           head->fragment < ROUNDS_FRAGMENTS_MAX;
}

size_t message_sum_head_bytes(size_t sites) {
    return MESSAGE_HEAD_BYTES + 8 + 1 + 1 + 8 + 8 + 8 * sites;
}

void message_put_sum(struct bytes_writer *writer, const struct sum_head *head, size_t sites) {
    message_put_head(writer, MESSAGE_SUM);
    bytes_put_u64(writer, head->step);
    bytes_put_u8(writer, head->owner);
    bytes_put_u8(writer, head->fragment);
    bytes_put_u64(writer, head->start);
    bytes_put_u64(writer, head->elements);
    for (size_t i = 0; i < sites; i++) {
        bytes_put_u64(writer, head->incarnation[i]);
    }
}

bool message_get_sum(struct bytes_reader *reader, struct sum_head *head, size_t sites) {
    memset(head, 0, sizeof *head);
    head->step = bytes_get_u64(reader);
    head->owner = bytes_get_u8(reader);
    head->fragment = bytes_get_u8(reader);
    head->start = bytes_get_u64(reader);
    head->elements = bytes_get_u64(reader);
    bool all = true;
    for (size_t i = 0; i < sites; i++) {
        head->incarnation[i] = bytes_get_u64(reader);
        all &= head->incarnation[i] != 0;
    }
    return !reader->failed && all && head->step > 0 && head->owner < sites &&
           head->fragment < ROUNDS_FRAGMENTS_MAX;
}

void message_put_need(struct bytes_writer *writer, const struct need *need) {
    message_put_head(writer, MESSAGE_NEED);
    bytes_put_u64(writer, need->step);
    bytes_put_u8(writer, need->origin);
    bytes_put_u64(writer, need->incarnation);
    bytes_put_u64(writer, need->fragments);
    bytes_put_u8(writer, need->again);
    bytes_put_u8(writer, need->sums);
}

bool message_get_need(struct bytes_reader *reader, struct need *need, size_t sites) {
    need->step = bytes_get_u64(reader);
    need->origin = bytes_get_u8(reader);
    need->incarnation = bytes_get_u64(reader);
    need->fragments = bytes_get_u64(reader);
    bool good = get_flag(reader, &need->again);
    good = get_flag(reader, &need->sums) && good;
    return good && bytes_all_read(reader) && need->origin < sites;
}
