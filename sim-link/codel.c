#include "sim-link/codel.h"

#include "sim-link/fixed.h"

/* interval / sqrt(count) after t, the root with 16 bits behind the point. */
static uint64_t control_law(const struct codel *codel, uint64_t t_ns) {
    return t_ns + codel->interval_ns * Q16_ONE / fixed_root((uint64_t)codel->count << 32);
}

static bool is_ok_to_drop(struct codel *codel, uint64_t now_ns, const struct codel_head *head) {
    if (head->empty || head->alone || head->waited_ns < codel->target_ns) {
        codel->first_above_ns = 0;
        return false;
    }
    if (codel->first_above_ns == 0) {
        codel->first_above_ns = now_ns + codel->interval_ns;
        return false;
    }
    return now_ns >= codel->first_above_ns;
}

/* Near the last time, the rate that was right then is a good start. */
static void enter(struct codel *codel, uint64_t now_ns) {
    uint32_t delta = codel->count - codel->last_count;
    bool recent = now_ns - codel->drop_next_ns < 16 * codel->interval_ns;
    codel->dropping = true;
    codel->count = delta > 1 && recent ? delta : 1;
    codel->drop_next_ns = control_law(codel, now_ns);
    codel->last_count = codel->count;
}

static bool begins(struct codel *codel, uint64_t now_ns, bool ok) {
    if (codel->dropping) {
        codel->dropping = ok;
        codel->entering = false;
        return ok && now_ns >= codel->drop_next_ns;
    }
    codel->entering = ok;
    return ok;
}

static bool goes_on(struct codel *codel, uint64_t now_ns, bool ok) {
    if (codel->entering) {
        enter(codel, now_ns);
        return false;
    }
    codel->count++;
    codel->dropping = ok;
    if (ok) {
        codel->drop_next_ns = control_law(codel, codel->drop_next_ns);
    }
    return ok && now_ns >= codel->drop_next_ns;
}

bool codel_drops(struct codel *codel, uint64_t now_ns, const struct codel_head *head) {
    bool ok = is_ok_to_drop(codel, now_ns, head);
    codel->judged = codel->judged ? goes_on(codel, now_ns, ok) : begins(codel, now_ns, ok);
    return codel->judged;
}
