/*
 * Several sites and the links among them, from a text, a statement a line, '#' begins a comment:
 *
 *     site memphis
 *     site atlanta
 *     link memphis atlanta fibre-memphis-atlanta?loss=0.1%
 *     seed 7
 *     start 11s
 *
 * The first site of a link sends up. Seed and start of the clock are the topology's: each link
 * draws from streams of its own.
 */
#ifndef SIM_LINK_TOPOLOGY_H
#define SIM_LINK_TOPOLOGY_H

#include "sim-link/profile.h"

enum {
    TOPOLOGY_SITES_LIMIT = 16,
    TOPOLOGY_LINKS_LIMIT = TOPOLOGY_SITES_LIMIT * (TOPOLOGY_SITES_LIMIT - 1) / 2,
    TOPOLOGY_NAME_BYTES = 32
};

struct topology_link {
    size_t a; /* a site's number */
    size_t b;
    struct profile profile;
};

struct topology {
    char sites[TOPOLOGY_SITES_LIMIT][TOPOLOGY_NAME_BYTES];
    size_t site_count;
    struct topology_link *links; /* TOPOLOGY_LINKS_LIMIT of them */
    size_t link_count;
    uint64_t seed;
    uint64_t start_ns;
};

/* `where` is the file's name for messages, which say the line too. Traces that links name are read.
 * topology_fini after a success. */
enum satsync_status topology_parse(const char *where, const char *text, struct topology *topology,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* One link between two sites without names. */
enum satsync_status topology_of_link(const char *link, struct topology *topology,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The same of a file, at most 1 MiB. */
enum satsync_status topology_read(const char *path, struct topology *topology,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;
void topology_fini(struct topology *topology);

/* The site's number, or site_count; then *nearest (may be NULL) is the most similar name, or NULL.
 */
size_t topology_find(const struct topology *topology, const char *name, const char **nearest);

#endif
