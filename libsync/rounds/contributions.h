/*
 * The contributions that a site has, its own and the others', to the few outer steps that matter:
 * the last applied ones, which a peer may still ask for, and those in progress. Owner thread.
 */
#ifndef ROUNDS_CONTRIBUTIONS_H
#define ROUNDS_CONTRIBUTIONS_H

#include "rounds/message.h"
#include "rounds/sums.h"

enum { CONTRIBUTIONS_STEPS = 8, CONTRIBUTIONS_KEPT = 2 /* of them applied */ };

struct step_record {
    struct holdings holdings; /* its step is 0 while the record is unused */
    struct parcel *parcel[ROUNDS_SITES_MAX][ROUNDS_FRAGMENTS_MAX];
    uint64_t sent[ROUNDS_SITES_MAX]; /* by peer: own fragments queued for it in this session */
    /* By peer and origin: fragments queued for it in this session because it asked. */
    uint64_t served[ROUNDS_SITES_MAX][ROUNDS_SITES_MAX];
    struct sums sums;
    bool is_decided;
    struct decision decision;
};

struct contributions {
    size_t sites;
    uint64_t all;   /* fragments of a whole contribution */
    uint64_t first; /* step of the oldest record that may be kept */
    struct step_record record[CONTRIBUTIONS_STEPS];
};

void contributions_init(struct contributions *contributions, size_t sites, size_t fragments);
void contributions_fini(struct contributions *contributions);

/* `applied` is the newest step applied: forgets what nobody may ask for any more. */
void contributions_advance(struct contributions *contributions, uint64_t applied);

/* The record of a step; NULL when the step is too old, or too far ahead. */
struct step_record *contributions_of(struct contributions *contributions, uint64_t step);

/* Whether a fragment is of use: it is not there yet, its step has a record, and no other
 * incarnation's contribution is whole or decided. */
bool contributions_want(struct contributions *contributions, const struct fragment_head *head);

/* Takes a reference to the message of a fragment that is wanted. */
void contributions_put(struct contributions *contributions, const struct fragment_head *head,
                       struct parcel *parcel);

/* Notes the first decision of a step, and that it is void after all; what another incarnation
 * contributed is dropped. */
void contributions_decide(struct contributions *contributions, const struct decision *decision);

/* The record's holdings say which sums it has. */
void contributions_note_sums(const struct contributions *contributions, struct step_record *record);

/* Sites of a decided record whose contribution is not whole here, or whose sums, where those are
 * what is kept of it. */
uint32_t contributions_missing(const struct contributions *contributions,
                               const struct step_record *record);

/* Whether a decided step is taken from sums: there are contributions to it that are not here. */
bool contributions_are_summed(const struct contributions *contributions,
                              const struct step_record *record);

/* Sites whose contribution is whole here. */
uint32_t contributions_whole(const struct contributions *contributions,
                             const struct step_record *record);

#endif
