/* What a faulty disk makes of one write, sector by sector. Owner thread. */
#ifndef SIM_LINK_FAULTY_WRITE_H
#define SIM_LINK_FAULTY_WRITE_H

#include "sim-link/faulty_disk.h"
#include "sim-link/faulty_disk_tree.h"

struct faulty_write_place {
    struct faulty_node *file; /* large enough already */
    const void *data;
    size_t bytes;
    uint64_t offset;
};

/* Into the page cache. */
void faulty_write_apply(const struct faulty_write_place *place, enum faulty_write how,
                        struct random *random);

#endif
