#include "base/timers.h"
#include "rounds/choice.h"
#include "rounds/rounds_state.h"

#include <string.h>

enum {
    REPORTS_MISSED = 4, /* in a row, until a peer counts as silent */
    MISSES_IN_A_ROW = 3,
    MISSES_UNTIL = 8
};

/* Decisions. */

/* At the site that proposed it: who was expected, and is not in. */
static void count_misses(struct rounds *rounds, const struct decision *decision) {
    for (size_t i = 0; i < rounds->options.sites; i++) {
        bool was_expected = rounds->proposed_step == decision->step && (rounds->expected >> i & 1);
        if (decision->sites >> i & 1) {
            rounds->misses[i] = 0;
        } else if (was_expected || rounds->misses[i] > 0) {
            rounds->misses[i]++;
        }
    }
}

void rounds_take_decision(struct rounds *rounds, const struct decision *decision) {
    bool is_void =
        decision->sites == 0 && decision->step == rounds->decided && rounds->last.sites != 0;
    if (decision->step <= rounds->decided && !is_void) {
        return;
    }
    if (decision->sites != 0) {
        count_misses(rounds, decision);
    }
    rounds->decided = decision->step;
    rounds->last = *decision;
    rounds->collect_end_ns = rounds->void_ns = TIME_NEVER;
    if (decision->step == rounds->applied + 1) {
        rounds_begin_asking(rounds);
    }
    contributions_decide(&rounds->contributions, decision);
    rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_DECIDED,
                                               .step = decision->step,
                                               .sites = decision->sites});
    if (agreement_leader(rounds->agreement) == rounds->options.site) {
        rounds_broadcast_decision(rounds, decision);
    }
}

/* In the order of the agreement: a step's decision, that it is void after all, the next step's. */
static uint64_t number_of(const struct decision *decision) {
    return 2 * decision->step + (decision->sites == 0);
}

static void drain_agreement(struct rounds *rounds) {
    struct agreement_decision agreed;
    while (agreement_decision(rounds->agreement, &agreed)) {
        struct decision decision;
        struct bytes_reader reader = bytes_reader_over(agreed.data, agreed.bytes);
        if (message_get_decision(&reader, &decision, rounds->options.sites) &&
            number_of(&decision) == agreed.step) {
            rounds_take_decision(rounds, &decision);
        }
    }
    rounds_queue_agreement(rounds);
}

bool rounds_is_heard(const struct rounds *rounds, size_t site) {
    const struct peer *peer = &rounds->peers[site];
    return peer->is_up && peer->has_reported &&
           rounds->now_ns - peer->reported_ns <= REPORTS_MISSED * rounds->options.repeat_ns;
}

/* What a site is known to have of a step; NULL when that is not known. */
static const struct holdings *holdings_of(struct rounds *rounds, size_t site, uint64_t step) {
    if (site == rounds->options.site) {
        const struct step_record *record = contributions_of(&rounds->contributions, step);
        return record ? &record->holdings : NULL;
    }
    const struct report *report = &rounds->peers[site].report;
    for (size_t i = 0; rounds_is_heard(rounds, site) && i < report->steps; i++) {
        if (report->step[i].step == step) {
            return &report->step[i];
        }
    }
    return NULL;
}

/* The time to collect begins when the first site has given all of its contribution. */
static void start_collecting(struct rounds *rounds) {
    for (size_t i = 0; i < rounds->options.sites && rounds->collect_end_ns == TIME_NEVER; i++) {
        const struct holdings *holdings = holdings_of(rounds, i, rounds->decided + 1);
        if (holdings && holdings->fragments[i] == rounds_all_fragments(rounds)) {
            rounds->collect_end_ns = rounds->now_ns + rounds->options.collect_ns;
        }
    }
}

/* Who follows, and has applied all that is decided or can soon, for the others still hold what it
 * takes, can contribute to the next step. */
static uint32_t following(const struct rounds *rounds) {
    uint32_t sites = 0;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        uint64_t applied = rounds->peers[i].report.applied;
        bool follows =
            i == rounds->options.site
                ? rounds->applied + CONTRIBUTIONS_KEPT >= rounds->decided
                : rounds_is_heard(rounds, i) && applied + CONTRIBUTIONS_KEPT >= rounds->decided;
        sites |= follows ? UINT32_C(1) << i : 0;
    }
    return sites;
}

/* The members of the last step, and who has come (back) since. One that never makes it in time does
 * not hold up every step: after some misses it is waited for now and then only. */
static uint32_t expected(struct rounds *rounds) {
    if (rounds->decided == 0) {
        return (UINT32_C(1) << rounds->options.sites) - 1;
    }
    uint32_t sites = rounds->last.sites, followers = following(rounds);
    for (size_t i = 0; i < rounds->options.sites; i++) {
        if (!(followers >> i & 1)) {
            rounds->misses[i] = 0;
        } else if (rounds->misses[i] < MISSES_IN_A_ROW || rounds->misses[i] % MISSES_UNTIL == 0) {
            sites |= UINT32_C(1) << i;
        }
    }
    return sites;
}

static void fill_choice(struct rounds *rounds, struct choice *choice) {
    size_t sites = rounds->options.sites;
    *choice = (struct choice){.sites = sites,
                              .voters = rounds->voters,
                              .expected = expected(rounds),
                              .all = rounds_all_fragments(rounds)};
    if (rounds->voters == sites) {
        choice->vouched = UINT32_C(1) << rounds->options.site;
    }
    const struct step_record *record =
        contributions_of(&rounds->contributions, rounds->decided + 1);
    if (record) {
        memcpy(choice->summed, record->sums.incarnation, sizeof choice->summed);
    }
    for (size_t i = 0; i < sites; i++) {
        const struct holdings *holdings = holdings_of(rounds, i, rounds->decided + 1);
        if (holdings) {
            choice->holdings[i] = *holdings;
            choice->reporting |= UINT32_C(1) << i;
        }
    }
}

static bool hand_in(struct rounds *rounds, const struct decision *decision) {
    struct agreement_decision proposal = {.step = number_of(decision)};
    struct bytes_writer writer = bytes_writer_over(proposal.data, sizeof proposal.data);
    message_put_decision(&writer, decision, rounds->options.sites);
    proposal.bytes = bytes_written(&writer);
    return agreement_propose(rounds->agreement, rounds->now_ns, &proposal) == SATSYNC_OK;
}

static void propose(struct rounds *rounds) {
    uint64_t step = rounds->decided + 1, term = agreement_term(rounds->agreement);
    if (agreement_leader(rounds->agreement) != rounds->options.site ||
        (rounds->proposed_step == step && rounds->proposed_term == term)) {
        return;
    }
    struct choice choice;
    struct decision decision = {.step = step, .lead = (uint8_t)rounds->options.site};
    fill_choice(rounds, &choice);
    if (!choose(&choice, rounds->now_ns >= rounds->collect_end_ns, &decision)) {
        return;
    }
    if (hand_in(rounds, &decision)) {
        rounds->proposed_step = step;
        rounds->expected = choice.expected;
        rounds->proposed_term = term;
    }
}

/* What is known to be left of the decided step: members whose contribution somebody has, owners
 * whose sums. */
struct remains {
    uint32_t contributions;
    uint32_t sums;
};

static void add_remains(const struct rounds *rounds, const struct holdings *holdings,
                        struct remains *remains) {
    const struct decision *decision = &rounds->last;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        bool has_it = holdings->fragments[i] == rounds_all_fragments(rounds) &&
                      holdings->incarnation[i] == decision->incarnation[i];
        remains->contributions |= has_it ? UINT32_C(1) << i : 0;
    }
    if (decision->by_sums &&
        holdings->sums_of == sums_name(decision->incarnation, rounds->options.sites)) {
        remains->sums |= holdings->sums;
    }
}

/* More sites than may be lost have been, and with them a contribution of the decided step, and
 * sums: all are here, none has applied it, none has those. */
static bool is_lost(struct rounds *rounds) {
    struct remains remains = {0};
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct holdings *holdings = holdings_of(rounds, i, rounds->decided);
        bool is_self = i == rounds->options.site;
        uint64_t applied = is_self ? rounds->applied : rounds->peers[i].report.applied;
        if (!holdings || applied >= rounds->decided) {
            return false;
        }
        add_remains(rounds, holdings, &remains);
    }
    return (rounds->last.sites & ~remains.contributions) != 0 &&
           (rounds->last.sites & ~remains.sums) != 0;
}

static void propose_void(struct rounds *rounds) {
    if (agreement_leader(rounds->agreement) != rounds->options.site || rounds->decided == 0 ||
        !is_lost(rounds)) {
        rounds->void_ns = TIME_NEVER;
        return;
    }
    if (rounds->void_ns == TIME_NEVER) {
        rounds->void_ns = rounds->now_ns + rounds->options.deadline_ns;
    }
    struct decision decision = {.step = rounds->decided, .lead = (uint8_t)rounds->options.site};
    if (rounds->now_ns >= rounds->void_ns && hand_in(rounds, &decision)) {
        rounds->void_ns = rounds->now_ns + rounds->options.deadline_ns;
    }
}

/* Following. */

static bool is_due(const struct rounds *rounds) {
    const struct training *training = &rounds->training;
    return training->given != rounds_all_fragments(rounds) ||
           training->inner_step >= training->given_inner + rounds->options.overlap_steps;
}

static void make_ready(struct rounds *rounds) {
    const struct step_record *record =
        contributions_of(&rounds->contributions, rounds->applied + 1);
    if (rounds->is_pinned || rounds->training.is_ready || !record || !record->is_decided ||
        !is_due(rounds) || contributions_missing(&rounds->contributions, record) != 0 ||
        rounds->right_site != SIZE_MAX) {
        return;
    }
    rounds_compute(rounds, record);
    rounds->training.is_ready = true;
    rounds->training.merged = 0;
    rounds->fetch_ns = TIME_NEVER;
    rounds_tell(rounds,
                &(struct rounds_event){.kind = ROUNDS_EVENT_READY, .step = rounds->applied + 1});
}

uint64_t rounds_late_ns(const struct rounds *rounds) {
    const struct training *training = &rounds->training;
    bool waits = training->given == rounds_all_fragments(rounds) && !training->is_ready &&
                 !training->is_late && !rounds->is_witness;
    return waits ? training->given_ns + rounds->options.deadline_ns : TIME_NEVER;
}

static void tell_late(struct rounds *rounds) {
    const struct step_record *record =
        contributions_of(&rounds->contributions, rounds->applied + 1);
    if (rounds->now_ns < rounds_late_ns(rounds)) {
        return;
    }
    rounds->training.is_late = true;
    rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_LATE,
                                               .step = rounds->applied + 1,
                                               .sites = rounds_awaited(rounds, record),
                                               .status = SATSYNC_TIMED_OUT});
}

/* The fragments' turns come one after another between two outer steps; none while the step that
 * they would be for is decided without them, or this site has to fetch. */
static void ask_for_fragments(struct rounds *rounds) {
    struct training *training = &rounds->training;
    size_t fragments = rounds->options.fragments;
    if (training->is_ready || rounds->decided > rounds->applied || rounds->fetch_ns != TIME_NEVER) {
        return;
    }
    for (size_t f = 0; f < fragments; f++) {
        uint64_t share = (rounds->options.inner_steps * (f + 1) + fragments - 1) / fragments;
        uint64_t turn = training->start_inner + share;
        if (!(training->asked >> f & 1) && training->inner_step >= turn) {
            training->asked |= UINT64_C(1) << f;
            rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_GIVE,
                                                       .step = rounds->applied + 1,
                                                       .fragment = f});
        }
    }
}

void rounds_compare(struct rounds *rounds, uint64_t step) {
    size_t right, sites = rounds->options.sites;
    uint32_t awaited = rounds_present(rounds) & ((UINT32_C(1) << sites) - 1);
    uint32_t differing = divergence_judge(&rounds->divergence, step, awaited, sites, &right);
    for (size_t i = 0; i < sites; i++) {
        if (differing >> i & 1) {
            rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_DIVERGED,
                                                       .step = step,
                                                       .peer = i,
                                                       .status = SATSYNC_CORRUPT});
            if (i == rounds->options.site) {
                rounds->right_site = right;
            }
        }
    }
}

void rounds_advance(struct rounds *rounds) {
    drain_agreement(rounds);
    start_collecting(rounds);
    propose(rounds);
    propose_void(rounds);
    drain_agreement(rounds);
    if (agreement_status(rounds->agreement) != SATSYNC_OK && !rounds->has_failed) {
        rounds->has_failed = true;
        rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_FAILED,
                                                   .status = agreement_status(rounds->agreement)});
    }
    if (!rounds->is_witness) {
        make_ready(rounds);
        rounds_watch_exchange(rounds);
        rounds_complete_step(rounds);
        rounds_fetch(rounds);
        tell_late(rounds);
        ask_for_fragments(rounds);
    }
}
