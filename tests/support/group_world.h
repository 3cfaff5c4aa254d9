/*
 * Sites of a group in one process, over real UDP on loopback: each has an engine, a key, a small
 * model and a thread that trains it. What "training" does to a parameter is a function of site and
 * step, so that a plain loop can say what all must agree on.
 */
#ifndef SUPPORT_GROUP_WORLD_H
#define SUPPORT_GROUP_WORLD_H

#include <satsync/group.h>
#include <stdbool.h>

enum { GROUP_WORLD_SITES = 5, GROUP_WORLD_PARAMETERS = 3000 };

struct group_site {
    struct group_world *world;
    size_t number;
    struct satsync_engine *engine;
    struct satsync_key *key;
    struct satsync_group *group;
    float parameters[GROUP_WORLD_PARAMETERS];
    uint64_t step;              /* of the inner loop */
    enum satsync_status status; /* of the last tick or wait */
    struct satsync_error error;
    char promises[128];
};

struct group_world {
    char folder[64];
    size_t count;
    struct satsync_group_options options; /* what all sites share; set before opening */
    struct satsync_group_site listed[GROUP_WORLD_SITES];
    char addresses[GROUP_WORLD_SITES][64];
    struct group_site sites[GROUP_WORLD_SITES];
};

/* Keys and a folder; nothing is open yet. */
void group_world_init(struct group_world *world, size_t count);
void group_world_fini(struct group_world *world);

/* Opens a site with all parameters as they were at first; lower numbers first, or, when it was open
 * before, at its former address. */
void group_world_open(struct group_world *world, size_t number);
void group_world_open_all(struct group_world *world);
void group_world_close(struct group_world *world, size_t number);

/* What an inner step adds to a parameter. */
float group_world_move(size_t site, uint64_t step, size_t parameter);

/* Each of the sites (bit i: site i) trains on its own thread until it has applied outer step `to`;
 * then all have ended. Late outer steps are no failure, all else ends the test. */
void group_world_train(struct group_world *world, uint32_t sites, uint64_t to);

/* Outer steps that a site's agreed parameters hold. */
uint64_t group_world_applied(const struct group_site *site);

/* Asserts that the sites agree on the hash, and gives it. */
void group_world_agree(const struct group_world *world, uint32_t sites,
                       uint8_t hash[SATSYNC_STATE_HASH_BYTES]);

#endif
