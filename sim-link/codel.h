/*
 * CoDel, as RFC 8289 section 5 has it: drops at the head when packets have waited for more than
 * `target_ns` for all of `interval_ns`, ever more often until they do no longer. Pure.
 */
#ifndef SIM_LINK_CODEL_H
#define SIM_LINK_CODEL_H

#include <stdbool.h>
#include <stdint.h>

struct codel {
    uint64_t target_ns;
    uint64_t interval_ns;
    uint64_t first_above_ns;
    uint64_t drop_next_ns;
    uint32_t count;
    uint32_t last_count;
    bool dropping;
    bool entering; /* the last drop was one that begins the dropping state */
    bool judged;   /* the last call within this dequeue was answered with a drop */
};

/* Whether to drop the packet at the head, which has waited for so long; `alone`: no more than a
 * packet is behind it. After a drop, call again with the next head, or with `empty`. The call that
 * returns false ends the dequeue. */
struct codel_head {
    uint64_t waited_ns;
    bool alone;
    bool empty;
};
bool codel_drops(struct codel *codel, uint64_t now_ns, const struct codel_head *head);

#endif
