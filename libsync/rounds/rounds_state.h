/*
 * struct rounds, for the files that each hold one of its concerns:
 *   rounds.c           its life, events and timers
 *   rounds_exchange.c  what peers send and are sent
 *   rounds_sums.c      shares and sums, where those are exchanged
 *   rounds_progress.c  what is to be proposed, is ready, is late, is asked of the trainer
 *   rounds_missing.c   what is missing of a decided step, has to be fetched
 *   rounds_train.c     giving, applying, saving and adopting state
 */
#ifndef ROUNDS_ROUNDS_STATE_H
#define ROUNDS_ROUNDS_STATE_H

#include "base/ring.h"
#include "rounds/agreement.h"
#include "rounds/contributions.h"
#include "rounds/divergence.h"
#include "rounds/outer.h"

struct peer {
    bool is_up;
    bool has_reported; /* in this session */
    uint64_t reported_ns;
    struct report report; /* the newest */
    struct outbox outbox;
};

struct fragment_place {
    uint64_t start; /* index of its first element in the model */
    size_t elements;
    size_t coded_bytes;
};

/* The step that this site trains for: applied + 1. */
struct training {
    uint64_t inner_step;
    uint64_t start_inner; /* inner step from which the fragments' turns are counted */
    uint64_t given_inner; /* inner step at which the last fragment was given */
    uint64_t given_ns;    /* and when */
    uint64_t asked;       /* fragments that GIVE named */
    uint64_t given;
    struct parcel *own[ROUNDS_FRAGMENTS_MAX]; /* what was given, also when it is not counted */
    bool is_late;                             /* LATE was told */
    bool is_ready;                            /* READY was told; `merged` counts up */
    bool is_adopted; /* of what is ready: parameters become the agreed ones */
    uint64_t merged;
};

struct rounds {
    const struct allocator *allocator;
    struct rounds_options options; /* defaults filled in; what was borrowed is NULL */
    size_t voters;
    bool is_witness;
    uint64_t configuration;
    double lead_share;    /* exchange_lead_share */
    uint64_t incarnation; /* a new one with each state adopted: a step may be given again then */
    uint64_t now_ns;

    struct fragment_place place[ROUNDS_FRAGMENTS_MAX];
    uint64_t elements;
    float *agreed; /* [elements], as all below */
    float *momentum;
    float *error;    /* carried into the next contribution */
    float *snapshot; /* this site's parameters as they were given */
    uint8_t hash[ROUNDS_HASH_BYTES];
    uint8_t position[64]; /* the blob of rounds_blobs */

    struct agreement *agreement;
    struct contributions contributions;
    struct divergence divergence;
    struct peer peers[ROUNDS_SITES_MAX];
    struct lent_parcels lent;
    struct ring events;

    uint64_t applied;
    uint64_t decided;
    struct decision last; /* decision of `decided`, when known */
    struct training training;

    uint64_t collect_end_ns; /* of step decided + 1; TIME_NEVER until somebody has given */
    uint64_t proposed_step;  /* in `proposed_term` */
    uint64_t proposed_term;
    uint32_t expected;                 /* sites waited for in that proposal */
    uint32_t misses[ROUNDS_SITES_MAX]; /* steps in a row that a follower was waited for in vain */
    uint64_t report_ns;                /* when the next report is due */
    uint64_t void_ns; /* when to propose that the decided step is void; TIME_NEVER: no cause */
    uint64_t need_ns; /* when to ask again for what is missing of step applied + 1 */
    uint64_t need_tries;
    uint64_t
        passed_over[ROUNDS_SITES_MAX]; /* by origin: newest step that came too early to be kept */
    size_t asked_of[ROUNDS_SITES_MAX]; /* by origin: the peer that was asked, SIZE_MAX none */
    uint64_t fetch_ns;                 /* when to say FETCH; TIME_NEVER while there is no cause */
    size_t right_site; /* that has the right bits, while this one has not; else SIZE_MAX */
    bool has_failed;   /* FAILED was told */
    bool is_pinned;    /* the agreed state is being looked at */

    uint64_t sent_bytes;
    uint64_t received_bytes;
    uint64_t summed;
};

/* rounds.c */
void rounds_tell(struct rounds *rounds, const struct rounds_event *event);
uint32_t
rounds_present(const struct rounds *rounds); /* sites up, a witness and this one included */
uint64_t rounds_all_fragments(const struct rounds *rounds);

/* rounds_exchange.c */
void rounds_broadcast_report(struct rounds *rounds);
void rounds_broadcast_decision(struct rounds *rounds, const struct decision *decision);
void rounds_queue_agreement(struct rounds *rounds);
void rounds_forget_sent(struct rounds *rounds, size_t peer);
void rounds_queue_own(struct rounds *rounds, size_t peer);
void rounds_ask(struct rounds *rounds, size_t peer, const struct need *need);

void rounds_pass_over(struct rounds *rounds, size_t peer, uint64_t step);
void rounds_refuse(struct rounds *rounds, uint64_t step, size_t fragment, size_t peer);

/* rounds_sums.c */
bool rounds_uses_shares(const struct rounds *rounds, const struct step_record *record);
void rounds_watch_exchange(struct rounds *rounds);
void rounds_queue_share(struct rounds *rounds, size_t peer, size_t fragment);
void rounds_queue_sums(struct rounds *rounds, struct step_record *record, size_t peer);
void rounds_share_with_itself(struct rounds *rounds, size_t fragment);
enum satsync_status rounds_take_share(struct rounds *rounds, size_t peer, const void *data,
                                      size_t bytes);
enum satsync_status rounds_take_sum(struct rounds *rounds, size_t peer, const void *data,
                                    size_t bytes);
uint32_t rounds_awaited(const struct rounds *rounds, const struct step_record *record);
/* A sum that was kept: what it is of, and its values, borrowed. */
struct rounds_sum {
    struct sum_head head;
    const uint8_t *values;
};
struct rounds_sum rounds_sum_of(const struct parcel *parcel, size_t sites);

/* rounds_progress.c: everything that follows from what has changed. */
void rounds_advance(struct rounds *rounds);
void rounds_take_decision(struct rounds *rounds, const struct decision *decision);
void rounds_compare(struct rounds *rounds, uint64_t step);
/* What a peer said counts while it goes on saying it. */
bool rounds_is_heard(const struct rounds *rounds, size_t site);
uint64_t rounds_late_ns(const struct rounds *rounds);

/* rounds_missing.c */
void rounds_begin_asking(struct rounds *rounds);
void rounds_forget_asked(struct rounds *rounds, size_t peer);
void rounds_complete_step(struct rounds *rounds);
void rounds_fetch(struct rounds *rounds);

/* rounds_train.c */
void rounds_compute(struct rounds *rounds, const struct step_record *record);
void rounds_rehash(struct rounds *rounds);
void rounds_forget_given(struct rounds *rounds);

#endif
