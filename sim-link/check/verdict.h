/* A table of what was measured and what is due. Owner thread. */
#ifndef SIM_LINK_CHECK_VERDICT_H
#define SIM_LINK_CHECK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum { VERDICTS_LIMIT = 128, VERDICT_NAME_BYTES = 80 };

struct verdict {
    char name[VERDICT_NAME_BYTES];
    double measured;
    double least;
    double most;
    bool passed;
};

struct verdicts {
    struct verdict rows[VERDICTS_LIMIT];
    size_t count;
    size_t failed;
};

/* Within [least, most]. */
void verdict_within(struct verdicts *verdicts, const char *name, double measured, double least,
                    double most);

/* Within a share of what is due. */
void verdict_near(struct verdicts *verdicts, const char *name, double measured, double due,
                  double share);

void verdicts_print(const struct verdicts *verdicts);

#endif
