/*
 * How long to look for work before going to sleep. Looking finds a message within its latency, and
 * sleeping costs a system call at each end; but looking in vain burns a core. So looking that pays
 * is free and earns one look in vain, for a peer in the middle of an exchange may lose its core for
 * a while; beyond that, looking in vain may take one part in SPIN_SHARE of the time. Pure.
 */
#ifndef TRANSPORT_UCX_SPIN_H
#define TRANSPORT_UCX_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SPIN_ONCE_NS = 50000,    /* at most, before one sleep: several times what a wake-up takes */
    SPIN_SAVED_NS = 2000000, /* of vain looking that quiet times and finds save up, at most */
    SPIN_SHARE = 25          /* one part in so many: 4 % */
};

struct ucx_spin {
    uint64_t at_ns;
    uint64_t saved_ns;
};

struct ucx_spin ucx_spin_of(uint64_t now_ns);

/* How long to look now. */
uint64_t ucx_spin_allowed(struct ucx_spin *spin, uint64_t now_ns);

/* Something came while it looked. */
void ucx_spin_paid(struct ucx_spin *spin);

/* It looked for `spent_ns` in vain. */
void ucx_spin_in_vain(struct ucx_spin *spin, uint64_t spent_ns);

#endif
