/*
 * Systematic Reed-Solomon repair over GF(2^8): `data` symbols of equal size give `repair` more, and
 * any `data` of them all give the rest back.
 *
 * Row r of the code is the Cauchy row 1 / ((data + r) xor j) over polynomial 0x11d (isa-l's
 * gf_gen_cauchy1_matrix), so repair symbol r depends on the data and r alone: a sender may make
 * more of them later, and both ends need only agree on `data`, r and `bytes`. One handle has one
 * owner thread. Nothing allocates but opening.
 */
#ifndef PORT_PARITY_H
#define PORT_PARITY_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PARITY_SYMBOLS_MAX = 255 };

struct parity_shape {
    uint16_t data;   /* k, at least 1 */
    uint16_t repair; /* m, may be 0; data + repair <= PARITY_SYMBOLS_MAX */
    uint32_t bytes;  /* of each symbol, at least 1 */
};

struct parity;

struct parity_ops {
    /* data[k] -> repair[m]. A NULL in `repair` is not made. A shape out of bounds is a bug of the
     * caller's and asserted. */
    void (*encode)(struct parity *parity, const struct parity_shape *shape,
                   const uint8_t *const *data, uint8_t *const *repair);

    /* symbols[k + m], data first; present[i] says that symbols[i] holds its bytes. Missing data
     * symbols are made in place, so symbols[i] must have room for i < k; missing repair symbols
     * stay missing and may be NULL. Fewer than k present: SATSYNC_INCOMPLETE, nothing changed. */
    enum satsync_status (*recover)(struct parity *parity, const struct parity_shape *shape,
                                   uint8_t *const *symbols, const bool *present);

    void (*close)(struct parity *parity);
};

struct parity {
    const struct parity_ops *ops;
};

#endif
