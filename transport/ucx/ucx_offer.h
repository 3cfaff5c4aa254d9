/*
 * What UCX has on this machine and on a link, in words.
 */
#ifndef TRANSPORT_UCX_OFFER_H
#define TRANSPORT_UCX_OFFER_H

#include "transport/ucx/ucx.h"

#include <ucp/api/ucp.h>

/* A context as endpoints use it. */
enum satsync_status ucx_offer_open_context(ucp_context_h *context,
                                           struct satsync_error *error) SATSYNC_MUST_CHECK;

enum satsync_status ucx_offer(struct ucx_offer *offer,
                              struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Pure. The transports in what UCX prints of an endpoint or a context: each "NAME/DEVICE" word
 * after a `mark`, once; with `names_only` without the device. Always terminated. */
struct ucx_offer_words {
    const char *text;
    const char *mark;
    bool names_only;
};
void ucx_offer_words(const struct ucx_offer_words *words, char *out, size_t bytes);

/* True when a context has shared memory among its transports. */
bool ucx_offer_shares_memory(ucp_context_h context);

/* Those that an endpoint sends through. */
void ucx_offer_lanes(ucp_ep_h ep, char *out, size_t bytes);

#endif
