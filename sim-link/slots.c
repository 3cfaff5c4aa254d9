#include "sim-link/slots.h"

#include "sim-link/fixed.h"

#include <assert.h>

struct slots slots_of(const struct slots_options *options, uint64_t seed, uint64_t stream) {
    assert(options->period_ns > 0 && options->correlation_permille < 1000);
    struct slots slots = {.options = *options, .random = random_of(seed, stream)};
    slots.z_q16 = draw_normal(&slots.random);
    return slots;
}

static uint32_t draw_correlation(struct slots *slots) {
    const struct slots_kernel *kernel = slots->options.kernels;
    if (kernel->chance_permille == 0) {
        return slots->options.correlation_permille;
    }
    uint32_t left = (uint32_t)random_below(&slots->random, 1000);
    while (left >= kernel->chance_permille) {
        left -= kernel->chance_permille;
        kernel++;
    }
    return kernel->correlation_permille;
}

static void step(struct slots *slots) {
    int64_t kept_q16 = (int64_t)draw_correlation(slots) * Q16_ONE / 1000;
    uint64_t rest = (uint64_t)Q16_ONE * Q16_ONE - (uint64_t)(kept_q16 * kept_q16);
    int64_t fresh_q16 = (int64_t)fixed_root(rest);
    int64_t sum = kept_q16 * slots->z_q16 + fresh_q16 * draw_normal(&slots->random);
    slots->z_q16 = (int32_t)(sum / Q16_ONE);
    slots->slot++;
}

/* Slot 0 is that before the first boundary. */
uint64_t slots_index(const struct slots_options *options, uint64_t now_ns) {
    uint64_t phase_ns = options->phase_ns % options->period_ns;
    return now_ns < phase_ns ? 0 : 1 + (now_ns - phase_ns) / options->period_ns;
}

uint64_t slots_end(const struct slots_options *options, uint64_t now_ns) {
    uint64_t phase_ns = options->phase_ns % options->period_ns;
    return phase_ns + slots_index(options, now_ns) * options->period_ns;
}

int32_t slots_at(struct slots *slots, uint64_t now_ns) {
    uint64_t wanted = slots_index(&slots->options, now_ns);
    while (slots->slot < wanted) {
        step(slots);
    }
    return slots->z_q16;
}

uint64_t quantile_at(const struct quantile *points, size_t count, int32_t z_q16) {
    assert(count > 0);
    if (z_q16 <= points[0].z_q16) {
        return points[0].value;
    }
    for (size_t i = 1; i < count; i++) {
        if (z_q16 <= points[i].z_q16) {
            uint64_t along = (uint64_t)(z_q16 - points[i - 1].z_q16);
            uint64_t across = (uint64_t)(points[i].z_q16 - points[i - 1].z_q16);
            uint64_t rise = points[i].value - points[i - 1].value;
            return points[i - 1].value + rise / across * along + rise % across * along / across;
        }
    }
    return points[count - 1].value;
}
