/*
 * Finds the UCX module at run time, so that nothing is linked with UCX. Any thread.
 */
#ifndef TRANSPORT_LINK_UCX_LOADER_H
#define TRANSPORT_LINK_UCX_LOADER_H

#include "transport/ucx/ucx.h"

/* The module, loaded once and never unloaded: the file that SATSYNC_UCX_MODULE names, else
 * libsatsync-ucx.so beside this library, else where the system looks for libraries. A UCX that the
 * program has loaded is the one used; if there was none, its signal handlers are taken away.
 * SATSYNC_UNSUPPORTED says what is missing. */
enum satsync_status ucx_loader_open(const struct ucx_module **module,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
