/*
 * What push and pull share: the other site's options, and the account that ends a transfer.
 */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "ckpt/cli/session.h"

#include <satsync/site.h>

/* Fills the options from the command line. `options` borrows from `session`. */
enum satsync_status transfer_options(struct session *session, struct satsync_site_options *options,
                                     struct satsync_error *error);

/*
 * Pure. The time that nobody could beat over this link, T/2 + 8B/G, with T the round trip, B the
 * bytes that the receiver did not have, and G the goodput of the known rate: rate * 1420/1500 (what
 * a packet of 1500 bytes carries beside its headers) * (1 - loss). 0 when rate or round trip is
 * unknown.
 */
uint64_t transfer_floor_ns(const struct satsync_progress *progress, uint64_t rate_bps);

/* Prints the account as a table and puts it into the JSON object. `info` may be NULL. */
enum satsync_status transfer_tell(struct cli *cli, const struct satsync_checkpoint_info *info,
                                  const struct satsync_progress *progress,
                                  struct satsync_error *error);

/* Only the JSON part: what had been done when it failed. */
void transfer_put(struct output *output, const struct satsync_progress *progress);

#endif
