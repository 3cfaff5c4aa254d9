/*
 * How much of something may be taken in all, by whoever takes part. Any thread. A NULL budget is
 * one without an end.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <satsync/status.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct budget {
    uint64_t limit;
    _Atomic uint64_t taken;
};

/* Nothing is taken yet. */
void budget_init(struct budget *budget, uint64_t limit);

/* All of `amount`, or false and nothing. */
bool budget_take(struct budget *budget, uint64_t amount) SATSYNC_MUST_CHECK;

/* Gives back what was taken. */
void budget_give(struct budget *budget, uint64_t amount);

/* Whether budget_take would succeed now. */
bool budget_has(const struct budget *budget, uint64_t amount);

#endif
