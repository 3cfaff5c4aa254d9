#include "transport/ucx/ucx_hub.h"

#include "base/check.h"

#include <string.h>

static ucs_status_t on_urgent(void *context, const void *header, size_t header_bytes, void *data,
                              size_t bytes, const ucp_am_recv_param_t *param) {
    (void)data;
    (void)bytes;
    (void)param;
    struct ucx_wire_urgent urgent;
    struct ucx_link *link =
        ucx_wire_get_urgent(&urgent, header, header_bytes) ? hub_find(context, &urgent.to) : NULL;
    if (link && link->state == UCX_UP) {
        link->urgent_heard++;
        ucx_intake_word(link, urgent.word, urgent.bytes);
        ucx_urgent_leave_when_heard(link);
    }
    return UCS_OK;
}

void ucx_urgent_leave_when_heard(struct ucx_link *link) {
    if (link->is_leaving && link->urgent_heard >= link->urgent_due) {
        ucx_link_doom(link, SATSYNC_PEER_FAILED);
    }
}

enum satsync_status ucx_urgent_open(struct hub *hub, struct satsync_error *error) {
    TRY(ucx_worker_open(hub->context, &hub->urgent, error));
    const ucp_am_handler_param_t param = {.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID |
                                                        UCP_AM_HANDLER_PARAM_FIELD_CB |
                                                        UCP_AM_HANDLER_PARAM_FIELD_ARG,
                                          .id = UCX_WIRE_URGENT,
                                          .cb = on_urgent,
                                          .arg = hub};
    ucs_status_t status = ucp_worker_set_am_recv_handler(hub->urgent, &param);
    ENSURE(status == UCS_OK, error, SATSYNC_UNSUPPORTED, NULL,
           "this UCX has no active messages; UCX 1.10 or newer is needed");
    return SATSYNC_OK;
}

enum satsync_status ucx_urgent_write_greeting(struct hub *hub, struct satsync_error *error) {
    size_t at = strlen(hub->local) + 1;
    memcpy(hub->greeting, hub->local, at);
    TRY(ucx_worker_name(hub->urgent, hub->machine, hub->greeting + at, error));
    hub->greeting_bytes = at + strlen(hub->greeting + at) + 1;
    return SATSYNC_OK;
}

bool ucx_urgent_reach(struct ucx_link *link, const char *address) {
    struct ucx_address parsed;
    return ucx_address_parse(address, &parsed, NULL) == SATSYNC_OK && parsed.is_worker &&
           ucx_worker_reach(link, link->hub->urgent, &parsed, &link->urgent_ep) == UCS_OK;
}

enum satsync_status ucx_urgent_say(struct link *base, const void *data, size_t bytes) {
    struct ucx_link *link = (struct ucx_link *)base;
    if (bytes > LINK_URGENT_BYTES) {
        return SATSYNC_INVALID;
    }
    if (link->state != UCX_UP || !link->urgent_ep || link->urgent_failed) {
        return SATSYNC_WRONG_STATE;
    }
    uint8_t header[UCX_WIRE_BYTES];
    const struct ucx_wire_urgent urgent = {.to = link->peer, .word = data, .bytes = bytes};
    link->urgent_said++;
    ucx_link_say(link, UCX_WIRE_URGENT, header, ucx_wire_put_urgent(&urgent, header));
    return SATSYNC_OK;
}
