/*
 * Whole runs of libsync/rounds by seed, for tests that take a few and campaigns that take many.
 */
#ifndef SUPPORT_ROUNDS_CASES_H
#define SUPPORT_ROUNDS_CASES_H

#include "support/rounds_world.h"

enum { ROUNDS_CASE_TEXT = 1000 };

/* A world in which nothing is unusual. */
struct rounds_world_plan rounds_case_plan(size_t sites);

/* 2 to 5 sites, any codec, 1 to 5 fragments of odd sizes, with and without overlap and witness,
 * messages in random order: every site's bits are those of the plain oracle. `text` is what kind of
 * case it was, a word, or what went wrong. */
bool rounds_case_bits(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]);

/* Three sites, or two and a witness, and one fault at a random moment: a site killed, frozen for
 * 20 s, cut off for 60 s, or a partition of two against one, the leader's in every third case. No
 * wait outlives its deadline, no bits and no memberships differ, and the healed site counts again
 * one step after it has what it needs. */
bool rounds_case_fault(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]);

/* Three to five voters and many faults one upon another, killed sites that go on from a checkpoint
 * and their promises included. Nothing diverges and no step has two memberships meanwhile; when all
 * is healed, all sites take steps together again. */
bool rounds_case_chaos(uint64_t seed, enum rounds_exchange exchange, char text[ROUNDS_CASE_TEXT]);

#endif
