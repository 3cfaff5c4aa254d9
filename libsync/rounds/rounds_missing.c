/* What this site lacks of a decided step, and its way here: it is on its way, or asked for, or the
 * agreed state of another site is fetched in its place. */
#include "base/timers.h"
#include "rounds/rounds_state.h"

#include <string.h>

void rounds_begin_asking(struct rounds *rounds) {
    rounds->need_ns = rounds->now_ns + rounds->options.deadline_ns;
    rounds->need_tries = 0;
    for (size_t i = 0; i < ROUNDS_SITES_MAX; i++) {
        rounds->asked_of[i] = SIZE_MAX;
    }
}

/* A contribution that is missing here, or the sums of an owner. */
struct gap {
    const struct step_record *record;
    size_t origin;
    uint64_t incarnation; /* of sums: sums_name */
    bool is_of_sums;
    bool was_passed_over;
};

/* Whoever was asked sends what it has not sent in this session yet, and what a session has taken
 * arrives while the session lives. */
static bool is_coming(const struct rounds *rounds, size_t origin) {
    size_t asked = rounds->asked_of[origin];
    return asked != SIZE_MAX && rounds_is_heard(rounds, asked);
}

static bool holds(const struct rounds *rounds, size_t peer, const struct gap *gap) {
    const struct report *report = &rounds->peers[peer].report;
    uint64_t step = gap->record->holdings.step;
    if (report->applied >= step) {
        return report->applied - step < CONTRIBUTIONS_KEPT;
    }
    for (size_t i = 0; i < report->steps; i++) {
        const struct holdings *holdings = &report->step[i];
        bool has_it =
            gap->is_of_sums
                ? holdings->sums_of == gap->incarnation && (holdings->sums >> gap->origin & 1)
                : holdings->incarnation[gap->origin] == gap->incarnation &&
                      holdings->fragments[gap->origin] == rounds_all_fragments(rounds);
        if (holdings->step == step && has_it) {
            return true;
        }
    }
    uint64_t made_it =
        gap->is_of_sums ? gap->record->decision.incarnation[gap->origin] : gap->incarnation;
    return peer == gap->origin && report->incarnation == made_it;
}

/* Of the peers that have it and are heard, in turn: its origin first, for it knows what is under
 * way already. */
static void ask(struct rounds *rounds, const struct gap *gap) {
    size_t sites = rounds->options.sites, origin = gap->origin;
    for (size_t k = 0; k < sites; k++) {
        size_t peer = (origin + (size_t)rounds->need_tries + k) % sites;
        if (peer == rounds->options.site || !rounds_is_heard(rounds, peer) ||
            !holds(rounds, peer, gap)) {
            continue;
        }
        uint64_t have = gap->is_of_sums ? gap->record->sums.have[origin]
                                        : gap->record->holdings.fragments[origin];
        const struct need need = {.step = gap->record->holdings.step,
                                  .origin = (uint8_t)origin,
                                  .incarnation = gap->incarnation,
                                  .fragments = rounds_all_fragments(rounds) & ~have,
                                  .sums = gap->is_of_sums,
                                  .again = peer == origin && gap->was_passed_over};
        rounds_ask(rounds, peer, &need);
        rounds->asked_of[origin] = peer;
        return;
    }
}

/* Of a decided step all that it holds; before, what came too early to be kept. */
static uint32_t wanted(const struct rounds *rounds, const struct step_record *record) {
    if (record->is_decided) {
        return contributions_missing(&rounds->contributions, record);
    }
    uint32_t sites = 0;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        sites |= rounds->passed_over[i] >= record->holdings.step ? UINT32_C(1) << i : 0;
    }
    return sites & ~contributions_whole(&rounds->contributions, record);
}

static struct gap gap_of(const struct rounds *rounds, const struct step_record *record,
                         size_t origin) {
    const struct decision *decision = &record->decision;
    struct gap gap = {.record = record,
                      .origin = origin,
                      .incarnation = record->is_decided ? decision->incarnation[origin]
                                                        : rounds->peers[origin].report.incarnation,
                      .was_passed_over = rounds->passed_over[origin] >= record->holdings.step};
    if (record->is_decided && decision->by_sums) {
        gap.is_of_sums = true;
        gap.incarnation = sums_name(decision->incarnation, rounds->options.sites);
    }
    return gap;
}

void rounds_complete_step(struct rounds *rounds) {
    const struct step_record *record =
        contributions_of(&rounds->contributions, rounds->applied + 1);
    if (!record || rounds->training.is_ready) {
        return;
    }
    bool is_overdue = rounds->now_ns >= rounds->need_ns;
    uint32_t sites = wanted(rounds, record);
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct gap gap = gap_of(rounds, record, i);
        if ((sites >> i & 1) && (is_overdue || !is_coming(rounds, i))) {
            ask(rounds, &gap);
        }
    }
    if (is_overdue) {
        rounds->need_tries += record->is_decided;
        rounds->need_ns =
            rounds->now_ns + (rounds->options.deadline_ns - rounds->options.collect_ns) / 2;
    }
}

void rounds_forget_asked(struct rounds *rounds, size_t peer) {
    for (size_t i = 0; i < ROUNDS_SITES_MAX; i++) {
        if (rounds->asked_of[i] == peer) {
            rounds->asked_of[i] = SIZE_MAX;
        }
    }
}

/* A peer that is up and has applied the most, at least `least` steps; SIZE_MAX when there is none.
 */
static size_t furthest_peer(const struct rounds *rounds, uint64_t least) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct peer *peer = &rounds->peers[i];
        if (i != rounds->options.site && peer->is_up && peer->has_reported &&
            peer->report.applied >= least) {
            best = i;
            least = peer->report.applied + 1;
        }
    }
    return best;
}

/* Whether what this site lacks cannot be had any more but as a whole state. */
static bool must_fetch(struct rounds *rounds) {
    uint64_t want = rounds->applied + 1;
    const struct step_record *record = contributions_of(&rounds->contributions, want);
    if (rounds->right_site != SIZE_MAX) {
        return true;
    }
    if (rounds->training.is_ready ||
        (record->is_decided && contributions_missing(&rounds->contributions, record) == 0)) {
        return false;
    }
    bool is_gap = rounds->decided > want && !record->is_decided;
    bool is_forgotten = furthest_peer(rounds, want + CONTRIBUTIONS_KEPT) != SIZE_MAX;
    bool was_asked = record->is_decided && rounds->need_tries > 2 * rounds->options.sites;
    return is_gap || is_forgotten || (was_asked && furthest_peer(rounds, want) != SIZE_MAX);
}

/* With a pause before the first word: what is missing may be on its way behind the reports. */
void rounds_fetch(struct rounds *rounds) {
    if (!must_fetch(rounds)) {
        rounds->fetch_ns = TIME_NEVER;
        return;
    }
    if (rounds->fetch_ns == TIME_NEVER) {
        rounds->fetch_ns = rounds->now_ns + rounds->options.repeat_ns;
    }
    if (rounds->now_ns < rounds->fetch_ns) {
        return;
    }
    size_t peer = rounds->right_site != SIZE_MAX ? rounds->right_site
                                                 : furthest_peer(rounds, rounds->applied + 1);
    rounds->fetch_ns = rounds->now_ns + rounds->options.repeat_ns;
    if (peer != SIZE_MAX && rounds->peers[peer].is_up) {
        rounds->fetch_ns = rounds->now_ns + rounds->options.deadline_ns;
        rounds_tell(rounds, &(struct rounds_event){.kind = ROUNDS_EVENT_FETCH,
                                                   .step = rounds->peers[peer].report.applied,
                                                   .peer = peer});
    }
}
