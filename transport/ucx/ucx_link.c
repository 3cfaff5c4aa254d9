#include "transport/ucx/ucx_hub.h"
#include "transport/ucx/ucx_quiet.h"

#include "base/check.h"

#include <string.h>

/* Words between ranks leave at once, whatever UCX_RNDV_THRESH says. */
enum { EAGER_BYTES = 8192 };

static struct send *take_send(struct ucx_link *link, struct slice *slice) {
    struct hub *hub = link->hub;
    struct send *send = hub->free_sends;
    if (send) {
        hub->free_sends = send->next_free;
    } else {
        send = memory_new(hub->options.allocator, 1, sizeof *send);
    }
    if (send) {
        send->link = link;
        send->slice = slice;
        link->held++;
    }
    return send;
}

static void give_back(struct slice *slice) {
    struct ucx_link *link = slice->link;
    if (!slice->is_returned) {
        slice->is_returned = true;
        (void)hub_tell(link->hub,
                       &(struct link_event){.kind = LINK_EVENT_RETURNED,
                                            .link = &link->link,
                                            .cookie = slice->cookie},
                       NULL);
    }
}

static void remove_slice(struct slice *slice) {
    struct slice **at = &slice->link->slices;
    while (*at != slice) {
        at = &(*at)->next;
    }
    *at = slice->next;
    slice->next = slice->link->hub->free_slices;
    slice->link->hub->free_slices = slice;
}

static void settle(struct send *send) {
    struct ucx_link *link = send->link;
    struct slice *slice = send->slice;
    send->next_free = link->hub->free_sends;
    link->hub->free_sends = send;
    link->held--;
    if (slice && --slice->pieces == 0) {
        give_back(slice);
        remove_slice(slice);
    }
}

static void on_sent(void *request, ucs_status_t status, void *user_data) {
    struct send *send = user_data;
    if (status != UCS_OK && send->link->state != UCX_ENDED) {
        ucx_link_doom(send->link, SATSYNC_NO_PATH);
    }
    ucp_request_free(request);
    settle(send);
}

/* What goes with a send's header. */
struct post {
    enum ucx_wire_id id;
    size_t header_bytes;
    const void *data;
    size_t bytes;
    uint32_t flags;
};

/* Gives an active message to UCX. */
static void post(struct send *send, const struct post *what) {
    const ucp_request_param_t param = {.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
                                                       UCP_OP_ATTR_FIELD_USER_DATA |
                                                       UCP_OP_ATTR_FIELD_FLAGS,
                                       .flags = what->flags,
                                       .cb.send = on_sent,
                                       .user_data = send};
    ucp_ep_h ep = what->id == UCX_WIRE_URGENT ? send->link->urgent_ep : send->link->ep;
    ucs_status_ptr_t request = ucp_am_send_nbx(ep, what->id, send->header, what->header_bytes,
                                               what->data, what->bytes, &param);
    if (request == NULL) {
        settle(send);
    } else if (UCS_PTR_IS_ERR(request)) {
        ucx_link_doom(send->link, SATSYNC_NO_PATH);
        settle(send);
    }
}

void ucx_link_doom(struct ucx_link *link, enum satsync_status status) {
    if (link->doom == SATSYNC_OK) {
        link->doom = status;
        link->hub->has_doomed = true;
    }
}

static void on_error(void *context, ucp_ep_h ep, ucs_status_t status) {
    struct hub *hub = context;
    (void)status;
    for (size_t i = 0; i < LINKS_MOST; i++) {
        struct ucx_link *link = hub->links[i];
        if (link && link->ep == ep) {
            link->ep_failed = true;
            ucx_link_doom(link, SATSYNC_NO_PATH);
        } else if (link && link->urgent_ep == ep) {
            link->urgent_failed = true; /* messages may still be on their way */
        }
    }
}

void ucx_link_set_error_handler(ucp_ep_params_t *params, void *context) {
    params->field_mask |= UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE | UCP_EP_PARAM_FIELD_ERR_HANDLER;
    params->err_mode = UCP_ERR_HANDLING_MODE_PEER;
    params->err_handler.cb = on_error;
    params->err_handler.arg = context;
}

/* A header, and behind it `with`: bytes of our own that stay while UCX has them. */
static void say(struct ucx_link *link, const uint8_t *header, const struct post *with) {
    struct send *send = take_send(link, NULL);
    if (!send) {
        ucx_link_doom(link, SATSYNC_NO_MEMORY);
        return;
    }
    memcpy(send->header, header, with->header_bytes);
    post(send, with);
}

void ucx_link_say(struct ucx_link *link, enum ucx_wire_id id, const uint8_t *header, size_t bytes) {
    say(link, header,
        &(struct post){.id = id, .header_bytes = bytes, .flags = UCP_AM_SEND_FLAG_EAGER});
}

void ucx_link_greet(struct ucx_link *link, enum ucx_wire_id id) {
    uint8_t header[UCX_WIRE_BYTES];
    const struct ucx_wire_hello hello = {.to = link->peer,
                                         .from = link->name,
                                         .job = link->hub->options.job,
                                         .from_rank = link->hub->options.rank,
                                         .to_rank = link->peer_rank};
    /* One that came through a listener is answered by the same connection. */
    bool by_reply = id == UCX_WIRE_HELLO && link->by_listener;
    uint32_t reply = by_reply ? UCP_AM_SEND_FLAG_REPLY : 0;
    say(link, header,
        &(struct post){.id = id,
                       .header_bytes = ucx_wire_put_hello(&hello, header),
                       .data = link->hub->greeting,
                       .bytes = link->hub->greeting_bytes,
                       .flags = UCP_AM_SEND_FLAG_EAGER | reply});
}

void ucx_link_send_acks(struct ucx_link *link) {
    if (link->acks.count > 0 && link->state == UCX_UP) {
        uint8_t header[UCX_WIRE_BYTES];
        link->acks.to = link->peer;
        size_t bytes = ucx_wire_put_acks(&link->acks, header);
        link->acks.count = 0;
        ucx_link_say(link, UCX_WIRE_ACKS, header, bytes);
    }
}

static enum satsync_status submit(struct link *base, const struct link_message *message,
                                  uint64_t *number) {
    struct ucx_link *link = (struct ucx_link *)base;
    struct outgoing *outgoing = &link->outgoing[link->submitted % MESSAGES_MOST];
    if (link->state == UCX_ENDED || message->bytes == 0) {
        return link->state == UCX_ENDED ? SATSYNC_WRONG_STATE : SATSYNC_INVALID;
    }
    if (outgoing->used || link->state != UCX_UP) {
        return SATSYNC_LIMIT;
    }
    *number = link->submitted++;
    *outgoing = (struct outgoing){
        .used = true, .number = *number, .bytes = message->bytes, .class = message->class};
    return SATSYNC_OK;
}

static struct slice *take_slice(struct ucx_link *link, void *cookie) {
    struct hub *hub = link->hub;
    struct slice *slice = hub->free_slices;
    if (slice) {
        hub->free_slices = slice->next;
    } else {
        slice = memory_new(hub->options.allocator, 1, sizeof *slice);
    }
    if (slice) {
        *slice = (struct slice){.next = link->slices, .link = link, .cookie = cookie, .pieces = 1};
        link->slices = slice;
    }
    return slice;
}

static bool send_piece(struct slice *slice, const struct outgoing *outgoing, uint64_t offset,
                       const uint8_t *data, size_t bytes) {
    struct send *send = take_send(slice->link, slice);
    if (!send) {
        return false;
    }
    slice->pieces++;
    const struct ucx_wire_data header = {.to = slice->link->peer,
                                         .class = (uint8_t)outgoing->class,
                                         .message = outgoing->number,
                                         .message_bytes = outgoing->bytes,
                                         .offset = offset};
    bool is_word = outgoing->class == LINK_CONTROL && bytes <= EAGER_BYTES;
    post(send, &(struct post){.id = UCX_WIRE_DATA,
                              .header_bytes = ucx_wire_put_data(&header, send->header),
                              .data = data,
                              .bytes = bytes,
                              .flags = is_word ? UCP_AM_SEND_FLAG_EAGER : 0});
    return true;
}

static enum satsync_status write_slice(struct link *base, uint64_t message,
                                       const struct link_slice *given) {
    struct ucx_link *link = (struct ucx_link *)base;
    struct outgoing *outgoing = &link->outgoing[message % MESSAGES_MOST];
    if (link->state != UCX_UP) {
        return SATSYNC_WRONG_STATE;
    }
    if (!outgoing->used || outgoing->number != message || given->bytes == 0 ||
        given->bytes > outgoing->bytes - outgoing->written) {
        return SATSYNC_INVALID;
    }
    struct slice *slice = take_slice(link, given->cookie);
    if (!slice) {
        return SATSYNC_AGAIN;
    }
    uint64_t offset = outgoing->written;
    outgoing->written += given->bytes;
    link->stats.payload_bytes += given->bytes;
    for (size_t at = 0; at < given->bytes; at += UCX_WIRE_PIECE_BYTES) {
        size_t left = given->bytes - at;
        size_t bytes = left < UCX_WIRE_PIECE_BYTES ? left : UCX_WIRE_PIECE_BYTES;
        if (!send_piece(slice, outgoing, offset + at, given->data + at, bytes)) {
            ucx_link_doom(link, SATSYNC_NO_MEMORY);
            break;
        }
    }
    if (--slice->pieces == 0) { /* the one that kept it here */
        give_back(slice);
        remove_slice(slice);
    }
    return SATSYNC_OK;
}

/* A message is out until the peer has it, which bounds what is on the way. */
static void release(struct link *base, uint64_t bytes) {
    (void)base;
    (void)bytes;
}

static void stats(struct link *base, struct link_stats *out) {
    const struct ucx_link *link = (const struct ucx_link *)base;
    *out = link->stats;
    out->state = link->state == UCX_UP         ? (link->slices ? LINK_SENDING : LINK_IDLE)
                 : link->state == UCX_GREETING ? LINK_CONNECTING
                                               : LINK_CLOSED;
}

static void on_closed(void *request, ucs_status_t status, void *user_data) {
    (void)status;
    struct ucx_closing *closing = user_data;
    ucp_request_free(request);
    closing->request = NULL;
    closing->link->held--;
}

/* What was sent shall arrive, unless the peer is gone or does not take it. One that is not ours is
 * only flushed. */
static void close_ep(ucp_ep_h ep, bool is_ours, bool drops, struct ucx_closing *closing) {
    const ucp_request_param_t param = {.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
                                                       UCP_OP_ATTR_FIELD_USER_DATA |
                                                       (drops ? UCP_OP_ATTR_FIELD_FLAGS : 0),
                                       .flags = UCP_EP_CLOSE_FLAG_FORCE,
                                       .cb.send = on_closed,
                                       .user_data = closing};
    ucx_quiet_begin();
    ucs_status_ptr_t request =
        is_ours ? ucp_ep_close_nbx(ep, &param) : ucp_ep_flush_nbx(ep, &param);
    ucx_quiet_end();
    if (request && !UCS_PTR_IS_ERR(request)) {
        closing->request = request;
        closing->link->held++;
    }
}

void ucx_link_end(struct ucx_link *link, enum satsync_status status) {
    if (link->state == UCX_ENDED) {
        return;
    }
    bool drops = link->ep_failed || (link->handles_errors && link->held > 0);
    if (link->state == UCX_UP && !link->ep_failed) {
        uint8_t header[UCX_WIRE_BYTES];
        const struct ucx_wire_bye bye = {
            .to = link->peer, .status = (uint32_t)status, .urgent = link->urgent_said};
        ucx_link_send_acks(link);
        ucx_link_say(link, UCX_WIRE_BYE, header, ucx_wire_put_bye(&bye, header));
    }
    link->state = UCX_ENDED;
    for (struct slice *slice = link->slices; slice; slice = slice->next) {
        give_back(slice);
    }
    ucx_intake_drop(link);
    if (link->ep) {
        close_ep(link->ep, link->owns_ep, drops, &link->closing);
    }
    if (link->urgent_ep) {
        close_ep(link->urgent_ep, true, link->urgent_failed, &link->urgent_closing);
    }
    (void)hub_tell(
        link->hub,
        &(struct link_event){.kind = LINK_EVENT_DOWN, .link = &link->link, .status = status}, NULL);
}

static void close_link(struct link *base, enum satsync_status why) {
    ucx_link_end((struct ucx_link *)base, why);
}

const struct link_ops ucx_link_ops = {.submit = submit,
                                      .write = write_slice,
                                      .release = release,
                                      .stats = stats,
                                      .close = close_link,
                                      .place = ucx_intake_place,
                                      .urge = ucx_urgent_say};
