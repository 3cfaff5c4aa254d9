/*
 * Training one model at several sites through satsync: the processes of a site average their
 * gradients at each step, the sites exchange what their parameters have moved every `inner` steps.
 */
#ifndef TINYLM_SITES_H
#define TINYLM_SITES_H

#include "options.h"
#include "trainer.h"

#include <satsync/group.h>

enum { SITES_MAX = SATSYNC_GROUP_SITES };

struct sites {
    struct satsync_engine *engine;
    struct satsync_key *key;
    struct satsync_ranks *ranks; /* NULL: one process */
    struct satsync_group *group; /* NULL before sites_join */
    struct satsync_group_site listed[SITES_MAX];
    char *addresses[SITES_MAX];
    size_t count;
    uint32_t rank;
    uint32_t rank_count;
    uint64_t inner;
    int quiet;
    uint32_t leader;     /* of the majority, as last told; UINT32_MAX: unknown */
    uint64_t applied;    /* outer steps, as last seen */
    uint64_t longest_ns; /* that an outer step was waited for */
};

/* All functions give 0, or the exit code of a failure's class after a message on stderr. */

/* Reads the list, loads the key, and meets the other processes of the site, if there are any. */
int sites_open(struct sites *sites, const struct options *options);
void sites_close(struct sites *sites);

/* This process's place in the text. */
void sites_share(const struct sites *sites, const struct options *options,
                 struct trainer_options *trainer);

/* Joins the group with the trainer's parameters, which the group changes from now on. */
int sites_join(struct sites *sites, const struct options *options, struct trainer *trainer);

/* One inner step, and the outer one when it is due. */
int sites_step(struct sites *sites, struct trainer *trainer, double *loss);

/* Whether the outer steps are done that belong to so many inner ones. */
bool sites_done(const struct sites *sites, uint64_t steps);

/* Stays until the other sites have all that they need from this one. */
void sites_linger(struct sites *sites);

/* The group's fields of the JSON object. */
void sites_print_json(const struct sites *sites);
void sites_print(const struct sites *sites);

#endif
