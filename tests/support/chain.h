/* One stage under test: what goes in, and a record of what comes out. */
#ifndef SUPPORT_CHAIN_H
#define SUPPORT_CHAIN_H

#include "sim-link/stage.h"

struct chain_out {
    uint64_t time_ns;
    uint64_t number;
    uint8_t first_byte;
};

struct chain {
    struct stage_exit exit; /* first */
    struct stage *stage;
    struct packets packets;
    struct chain_out *out; /* of at most `limit`, delivered packets; more are only counted */
    size_t limit;
    uint64_t entered;
    uint64_t delivered;
    uint64_t duplicated;
    uint64_t dropped[DROP_CAUSES];
    uint64_t last_ns;    /* of the last delivery */
    uint64_t run_length; /* of consecutive drops, now */
    uint64_t runs;
};

/* Takes the stage over; asserts that it is not NULL. */
void chain_init(struct chain *chain, struct stage *stage, size_t limit);
void chain_fini(struct chain *chain);

/* Runs what is due before, then pushes a packet of `wire_bytes`. */
void chain_push(struct chain *chain, uint64_t now_ns, uint32_t wire_bytes);
void chain_run(struct chain *chain, uint64_t until_ns);

#endif
