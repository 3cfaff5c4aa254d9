#include "sim-link/check/verdict.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

void verdict_within(struct verdicts *verdicts, const char *name, double measured, double least,
                    double most) {
    assert(verdicts->count < VERDICTS_LIMIT);
    struct verdict *row = &verdicts->rows[verdicts->count++];
    snprintf(row->name, sizeof row->name, "%s", name);
    row->measured = measured;
    row->least = least;
    row->most = most;
    row->passed = measured >= least && measured <= most; /* not a number is neither */
    verdicts->failed += !row->passed;
}

void verdict_near(struct verdicts *verdicts, const char *name, double measured, double due,
                  double share) {
    double off = fabs(due) * share;
    verdict_within(verdicts, name, measured, due - off, due + off);
}

void verdicts_print(const struct verdicts *verdicts) {
    printf("%-62s %12s   %s\n", "what", "measured", "due");
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct verdict *row = &verdicts->rows[i];
        printf("%-62s %12.6g   %.6g to %.6g%s\n", row->name, row->measured, row->least, row->most,
               row->passed ? "" : "   NOT HELD");
    }
    printf("%zu checks, %zu not held\n", verdicts->count, verdicts->failed);
}
