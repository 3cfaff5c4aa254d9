/*
 * Sites that train one model with libsync/rounds in virtual time, over a network that delays each
 * message by itself, so that they arrive in any order, and with faults: sites killed and started
 * again from their checkpoint, frozen, cut off silently or not. What must hold at all times is
 * checked as it runs; the first breach stops the run and is told in `breach`.
 */
#ifndef SUPPORT_ROUNDS_WORLD_H
#define SUPPORT_ROUNDS_WORLD_H

#include "base/random.h"
#include "rounds/promises.h"
#include "rounds/rounds.h"

enum { WORLD_STEPS = 4096, WORLD_FLIGHTS = 8192 };

struct rounds_world_plan {
    uint64_t seed;
    size_t sites;
    bool witness;
    enum quantise_codec codec;
    enum rounds_exchange exchange;
    size_t fragments;
    uint64_t fragment_elements[ROUNDS_FRAGMENTS_MAX];
    uint64_t inner_steps;
    uint64_t overlap_steps;
    uint64_t inner_ns; /* of an inner step; site i is i percent slower */
    uint64_t delay_from_ns;
    uint64_t delay_to_ns;
    uint64_t collect_ns;
    uint64_t deadline_ns;
    float rate;
    float momentum;
};

struct world_memory {
    uint8_t data[PROMISES_BYTES_MAX];
    size_t bytes;
};

struct world_site {
    struct rounds *rounds; /* NULL while it is dead */
    struct world_memory promises;
    float *local;
    uint64_t inner;
    uint64_t next_inner_ns;
    uint64_t frozen_until_ns;
    uint64_t given_ns; /* when its last fragment was given */
    bool is_late;
    bool holds_ready; /* it merges nothing: its trainer is in the midst of an inner step */
    bool is_ready;    /* a step waits for that */
    bool is_waiting;
    uint64_t fetch_at_ns; /* when the state arrives that it fetches */
    size_t fetch_from;
    uint64_t fetches;
    uint64_t last_member; /* the last step that holds its contribution */
    uint64_t refused;
    /* Its checkpoint, of its last applied step. */
    float *saved_local;
    void *saved[ROUNDS_BLOBS];
    size_t saved_bytes[ROUNDS_BLOBS];
    bool has_saved;
};

struct world_flight {
    uint64_t at_ns;
    size_t from, to;
    uint64_t session;
    size_t bytes;
    uint8_t *data;
};

struct rounds_world {
    struct rounds_world_plan plan;
    size_t nodes;
    uint64_t elements;
    float *initial;
    struct random random;
    uint64_t now_ns;
    struct world_site site[ROUNDS_SITES_MAX];
    uint64_t session[ROUNDS_SITES_MAX][ROUNDS_SITES_MAX]; /* odd while it is up */
    uint64_t cut_until_ns[ROUNDS_SITES_MAX][ROUNDS_SITES_MAX];
    struct world_flight flight[WORLD_FLIGHTS];
    size_t flights;
    uint32_t members[WORLD_STEPS]; /* by step, 0 unknown */
    bool is_void[WORLD_STEPS];
    uint64_t voids;
    bool has_hash[WORLD_STEPS];
    uint8_t hash[WORLD_STEPS][ROUNDS_HASH_BYTES];
    uint64_t newest;  /* step that any site has applied */
    uint64_t decided; /* step that any node knows to be decided */
    uint64_t stop_at; /* sites train no further than this step */
    char breach[800];
};

void rounds_world_open(struct rounds_world *world, const struct rounds_world_plan *plan);
void rounds_world_close(struct rounds_world *world);

/* Runs until a time, or a breach. */
void rounds_world_run_until(struct rounds_world *world, uint64_t now_ns);

/* Runs until every living site has applied `step`; false at a breach or the time limit. */
bool rounds_world_run_to_step(struct rounds_world *world, uint64_t step, uint64_t limit_ns);

/* Faults. Peers of a killed site are told so at once; one that starts again goes on from its
 * checkpoint. A cut is silent: what is sent meanwhile arrives when it heals. A break is not: the
 * session ends, what was under way is lost, and it comes up again when mended. */
void rounds_world_kill(struct rounds_world *world, size_t site);
void rounds_world_start(struct rounds_world *world, size_t site);
void rounds_world_freeze(struct rounds_world *world, size_t site, uint64_t until_ns);
void rounds_world_cut(struct rounds_world *world, size_t a, size_t b, uint64_t until_ns);
void rounds_world_break(struct rounds_world *world, size_t a, size_t b);
void rounds_world_mend(struct rounds_world *world, size_t a, size_t b);

/* What training does to a site's parameters in one inner step: a function of these only. */
void rounds_world_train(const struct rounds_world_plan *plan, size_t site, uint64_t inner,
                        uint64_t elements, float *local);

#endif
