/*
 * Angles as parts of a full turn in 32 bits, and their sine, in integers alone: orbits give the
 * same nanosecond on every CPU. Pure.
 */
#ifndef SIM_LINK_TURN_H
#define SIM_LINK_TURN_H

#include <stdint.h>

enum { Q30_ONE = 1 << 30 };

/* Millionths of a degree, to a turn. */
uint32_t turn_of_microdegrees(int64_t microdegrees);

/* In Q30, to 4e-9. */
int64_t turn_sine(uint32_t turn);
int64_t turn_cosine(uint32_t turn);

#endif
