/*
 * Two whole sites in one process and in virtual time: manual engines, real stores in a temporary
 * folder, and an emulated link between them.
 */
#ifndef SUPPORT_TWO_SITES_H
#define SUPPORT_TWO_SITES_H

#include <satsync/checkpoint.h>
#include <satsync/sim.h>
#include <satsync/site.h>

struct two_sites {
    char folder[64];
    struct satsync_sim *sim;
    struct satsync_engine *engine;
    struct satsync_key *key[2];
    struct satsync_store *store[2];
    struct satsync_operation *serve; /* at end 1 */
    struct satsync_error error;      /* of the last call that was checked */
};

/* `link` as in satsync_sim_open. Store 0 has site 1 as a recipient. */
void two_sites_open(struct two_sites *sites, const char *link);
void two_sites_close(struct two_sites *sites);

/* Saves one tensor of `bytes` bytes at end 0, their content drawn from the step. */
void two_sites_save(struct two_sites *sites, uint64_t step, size_t bytes);

/* Starts serving at end 1; site 0 gets `rights`. */
void two_sites_serve(struct two_sites *sites, uint32_t rights);
void two_sites_stop_serving(struct two_sites *sites);

/* Options for end 0 to reach end 1. */
struct satsync_site_options two_sites_options(struct two_sites *sites);

/* Polls and steps until the operation ends or virtual time reaches until_ns (0: no limit); gives
 * its result, SATSYNC_AGAIN if it did not end, and frees it if it did. */
enum satsync_status two_sites_run(struct two_sites *sites, struct satsync_operation *operation,
                                  uint64_t until_ns);

/* Asserts that end 1 has the step and that every byte of it verifies and equals end 0's. */
void two_sites_assert_equal(struct two_sites *sites, uint64_t step);

#endif
