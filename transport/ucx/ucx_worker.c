#include "transport/ucx/ucx_hub.h"

#include "base/check.h"

enum satsync_status ucx_worker_open(ucp_context_h context, ucp_worker_h *worker,
                                    struct satsync_error *error) {
    const ucp_worker_params_t params = {.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
                                        .thread_mode = UCS_THREAD_MODE_SINGLE};
    ucs_status_t status = ucp_worker_create(context, &params, worker);
    if (status != UCS_OK) {
        *worker = NULL;
        return error_set(error, SATSYNC_UNSUPPORTED, NULL, "UCX makes no worker: %s",
                         ucs_status_string(status));
    }
    return SATSYNC_OK;
}

enum satsync_status ucx_worker_name(ucp_worker_h worker, uint64_t machine,
                                    char out[UCX_ADDRESS_TEXT_BYTES], struct satsync_error *error) {
    ucp_address_t *address;
    size_t bytes;
    ucs_status_t status = ucp_worker_get_address(worker, &address, &bytes);
    ENSURE(status == UCS_OK, error, SATSYNC_ADDRESS, NULL, "UCX gives no address: %s",
           ucs_status_string(status));
    bool fits = bytes <= UCX_ADDRESS_BYTES &&
                ucx_address_format(machine, address, bytes, out, UCX_ADDRESS_TEXT_BYTES);
    ucp_worker_release_address(worker, address);
    ENSURE(fits, error, SATSYNC_LIMIT, NULL,
           "this machine's UCX address has %zu bytes; name fewer devices in UCX_NET_DEVICES",
           bytes);
    return SATSYNC_OK;
}

/* Shared memory has no error handling, and asking for it makes UCX move to TCP without a word. */
static bool can_handle_errors(const struct hub *hub, const struct ucx_address *address) {
    return !address->is_worker || address->machine != hub->machine || !hub->shares_memory;
}

ucs_status_t ucx_worker_reach(struct ucx_link *link, ucp_worker_h worker,
                              const struct ucx_address *address, ucp_ep_h *ep) {
    ucp_ep_params_t params = {.field_mask = 0};
    if (address->is_worker) {
        params.field_mask |= UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
        params.address = (const ucp_address_t *)address->worker;
    } else {
        params.field_mask |= UCP_EP_PARAM_FIELD_SOCK_ADDR | UCP_EP_PARAM_FIELD_FLAGS;
        params.flags = UCP_EP_PARAMS_FLAGS_CLIENT_SERVER;
        params.sockaddr.addr = (const struct sockaddr *)&address->socket;
        params.sockaddr.addrlen = address->socket_bytes;
    }
    if (can_handle_errors(link->hub, address)) {
        link->handles_errors = true;
        ucx_link_set_error_handler(&params, link->hub);
    }
    ucs_status_t status = ucp_ep_create(worker, &params, ep);
    if (status != UCS_OK) {
        *ep = NULL;
    }
    return status;
}
