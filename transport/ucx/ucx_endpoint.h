/* Opens an endpoint over UCX; see ucx.h. */
#ifndef TRANSPORT_UCX_ENDPOINT_H
#define TRANSPORT_UCX_ENDPOINT_H

#include "transport/ucx/ucx.h"

enum satsync_status ucx_endpoint_open(const struct ucx_options *options, struct endpoint **endpoint,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;

/* As ucx_module.link_transports. */
void ucx_endpoint_link_transports(struct link *link, char *out, size_t bytes);

#endif
