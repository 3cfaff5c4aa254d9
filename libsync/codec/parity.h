/*
 * Reed-Solomon by isa-l behind port/parity.h: the only user of isa-l.
 */
#ifndef CODEC_PARITY_H
#define CODEC_PARITY_H

#include "base/memory.h"
#include "port/parity.h"

/* About 120 KiB of scratch for one thread; NULL when there is no memory. Closed by its ops->close,
 * or parity_close, which takes NULL. */
struct parity *parity_open(const struct allocator *allocator);
void parity_close(struct parity *parity);

/* As in port/parity.h. */
void parity_encode(struct parity *parity, const struct parity_shape *shape,
                   const uint8_t *const *data, uint8_t *const *repair);
enum satsync_status parity_recover(struct parity *parity, const struct parity_shape *shape,
                                   uint8_t *const *symbols, const bool *present) SATSYNC_MUST_CHECK;

#endif
