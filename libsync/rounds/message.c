#include "rounds/message.h"

#include <string.h>

enum { MESSAGE_VERSION = 1 };

enum message_kind message_head(struct bytes_reader *reader) {
    uint8_t kind = bytes_get_u8(reader);
    uint8_t version = bytes_get_u8(reader);
    bool known = kind >= MESSAGE_AGREEMENT && kind <= MESSAGE_NEED && version == MESSAGE_VERSION;
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
}

static void get_holdings(struct bytes_reader *reader, struct holdings *holdings, size_t sites) {
    memset(holdings, 0, sizeof *holdings);
    holdings->step = bytes_get_u64(reader);
    for (size_t i = 0; i < sites; i++) {
        holdings->incarnation[i] = bytes_get_u64(reader);
        holdings->fragments[i] = bytes_get_u64(reader);
    }
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
    for (size_t i = 0; i < report->steps; i++) {
        get_holdings(reader, &report->step[i], sites);
    }
    return bytes_all_read(reader);
}

void message_put_decision(struct bytes_writer *writer, const struct decision *decision,
                          size_t sites) {
    bytes_put_u64(writer, decision->step);
    bytes_put_u32(writer, decision->sites);
    for (size_t i = 0; i < sites; i++) {
        bytes_put_u64(writer, decision->incarnation[i]);
    }
}

bool message_get_decision(struct bytes_reader *reader, struct decision *decision, size_t sites) {
    memset(decision, 0, sizeof *decision);
    decision->step = bytes_get_u64(reader);
    decision->sites = bytes_get_u32(reader);
    bool matches = decision->step > 0 && decision->sites >> sites == 0;
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

void message_put_need(struct bytes_writer *writer, const struct need *need) {
    message_put_head(writer, MESSAGE_NEED);
    bytes_put_u64(writer, need->step);
    bytes_put_u8(writer, need->origin);
    bytes_put_u64(writer, need->incarnation);
    bytes_put_u64(writer, need->fragments);
    bytes_put_u8(writer, need->again);
}

bool message_get_need(struct bytes_reader *reader, struct need *need, size_t sites) {
    need->step = bytes_get_u64(reader);
    need->origin = bytes_get_u8(reader);
    need->incarnation = bytes_get_u64(reader);
    need->fragments = bytes_get_u64(reader);
    uint8_t again = bytes_get_u8(reader);
    need->again = again == 1;
    return bytes_all_read(reader) && need->origin < sites && again <= 1;
}
