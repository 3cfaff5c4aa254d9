/*
 * One decision per step among sites, by libraft (Raft, Ongaro 2014): the only part that knows it.
 *
 * Decisions are numbered from 1; the first proposal of a number that a majority has stored is the
 * decision, later ones of the same number are void. The clock, chance, messages and lasting memory
 * are handed in. Everything promised is kept durably before any message that rests on it can be
 * taken. Owner thread.
 *
 *     agreement_recv, agreement_run, agreement_propose, then, until each gives false:
 *     agreement_message (to send), agreement_decision (what was decided)
 */
#ifndef ROUNDS_AGREEMENT_H
#define ROUNDS_AGREEMENT_H

#include "rounds/promises.h"
#include "rounds/rounds.h"

struct agreement;

enum { AGREEMENT_MESSAGE_BYTES_MAX = 1 << 18, AGREEMENT_DECISION_BYTES_MAX = 400 };

struct agreement_decision {
    uint64_t step;
    size_t bytes;
    uint8_t data[AGREEMENT_DECISION_BYTES_MAX];
};

/* Takes from the options who takes part, the times, the seed and the port. */
enum satsync_status agreement_open(const struct rounds_options *options, struct agreement **out,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;
void agreement_close(struct agreement *agreement);

/* The newest decision that a message carries to be stored; false when it carries none. */
bool agreement_carries(const void *data, size_t bytes, struct agreement_decision *decision);

/* A message that agreement_message gave at `peer`; SATSYNC_PROTOCOL when it cannot be one. */
enum satsync_status agreement_recv(struct agreement *agreement, uint64_t now_ns, size_t peer,
                                   const void *data, size_t bytes) SATSYNC_MUST_CHECK;

void agreement_run(struct agreement *agreement, uint64_t now_ns);
uint64_t agreement_next_timeout(const struct agreement *agreement);

/* Number of the leader, SIZE_MAX when unknown. */
size_t agreement_leader(const struct agreement *agreement);

/* Grows with each leader. */
uint64_t agreement_term(const struct agreement *agreement);

/* Only at the leader: SATSYNC_AGAIN elsewhere. Its decision, if it becomes one, is given by
 * agreement_decision. */
enum satsync_status agreement_propose(struct agreement *agreement, uint64_t now_ns,
                                      const struct agreement_decision *decision) SATSYNC_MUST_CHECK;

/* The newest decision, once; after an absence earlier ones may be missed out. */
bool agreement_decision(struct agreement *agreement, struct agreement_decision *decision);

struct agreement_message {
    size_t peer;
    size_t bytes;
    uint8_t *data; /* the receiver's to free, with the allocator */
};

/* The next message to send; false when there is none. */
bool agreement_message(struct agreement *agreement, struct agreement_message *message);

/* SATSYNC_OK, or why promises could not be kept: then nothing is sent or decided here any more. */
enum satsync_status agreement_status(const struct agreement *agreement);

#endif
