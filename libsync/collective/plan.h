/*
 * Which messages an operation sends, and in what order: a function of the operation alone, so that
 * both ends of a link know what the n-th message is without a word in it.
 *
 * Every rank owns a share of the buffer, which is moved in chunks. A contribution is a chunk of the
 * owner's share on its way to the owner; an answer is a chunk that the owner has finished, on its
 * way to everyone. An owner holds back `depth` contributions of each rank at most: a rank sends
 * contribution c after answer c - depth has come. To keep the order fixed, a rank sends its own
 * answer c - depth before its contribution c. (By induction over c nobody waits in a circle.)
 *
 * all-reduce      everyone contributes, answers carry sums
 * reduce-scatter  everyone contributes, an answer is one byte and says that a place is free
 * all-gather      no contributions
 * broadcast       the root contributes; it is sent no answers
 *
 * Operations of at most PLAN_SMALL_BYTES send nothing here: their bytes travel in letters.
 */
#ifndef COLLECTIVE_PLAN_H
#define COLLECTIVE_PLAN_H

#include "collective/collective.h"

#include <stdbool.h>

enum { PLAN_SMALL_BYTES = 4096, PLAN_DEPTH = 4 };

struct plan {
    enum collective_kind kind;
    uint32_t ranks;
    uint32_t root;
    uint64_t count; /* elements of the buffer */
    size_t element_bytes;
    uint64_t chunk_elements; /* > 0 */
};

struct plan_item {
    bool is_answer;
    uint64_t chunk;
    uint64_t offset;        /* of its bytes in the buffer */
    uint64_t bytes;         /* of its part of the buffer */
    uint64_t message_bytes; /* what travels */
};

/* Pure, as all here. */
struct plan plan_of(const struct collective_operation *operation, uint32_t ranks,
                    size_t chunk_bytes);

bool plan_is_small(const struct plan *plan);

/* True when sums are taken: contributions of all ranks meet at the owner. */
bool plan_sums(const struct plan *plan);

/* Chunks of a rank's share. */
uint64_t plan_chunks(const struct plan *plan, uint32_t owner);

uint64_t plan_contributions(const struct plan *plan, uint32_t from, uint32_t to);
uint64_t plan_answers(const struct plan *plan, uint32_t from, uint32_t to);

/* Messages from one rank to another, letters aside. */
uint64_t plan_items(const struct plan *plan, uint32_t from, uint32_t to);

/* The index-th of them. */
struct plan_item plan_item(const struct plan *plan, uint32_t from, uint32_t to, uint64_t index);

/* The place of an answer among them: the inverse. */
uint64_t plan_answer_index(const struct plan *plan, uint32_t from, uint32_t to, uint64_t chunk);

#endif
