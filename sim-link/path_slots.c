#include "sim-link/path.h"

#include "sim-link/fixed.h"

#include <assert.h>

struct path_slots {
    struct path path; /* first */
    struct path_slots_options options;
    struct slots slots;
    uint64_t slot_until_ns;
    int32_t z_q16;
    int64_t kept_q16;      /* share of z that the whole slot has */
    int64_t disturbed_q16; /* share that changes within it */
    const struct allocator *allocator;
};

/* Normal with deviation 1 in Q16, of one block: the sum of eight uniform draws of 16 bits. */
static int32_t normal_at(const struct path_slots *path, uint64_t index) {
    uint32_t block[4];
    int64_t sum = -8 * 32768;
    random_block(path->options.seed, path->options.within_stream, index, block);
    for (int i = 0; i < 4; i++) {
        sum += (block[i] & 0xffff) + (block[i] >> 16);
    }
    return (int32_t)(sum * 80265 / Q16_ONE); /* sqrt(12 / 8) in Q16 */
}

static void enter_slot(struct path_slots *path, uint64_t now_ns) {
    const struct path_slots_options *options = &path->options;
    path->z_q16 = slots_at(&path->slots, now_ns);
    path->slot_until_ns = slots_end(&options->slots, now_ns);
    path->kept_q16 = Q16_ONE;
    path->disturbed_q16 = 0;
    if (options->within_count > 0) {
        uint32_t block[4];
        random_block(options->seed, options->within_stream, ~path->slots.slot, block);
        uint64_t chosen = (uint64_t)block[0] * options->within_count >> 32;
        uint64_t share = (uint64_t)options->within_permille[chosen] * Q16_ONE / 1000;
        path->disturbed_q16 = (int64_t)share;
        path->kept_q16 = (int64_t)fixed_root((uint64_t)Q16_ONE * Q16_ONE - share * share);
    }
}

static uint64_t delay_at(const struct path_slots *path, uint64_t knot) {
    int64_t z = path->kept_q16 * path->z_q16;
    if (path->disturbed_q16 > 0) {
        z += path->disturbed_q16 * normal_at(path, knot);
    }
    const struct path_slots_options *options = &path->options;
    return quantile_at(options->quantiles, options->quantile_count, (int32_t)(z / Q16_ONE)) / 2;
}

static void slots_line(struct path *base, uint64_t now_ns, struct path_line *line) {
    struct path_slots *path = (struct path_slots *)base;
    if (now_ns >= path->slot_until_ns) {
        enter_slot(path, now_ns);
    }
    uint64_t knot = path->disturbed_q16 > 0 ? now_ns / path->options.within_ns : 0;
    uint64_t first_ns = delay_at(path, knot);
    *line = (struct path_line){now_ns, path->slot_until_ns, first_ns, first_ns, false};
    if (path->disturbed_q16 > 0) {
        uint64_t step_ns = path->options.within_ns;
        /* The line spans the whole step, so that where it is entered makes no difference; it is
         * left early when the slot ends. */
        line->from_ns = knot * step_ns;
        line->until_ns = line->from_ns + step_ns;
        line->last_ns = delay_at(path, knot + 1);
        if (line->until_ns > path->slot_until_ns) {
            line->last_ns = path_line_at(line, path->slot_until_ns);
            line->until_ns = path->slot_until_ns;
        }
    }
}

static void slots_free(struct path *base) {
    memory_free(((struct path_slots *)base)->allocator, base);
}

static const struct path_ops OPS = {slots_line, slots_free};

struct path *path_slots_new(const struct path_slots_options *options,
                            const struct allocator *allocator) {
    struct path_slots *path = memory_new(allocator, 1, sizeof *path);
    if (path == NULL) {
        return NULL;
    }
    assert(options->within_count == 0 || options->within_ns > 0);
    path->path.ops = &OPS;
    path->options = *options;
    path->allocator = allocator;
    path->slots = slots_of(&options->slots, options->seed, options->stream);
    return &path->path;
}
