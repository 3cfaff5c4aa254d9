#include "rounds/contributions.h"

#include <assert.h>
#include <string.h>

void contributions_init(struct contributions *contributions, size_t sites, size_t fragments) {
    memset(contributions, 0, sizeof *contributions);
    contributions->sites = sites;
    contributions->all = fragments == 64 ? UINT64_MAX : (UINT64_C(1) << fragments) - 1;
    contributions->first = 1;
}

static void forget_site(struct step_record *record, size_t site) {
    for (size_t f = 0; f < ROUNDS_FRAGMENTS_MAX; f++) {
        parcel_drop(record->parcel[site][f]);
        record->parcel[site][f] = NULL;
    }
    for (size_t peer = 0; peer < ROUNDS_SITES_MAX; peer++) {
        record->served[peer][site] = 0;
    }
    record->holdings.incarnation[site] = 0;
    record->holdings.fragments[site] = 0;
}

static void forget(struct step_record *record) {
    for (size_t site = 0; site < ROUNDS_SITES_MAX; site++) {
        forget_site(record, site);
    }
    sums_forget(&record->sums);
    memset(record, 0, sizeof *record);
}

void contributions_fini(struct contributions *contributions) {
    for (size_t i = 0; i < CONTRIBUTIONS_STEPS; i++) {
        forget(&contributions->record[i]);
    }
}

void contributions_advance(struct contributions *contributions, uint64_t applied) {
    uint64_t first = applied >= CONTRIBUTIONS_KEPT ? applied - CONTRIBUTIONS_KEPT + 1 : 1;
    contributions->first = first > contributions->first ? first : contributions->first;
    for (size_t i = 0; i < CONTRIBUTIONS_STEPS; i++) {
        struct step_record *record = &contributions->record[i];
        if (record->holdings.step != 0 && record->holdings.step < contributions->first) {
            forget(record);
        }
    }
}

struct step_record *contributions_of(struct contributions *contributions, uint64_t step) {
    if (step < contributions->first || step - contributions->first >= CONTRIBUTIONS_STEPS) {
        return NULL;
    }
    struct step_record *record = &contributions->record[step % CONTRIBUTIONS_STEPS];
    record->holdings.step = step;
    return record;
}

static bool is_of_use(const struct contributions *contributions, const struct step_record *record,
                      const struct fragment_head *head) {
    size_t site = head->origin;
    uint64_t known = record->holdings.incarnation[site];
    if (record->is_decided) {
        return record->decision.incarnation[site] == head->incarnation;
    }
    bool is_whole = record->holdings.fragments[site] == contributions->all;
    return known <= head->incarnation && (known == head->incarnation || !is_whole);
}

static uint64_t bit_of(const struct fragment_head *head) {
    return UINT64_C(1) << head->fragment;
}

bool contributions_want(struct contributions *contributions, const struct fragment_head *head) {
    const struct step_record *record = contributions_of(contributions, head->step);
    if (!record || !(bit_of(head) & contributions->all) ||
        !is_of_use(contributions, record, head)) {
        return false;
    }
    return record->holdings.incarnation[head->origin] != head->incarnation ||
           !(record->holdings.fragments[head->origin] & bit_of(head));
}

void contributions_put(struct contributions *contributions, const struct fragment_head *head,
                       struct parcel *parcel) {
    struct step_record *record = contributions_of(contributions, head->step);
    assert(contributions_want(contributions, head));
    if (record->holdings.incarnation[head->origin] != head->incarnation) {
        forget_site(record, head->origin);
        record->holdings.incarnation[head->origin] = head->incarnation;
    }
    record->holdings.fragments[head->origin] |= bit_of(head);
    record->parcel[head->origin][head->fragment] = parcel_share(parcel);
}

void contributions_note_sums(const struct contributions *contributions,
                             struct step_record *record) {
    record->holdings.sums = sums_whole(&record->sums, contributions->sites, contributions->all);
    record->holdings.sums_of = sums_name(record->sums.incarnation, contributions->sites);
}

void contributions_decide(struct contributions *contributions, const struct decision *decision) {
    struct step_record *record = contributions_of(contributions, decision->step);
    if (!record || (record->is_decided && decision->sites != 0)) {
        return;
    }
    record->is_decided = true;
    record->decision = *decision;
    if (!decision->by_sums || sums_name(record->sums.incarnation, contributions->sites) !=
                                  sums_name(decision->incarnation, contributions->sites)) {
        sums_forget(&record->sums);
        contributions_note_sums(contributions, record);
    }
    for (size_t i = 0; i < contributions->sites; i++) {
        if ((decision->sites >> i & 1) &&
            record->holdings.incarnation[i] != decision->incarnation[i]) {
            forget_site(record, i);
        }
    }
}

uint32_t contributions_whole(const struct contributions *contributions,
                             const struct step_record *record) {
    uint32_t whole = 0;
    for (size_t i = 0; i < contributions->sites; i++) {
        if (record->holdings.fragments[i] == contributions->all) {
            whole |= UINT32_C(1) << i;
        }
    }
    return whole;
}

uint32_t contributions_missing(const struct contributions *contributions,
                               const struct step_record *record) {
    uint32_t missing = record->decision.sites & ~contributions_whole(contributions, record);
    if (missing == 0 || !record->decision.by_sums) {
        return missing;
    }
    return record->decision.sites &
           ~sums_whole(&record->sums, contributions->sites, contributions->all);
}

bool contributions_are_summed(const struct contributions *contributions,
                              const struct step_record *record) {
    return record->decision.by_sums &&
           (record->decision.sites & ~contributions_whole(contributions, record)) != 0;
}
