/*
 * Emulated links by address: what was opened as "sim:geo?seed=7" is found again under just that
 * text, in this process, so that either end of a transfer can name it. The one global of this
 * folder, and of the owner thread.
 */
#ifndef SIM_LINK_EMULATION_ADDRESS_H
#define SIM_LINK_EMULATION_ADDRESS_H

#include <satsync/sim.h>
#include <stdbool.h>

enum { EMULATION_SCHEME_BYTES = 4 };

/* A member of what has the address; all zero: it has none. */
struct emulation_address {
    char *text;
    struct satsync_sim *sim;
    struct emulation_address *next;
};

/* Whether it begins with "sim:". Pure. */
bool emulation_address_is(const char *text);

/* SATSYNC_CONFLICT when another has it. */
enum satsync_status emulation_address_give(struct emulation_address *address, const char *text,
                                           struct satsync_sim *sim,
                                           struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Fine when it has none. */
void emulation_address_drop(struct emulation_address *address);

/* NULL when there is none. */
struct satsync_sim *emulation_address_find(const char *text);

#endif
