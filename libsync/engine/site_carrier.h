/* The emulated link that a site's address names, such as "sim:geo?seed=7". */
#ifndef ENGINE_SITE_CARRIER_H
#define ENGINE_SITE_CARRIER_H

#include "engine/engine.h"

#include <satsync/site.h>
#include <stdbool.h>

/* Sets options->carrier where the address asks for one and none is given; `listens`: end 1 of the
 * link, else end 0. SATSYNC_NOT_FOUND: no such link is open in this process. */
enum satsync_status site_carrier_find(const struct satsync_engine *engine, bool listens,
                                      struct satsync_site_options *options,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
