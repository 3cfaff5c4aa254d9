#include "transport/ucx/ucx_spin.h"

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

struct ucx_spin ucx_spin_of(uint64_t now_ns) {
    return (struct ucx_spin){.at_ns = now_ns, .saved_ns = SPIN_SAVED_NS};
}

uint64_t ucx_spin_allowed(struct ucx_spin *spin, uint64_t now_ns) {
    uint64_t passed_ns = now_ns > spin->at_ns ? now_ns - spin->at_ns : 0;
    uint64_t gained_ns = passed_ns / SPIN_SHARE;
    /* What is less than a nanosecond's worth stays on the clock. */
    spin->at_ns += gained_ns * SPIN_SHARE;
    spin->saved_ns = least(spin->saved_ns + gained_ns, SPIN_SAVED_NS);
    return least(spin->saved_ns, SPIN_ONCE_NS);
}

void ucx_spin_paid(struct ucx_spin *spin) {
    spin->saved_ns = least(spin->saved_ns + SPIN_ONCE_NS, SPIN_SAVED_NS);
}

void ucx_spin_in_vain(struct ucx_spin *spin, uint64_t spent_ns) {
    spin->saved_ns -= least(spin->saved_ns, spent_ns);
}
