/* Owner-reduce: the shares of what this site gives, those it owns, and the sums. A step for which
 * not all sites are there, or that takes too long, falls back to all-gather: what was given then
 * goes whole to everybody, too. */
#include "base/check.h"
#include "rounds/exchange.h"
#include "rounds/rounds_state.h"

#include <string.h>

static struct step_record *in_progress(struct rounds *rounds) {
    return contributions_of(&rounds->contributions, rounds->applied + 1);
}

bool rounds_uses_shares(const struct rounds *rounds, const struct step_record *record) {
    bool is_kept_whole = record->is_decided && !record->decision.by_sums;
    return rounds->options.exchange == ROUNDS_OWNER_REDUCE && !record->holdings.is_gathered &&
           !is_kept_whole;
}

/* Falling back. */

/* Shares are cut for the leader of the step before, so everybody has to know it. */
static bool knows_lead(const struct rounds *rounds) {
    return rounds->applied == 0 || rounds->last.step == rounds->applied;
}

static bool can_share(const struct rounds *rounds) {
    if (rounds->now_ns >= rounds->collect_end_ns || !knows_lead(rounds)) {
        return false;
    }
    for (size_t i = 0; i < rounds->options.sites; i++) {
        if (i != rounds->options.site && !rounds_is_heard(rounds, i)) {
            return false;
        }
    }
    return true;
}

static bool another_gathers(const struct rounds *rounds) {
    bool any = false;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct report *report = &rounds->peers[i].report;
        for (size_t k = 0; rounds->peers[i].has_reported && k < report->steps; k++) {
            any |= report->step[k].step == rounds->applied + 1 && report->step[k].is_gathered;
        }
    }
    return any;
}

void rounds_watch_exchange(struct rounds *rounds) {
    struct step_record *record = in_progress(rounds);
    uint32_t everybody = (UINT32_C(1) << rounds->options.sites) - 1;
    bool is_begun = rounds->training.asked != 0 && !record->is_decided;
    bool is_well = record->holdings.sums == everybody || can_share(rounds);
    if (!is_begun || !rounds_uses_shares(rounds, record) || (is_well && !another_gathers(rounds))) {
        return;
    }
    record->holdings.is_gathered = true;
    for (size_t peer = 0; peer < rounds->options.sites; peer++) {
        rounds_queue_own(rounds, peer);
    }
    rounds_broadcast_report(rounds);
}

/* Shares. */

static struct exchange_run run_of(const struct rounds *rounds, size_t owner, size_t fragment) {
    const struct exchange_shares shares = {.sites = rounds->options.sites,
                                           .lead = rounds->applied ? rounds->last.lead : SIZE_MAX,
                                           .lead_share = rounds->lead_share};
    return exchange_run_of(&shares, owner, rounds->place[fragment].elements);
}

/* NULL when there is no memory. */
static struct parcel *cut(const struct rounds *rounds, size_t owner, size_t fragment) {
    enum quantise_codec codec = rounds->options.codec;
    struct exchange_run run = run_of(rounds, owner, fragment);
    size_t bytes = (size_t)quantise_bytes(codec, run.elements);
    struct parcel *parcel =
        parcel_new(rounds->allocator, LINK_GRADIENT, MESSAGE_SHARE_HEAD_BYTES + bytes);
    if (!parcel) {
        return NULL;
    }
    const struct share_head head = {.step = rounds->applied + 1,
                                    .origin = (uint8_t)rounds->options.site,
                                    .incarnation = rounds->incarnation,
                                    .fragment = (uint8_t)fragment,
                                    .codec = (uint8_t)codec,
                                    .start = run.start,
                                    .elements = run.elements};
    struct bytes_writer writer = bytes_writer_over(parcel->data, parcel->bytes);
    message_put_share(&writer, &head);
    bytes_put(&writer,
              rounds->training.own[fragment]->data + MESSAGE_FRAGMENT_HEAD_BYTES +
                  quantise_bytes(codec, run.start),
              bytes);
    parcel->step = head.step;
    return parcel;
}

void rounds_queue_share(struct rounds *rounds, size_t peer, size_t fragment) {
    struct sums *sums = &in_progress(rounds)->sums;
    if (sums->shared[peer] >> fragment & 1) {
        return;
    }
    struct parcel *parcel = cut(rounds, peer, fragment);
    if (parcel && outbox_push(&rounds->peers[peer].outbox, parcel)) {
        sums->shared[peer] |= UINT64_C(1) << fragment;
    }
    parcel_drop(parcel);
}

/* Sums. */

static bool is_run(const struct rounds *rounds, size_t fragment, uint64_t start,
                   uint64_t elements) {
    uint64_t all = rounds->place[fragment].elements;
    return start % QUANTISE_BLOCK == 0 && start <= all && elements <= all - start;
}

/* The runs of all owners have to be all of each fragment: else somebody is wrong. */
static bool is_tiled(const struct rounds *rounds, const struct sums *sums) {
    size_t sites = rounds->options.sites;
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        uint64_t done = 0;
        for (size_t i = 0; i < sites; i++) {
            struct rounds_sum sum = rounds_sum_of(sums->sum[i][f], sites);
            if (sum.head.start != done) {
                return false;
            }
            done += sum.head.elements;
        }
        if (done != rounds->place[f].elements) {
            return false;
        }
    }
    return true;
}

struct rounds_sum rounds_sum_of(const struct parcel *parcel, size_t sites) {
    struct rounds_sum sum;
    struct bytes_reader reader = bytes_reader_over(parcel->data, parcel->bytes);
    message_head(&reader);
    (void)message_get_sum(&reader, &sum.head, sites);
    sum.values = reader.at;
    return sum;
}

static void keep_sum(struct rounds *rounds, struct step_record *record, const struct sum_head *head,
                     struct parcel *parcel) {
    size_t sites = rounds->options.sites;
    sums_put(&record->sums, head, parcel);
    uint32_t before = record->holdings.sums;
    contributions_note_sums(&rounds->contributions, record);
    if (__builtin_popcount(record->holdings.sums) == (int)sites &&
        !is_tiled(rounds, &record->sums)) {
        sums_forget(&record->sums);
        contributions_note_sums(&rounds->contributions, record);
    }
    if (record->holdings.sums != before) {
        rounds_broadcast_report(rounds);
    }
}

void rounds_queue_sums(struct rounds *rounds, struct step_record *record, size_t peer) {
    size_t site = rounds->options.site;
    uint64_t *served = &record->sums.served[peer][site];
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        struct parcel *parcel = record->sums.sum[site][f];
        if (parcel && !(*served >> f & 1) && outbox_push(&rounds->peers[peer].outbox, parcel)) {
            *served |= UINT64_C(1) << f;
        }
    }
}

/* False while shares of the run that is this site's to sum are missing. */
static bool collect(const struct rounds *rounds, const struct step_record *record,
                    struct sum_head *head, struct outer_sum *sum) {
    const struct exchange_run run = run_of(rounds, rounds->options.site, head->fragment);
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct parcel *parcel = record->sums.share[i][head->fragment];
        struct share_head share;
        if (!parcel) {
            return false;
        }
        struct bytes_reader reader = bytes_reader_over(parcel->data, parcel->bytes);
        message_head(&reader);
        if (!message_get_share(&reader, &share, rounds->options.sites) ||
            share.start != run.start || share.elements != run.elements) {
            return false;
        }
        head->incarnation[i] = share.incarnation;
        sum->coded[sum->count++] = reader.at;
    }
    head->start = run.start;
    head->elements = run.elements;
    return true;
}

static void add_up(struct rounds *rounds, struct step_record *record, size_t fragment) {
    struct outer_sum sum = {.count = 0};
    struct sum_head head = {.step = record->holdings.step,
                            .owner = (uint8_t)rounds->options.site,
                            .fragment = (uint8_t)fragment};
    if (record != in_progress(rounds) || record->is_decided || !rounds->training.own[fragment] ||
        !knows_lead(rounds) || !collect(rounds, record, &head, &sum) ||
        !sums_want(&record->sums, &head, rounds->options.sites)) {
        return;
    }
    size_t values = (size_t)head.elements;
    size_t bytes = (size_t)quantise_bytes(QUANTISE_FP32, values);
    size_t head_bytes = message_sum_head_bytes(rounds->options.sites);
    struct parcel *parcel = parcel_new(rounds->allocator, LINK_GRADIENT, head_bytes + bytes);
    if (!parcel) {
        return; /* the step falls back when its time is over */
    }
    struct bytes_writer writer = bytes_writer_over(parcel->data, parcel->bytes);
    message_put_sum(&writer, &head, rounds->options.sites);
    outer_add(rounds->options.codec, &sum, values, parcel->data + head_bytes);
    parcel->step = head.step;
    keep_sum(rounds, record, &head, parcel);
    parcel_drop(parcel);
    sums_drop_shares(&record->sums, fragment);
    for (size_t peer = 0; peer < rounds->options.sites; peer++) {
        if (rounds->peers[peer].is_up) {
            rounds_queue_sums(rounds, record, peer);
        }
    }
}

void rounds_share_with_itself(struct rounds *rounds, size_t fragment) {
    struct step_record *record = in_progress(rounds);
    size_t site = rounds->options.site;
    struct parcel *parcel = rounds_uses_shares(rounds, record) ? cut(rounds, site, fragment) : NULL;
    if (parcel) {
        const struct share_head head = {.origin = (uint8_t)site, .fragment = (uint8_t)fragment};
        sums_put_share(&record->sums, &head, parcel);
        parcel_drop(parcel);
        add_up(rounds, record, fragment);
    }
}

/* Receiving. */

static struct parcel *copy_of(const struct rounds *rounds, const void *data, size_t bytes,
                              uint64_t step) {
    struct parcel *parcel = parcel_new(rounds->allocator, LINK_GRADIENT, bytes);
    if (parcel) {
        memcpy(parcel->data, data, bytes);
        parcel->step = step;
    }
    return parcel;
}

enum satsync_status rounds_take_share(struct rounds *rounds, size_t peer, const void *data,
                                      size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct share_head head;
    message_head(&reader);
    if (rounds->is_witness || !message_get_share(&reader, &head, rounds->options.sites) ||
        head.origin != peer || head.fragment >= rounds->options.fragments ||
        head.codec != rounds->options.codec ||
        !is_run(rounds, head.fragment, head.start, head.elements) ||
        bytes_left(&reader) != quantise_bytes(rounds->options.codec, head.elements)) {
        return SATSYNC_PROTOCOL;
    }
    rounds->received_bytes += bytes;
    struct step_record *record = contributions_of(&rounds->contributions, head.step);
    if (!record) {
        rounds_pass_over(rounds, peer, head.step);
        return SATSYNC_OK;
    }
    if (record->is_decided || (record->sums.have[rounds->options.site] >> head.fragment & 1)) {
        return SATSYNC_OK;
    }
    if (!quantise_is_sane(rounds->options.codec, reader.at, (size_t)head.elements,
                          2 * rounds->options.max_difference)) {
        rounds_refuse(rounds, head.step, head.fragment, peer);
        return SATSYNC_OK;
    }
    struct parcel *parcel = copy_of(rounds, data, bytes, head.step);
    if (!parcel) {
        return SATSYNC_NO_MEMORY;
    }
    sums_put_share(&record->sums, &head, parcel);
    parcel_drop(parcel);
    add_up(rounds, record, head.fragment);
    return SATSYNC_OK;
}

/* From others than their owner only those that a decision keeps. */
static bool wants_sum(const struct rounds *rounds, size_t peer, const struct step_record *record,
                      const struct sum_head *head) {
    size_t sites = rounds->options.sites;
    bool is_kept =
        record->is_decided && record->decision.by_sums &&
        sums_name(record->decision.incarnation, sites) == sums_name(head->incarnation, sites);
    bool may_come = is_kept || (!record->is_decided && head->owner == peer);
    return may_come && sums_want(&record->sums, head, sites);
}

enum satsync_status rounds_take_sum(struct rounds *rounds, size_t peer, const void *data,
                                    size_t bytes) {
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct sum_head head;
    size_t sites = rounds->options.sites;
    message_head(&reader);
    if (rounds->is_witness || !message_get_sum(&reader, &head, sites) ||
        head.fragment >= rounds->options.fragments ||
        !is_run(rounds, head.fragment, head.start, head.elements) ||
        bytes_left(&reader) != quantise_bytes(QUANTISE_FP32, head.elements)) {
        return SATSYNC_PROTOCOL;
    }
    rounds->received_bytes += bytes;
    struct step_record *record = contributions_of(&rounds->contributions, head.step);
    if (!record || !wants_sum(rounds, peer, record, &head)) {
        if (!record && head.owner == peer) {
            rounds_pass_over(rounds, peer, head.step);
        }
        return SATSYNC_OK;
    }
    if (!quantise_is_sane(QUANTISE_FP32, reader.at, (size_t)head.elements,
                          2 * (float)sites * rounds->options.max_difference)) {
        rounds_refuse(rounds, head.step, head.fragment, head.owner);
        return SATSYNC_OK;
    }
    struct parcel *parcel = copy_of(rounds, data, bytes, head.step);
    if (!parcel) {
        return SATSYNC_NO_MEMORY;
    }
    keep_sum(rounds, record, &head, parcel);
    parcel_drop(parcel);
    return SATSYNC_OK;
}

/* Of a step that is not decided yet, the sites from which something is still to come. */
uint32_t rounds_awaited(const struct rounds *rounds, const struct step_record *record) {
    uint32_t everybody = (UINT32_C(1) << rounds->options.sites) - 1, awaited = 0;
    if (record->is_decided) {
        return contributions_missing(&rounds->contributions, record);
    }
    if (!rounds_uses_shares(rounds, record)) {
        return everybody & ~contributions_whole(&rounds->contributions, record);
    }
    uint64_t summed = record->sums.have[rounds->options.site];
    for (size_t i = 0; i < rounds->options.sites; i++) {
        for (size_t f = 0; f < rounds->options.fragments; f++) {
            bool is_here = (summed >> f & 1) || record->sums.share[i][f];
            awaited |= is_here ? 0 : UINT32_C(1) << i;
        }
    }
    return awaited;
}
