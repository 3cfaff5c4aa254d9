/*
 * The outer loop of all sites in one process and in plain loops, written from docs/rounds.md alone:
 * what the machines, their messages and their decisions have to come to when nothing goes wrong.
 */
#ifndef SUPPORT_ROUNDS_ORACLE_H
#define SUPPORT_ROUNDS_ORACLE_H

#include "support/rounds_world.h"

/* Trains all sites until `steps` outer steps are applied. agreed[elements]; local[sites] of them.
 */
void rounds_oracle(const struct rounds_world_plan *plan, const float *initial, uint64_t steps,
                   float *agreed, float *const *local);

#endif
