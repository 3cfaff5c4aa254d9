#include "sim-link/path.h"

#include <assert.h>

struct path_table {
    struct path path; /* first */
    struct path_table_options options;
    const struct allocator *allocator;
};

/* The last knot at or before a time, by halves. */
static size_t knot_before(const struct path_table_options *options, uint64_t within_ns) {
    size_t low = 0;
    size_t high = options->count - 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (options->knots[middle].at_ns <= within_ns) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void table_line(struct path *base, uint64_t now_ns, struct path_line *line) {
    const struct path_table_options *options = &((struct path_table *)base)->options;
    uint64_t period_ns = options->knots[options->count - 1].at_ns;
    uint64_t start_ns = now_ns - now_ns % period_ns;
    const struct path_knot *knot = &options->knots[knot_before(options, now_ns - start_ns)];
    *line = (struct path_line){start_ns + knot[0].at_ns, start_ns + knot[1].at_ns, knot[0].delay_ns,
                               knot[options->steps ? 0 : 1].delay_ns, false};
}

static void table_free(struct path *base) {
    memory_free(((struct path_table *)base)->allocator, base);
}

static const struct path_ops OPS = {table_line, table_free};

struct path *path_table_new(const struct path_table_options *options,
                            const struct allocator *allocator) {
    assert(options->count >= 2 && options->knots[options->count - 1].at_ns > 0);
    struct path_table *path = memory_new(allocator, 1, sizeof *path);
    if (path == NULL) {
        return NULL;
    }
    path->path.ops = &OPS;
    path->options = *options;
    path->allocator = allocator;
    return &path->path;
}
