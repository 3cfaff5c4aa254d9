/*
 * One random group operation: what each rank puts in, and what must come out, by plain loops.
 */
#ifndef SUPPORT_GROUP_CASE_H
#define SUPPORT_GROUP_CASE_H

#include "collective/collective.h"

#include <stdbool.h>

/* The operation number `number` of seed `seed`, with at most `max_bytes`; buffer and deadline are
 * the caller's. */
struct collective_operation group_case(uint64_t seed, uint64_t number, uint32_t ranks,
                                       uint64_t max_bytes);

size_t group_case_bytes(const struct collective_operation *operation);

/* What `rank` has in its buffer before. */
void group_case_fill(const struct collective_operation *operation, uint64_t seed, uint32_t rank,
                     void *buffer);

/* True when `buffer` is what `rank` must have after. */
bool group_case_check(const struct collective_operation *operation, uint64_t seed, uint32_t ranks,
                      uint32_t rank, const void *buffer);

#endif
