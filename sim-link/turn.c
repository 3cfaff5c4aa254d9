#include "sim-link/turn.h"

enum { FULL_MICRODEGREES = 360000000 };

uint32_t turn_of_microdegrees(int64_t microdegrees) {
    int64_t within = microdegrees % FULL_MICRODEGREES;
    within = within < 0 ? within + FULL_MICRODEGREES : within;
    return (uint32_t)(((uint64_t)within << 32) / FULL_MICRODEGREES);
}

/* sin(x * pi / 2) for x in [0, 1] as Q30: Taylor's series up to x^15, whose rest is below 1e-11.
 * The coefficients are (pi / 2)^n / n! in Q30. */
static int64_t quarter_sine(int64_t x) {
    static const int64_t coefficients[] = {-1,       61,       -3864,      172272,
                                           -5026995, 85569306, -693598668, 1686629713};
    const int64_t half = Q30_ONE / 2;
    int64_t square = (x * x + half) >> 30;
    int64_t sum = 0;
    for (int i = 0; i < 8; i++) {
        sum = ((sum * square + half) >> 30) + coefficients[i];
    }
    return (sum * x + half) >> 30;
}

int64_t turn_sine(uint32_t turn) {
    uint32_t quadrant = turn >> 30;
    int64_t within = turn & (Q30_ONE - 1);
    int64_t sine = quarter_sine(quadrant % 2 == 0 ? within : Q30_ONE - within);
    return quadrant < 2 ? sine : -sine;
}

int64_t turn_cosine(uint32_t turn) {
    return turn_sine(turn + Q30_ONE);
}
