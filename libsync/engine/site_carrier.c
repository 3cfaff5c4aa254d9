#include "engine/site_carrier.h"

#include "base/check.h"

#include <string.h>

enum satsync_status site_carrier_find(const struct satsync_engine *engine, bool listens,
                                      struct satsync_site_options *options,
                                      struct satsync_error *error) {
    const char *address = options->address;
    if (options->carrier || strncmp(address, "sim:", 4) != 0) {
        return SATSYNC_OK;
    }
    options->carrier =
        engine->ports.carrier_find ? engine->ports.carrier_find(address, listens ? 1 : 0) : NULL;
    ENSURE(options->carrier, error, SATSYNC_NOT_FOUND, address,
           "no emulated link is open as %s; open it with satsync_sim_open of libsatsync-sim",
           address);
    return SATSYNC_OK;
}
