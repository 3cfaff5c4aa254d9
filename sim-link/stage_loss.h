/*
 * Loss: independent per packet, and a Gilbert-Elliott chain (Gilbert 1960, Elliott 1963) whose bad
 * state is left and entered per packet, or in time. The one in time does not depend on how fast
 * anyone sends, as fades do not.
 */
#ifndef SIM_LINK_STAGE_LOSS_H
#define SIM_LINK_STAGE_LOSS_H

#include "base/random.h"
#include "sim-link/series.h"
#include "sim-link/stage.h"

struct stage_loss_options {
    uint64_t loss_ppb;     /* in the good state */
    uint64_t bad_loss_ppb; /* in the bad state */
    struct series series;  /* or: loss_ppb by a trace; without steps: unused */
    /* Per packet: chance to enter and to leave the bad state; 0, 0: no such chain. */
    uint64_t enter_ppb;
    uint64_t leave_ppb;
    /* In time: mean stay in each state, exponential; 0, 0: no such chain. */
    uint64_t good_ns;
    uint64_t bad_ns;
    struct random chance; /* per packet */
    struct random state;
};

/* NULL when memory ran out. */
struct stage *stage_loss_new(const struct stage_loss_options *options,
                             const struct allocator *allocator);

/* Independent loss of this share from now on; a bad state in time stays as it is. */
void stage_loss_set(struct stage *stage, uint64_t loss_ppb);

#endif
