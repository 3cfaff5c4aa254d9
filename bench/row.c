#include "bench/row.h"

#include <assert.h>
#include <stdlib.h>

void row_figure(struct row *row, const char *name, double value) {
    assert(row->figure_count < ROW_FIGURES);
    row->figures[row->figure_count++] = (struct row_figure){name, value};
}

static int by_share(const void *a, const void *b) {
    const struct row_run *left = a;
    const struct row_run *right = b;
    if (left->share_ppm != right->share_ppm) {
        return left->share_ppm < right->share_ppm ? -1 : 1;
    }
    return left->seed < right->seed ? -1 : left->seed > right->seed;
}

void row_settle(struct row *row, struct row_run *runs, size_t count) {
    assert(count > 0);
    qsort(runs, count, sizeof *runs, by_share);
    row->runs = count;
    row->worst = runs[0];
    /* Of an even number the lower one: the figure is never better than what was seen. */
    row->median = runs[(count - 1) / 2];
}

uint32_t row_share(uint64_t limit, uint64_t done) {
    if (done == 0) {
        return 0;
    }
    double share = (double)limit / (double)done * ROW_SHARE_ONE;
    return share > 4e9 ? 4000000000u : (uint32_t)(share + 0.5);
}
