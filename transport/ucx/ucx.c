#include "transport/ucx/ucx.h"

#include "transport/ucx/ucx_endpoint.h"
#include "transport/ucx/ucx_offer.h"
#include "transport/ucx/ucx_quiet.h"

const struct ucx_module satsync_ucx_module = {.version = UCX_MODULE_VERSION,
                                              .open = ucx_endpoint_open,
                                              .link_transports = ucx_endpoint_link_transports,
                                              .offer = ucx_offer,
                                              .quiet = ucx_quiet_signals};
