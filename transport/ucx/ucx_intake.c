#include "transport/ucx/ucx_hub.h"

#include "base/check.h"

#include <string.h>

static struct arrival *take_arrival(struct hub *hub) {
    struct arrival *arrival = hub->free_arrivals;
    if (arrival) {
        hub->free_arrivals = arrival->next;
    } else {
        arrival = memory_new(hub->options.allocator, 1, sizeof *arrival);
    }
    return arrival;
}

static void free_arrival(struct hub *hub, struct arrival *arrival) {
    memory_free(hub->options.allocator, arrival->bounce);
    arrival->bounce = NULL;
    arrival->next = hub->free_arrivals;
    hub->free_arrivals = arrival;
}

void ucx_intake_return(struct hub *hub, struct arrival *arrival) {
    if (arrival->data) {
        ucp_am_data_release(hub->worker, arrival->data);
    }
    free_arrival(hub, arrival);
}

static struct incoming *incoming_of(struct ucx_link *link, uint64_t message) {
    return &link->incoming[message % MESSAGES_MOST];
}

static void tell_message(struct ucx_link *link, enum link_event_kind kind,
                         const struct incoming *incoming) {
    (void)hub_tell(link->hub,
                   &(struct link_event){.kind = kind,
                                        .link = &link->link,
                                        .class = incoming->class,
                                        .message = incoming->number,
                                        .message_bytes = incoming->bytes},
                   NULL);
}

/* Pieces of a message may come before those of an earlier one; messages are announced in order. */
static void announce(struct ucx_link *link) {
    for (;;) {
        struct incoming *next = incoming_of(link, link->announced);
        if (!next->used || next->announced || next->number != link->announced) {
            return;
        }
        next->announced = true;
        link->announced++;
        tell_message(link, LINK_EVENT_MESSAGE, next);
    }
}

/* `bytes` at `data` are told; with `arrival`, they are borrowed from it. */
static void deliver(struct ucx_link *link, const struct arrival *piece, const uint8_t *data,
                    struct arrival *arrival) {
    struct incoming *incoming = incoming_of(link, piece->message);
    (void)hub_tell(link->hub,
                   &(struct link_event){.kind = LINK_EVENT_DATA,
                                        .link = &link->link,
                                        .class = incoming->class,
                                        .message = incoming->number,
                                        .message_bytes = incoming->bytes,
                                        .offset = piece->offset,
                                        .data = data,
                                        .bytes = piece->bytes},
                   arrival);
    link->stats.received_bytes += piece->bytes;
    incoming->received += piece->bytes;
    if (incoming->received == incoming->bytes) {
        tell_message(link, LINK_EVENT_RECEIVED, incoming);
        incoming->used = false;
        link->acks.messages[link->acks.count++] = incoming->number;
        if (link->acks.count == UCX_WIRE_ACKS_MOST) {
            ucx_link_send_acks(link);
        }
    }
}

void ucx_intake_word(struct ucx_link *link, const uint8_t *word, size_t bytes) {
    struct hub *hub = link->hub;
    struct arrival *arrival = take_arrival(hub);
    uint8_t *copy = memory_new(hub->options.allocator, 1, bytes + 1);
    if (!arrival || !copy) {
        memory_free(hub->options.allocator, arrival);
        memory_free(hub->options.allocator, copy);
        ucx_link_doom(link, SATSYNC_NO_MEMORY);
        return;
    }
    memcpy(copy, word, bytes);
    *arrival = (struct arrival){.link = link, .bounce = copy};
    (void)hub_tell(
        hub,
        &(struct link_event){
            .kind = LINK_EVENT_URGENT, .link = &link->link, .data = copy, .bytes = bytes},
        arrival);
}

static void finish_rendezvous(struct hub *hub, struct arrival *arrival, ucs_status_t status) {
    struct ucx_link *link = arrival->link;
    arrival->data = NULL; /* UCX took it back */
    if (link) {
        link->held--;
    }
    if (!link || link->state == UCX_ENDED) {
        free_arrival(hub, arrival);
    } else if (status != UCS_OK) {
        ucx_link_doom(link, SATSYNC_NO_PATH);
        free_arrival(hub, arrival);
    } else if (arrival->bounce) {
        deliver(link, arrival, arrival->bounce, arrival);
    } else {
        deliver(link, arrival, incoming_of(link, arrival->message)->into + arrival->offset, NULL);
        free_arrival(hub, arrival);
    }
}

static void on_fetched(void *request, ucs_status_t status, size_t bytes, void *user_data) {
    (void)bytes;
    struct arrival *arrival = user_data;
    ucp_request_free(request);
    finish_rendezvous(arrival->link->hub, arrival, status);
}

static void fetch(struct ucx_link *link, struct arrival *arrival) {
    struct hub *hub = link->hub;
    const struct incoming *incoming = incoming_of(link, arrival->message);
    const ucp_request_param_t param = {.op_attr_mask =
                                           UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA,
                                       .cb.recv_am = on_fetched,
                                       .user_data = arrival};
    uint8_t *target = incoming->into ? incoming->into + arrival->offset : NULL;
    if (!target) {
        target = arrival->bounce = memory_new(hub->options.allocator, 1, arrival->bytes);
    }
    if (!target) {
        ucx_link_doom(link, SATSYNC_NO_MEMORY);
        ucx_intake_return(hub, arrival);
        return;
    }
    link->held++;
    ucs_status_ptr_t request =
        ucp_am_recv_data_nbx(hub->worker, arrival->data, target, arrival->bytes, &param);
    if (!request || UCS_PTR_IS_ERR(request)) {
        finish_rendezvous(hub, arrival, request ? UCS_PTR_STATUS(request) : UCS_OK);
    }
}

/* Its message has been decided on. */
static void start(struct ucx_link *link, struct arrival *arrival) {
    struct incoming *incoming = incoming_of(link, arrival->message);
    if (arrival->is_rendezvous) {
        fetch(link, arrival);
    } else if (incoming->into) {
        uint8_t *target = incoming->into + arrival->offset;
        memcpy(target, arrival->data, arrival->bytes);
        deliver(link, arrival, target, NULL);
        ucx_intake_return(link->hub, arrival);
    } else {
        deliver(link, arrival, arrival->data, arrival);
    }
}

void ucx_intake_start_ready(struct hub *hub) {
    while (hub->ready) {
        struct arrival *arrival = hub->ready;
        hub->ready = arrival->next;
        if (!hub->ready) {
            hub->ready_end = &hub->ready;
        }
        if (arrival->link->state == UCX_ENDED) {
            arrival->link->held--;
            ucx_intake_return(hub, arrival);
        } else {
            arrival->link->held--;
            start(arrival->link, arrival);
        }
    }
}

void ucx_intake_place(struct link *base, uint64_t message, uint8_t *into) {
    struct ucx_link *link = (struct ucx_link *)base;
    struct incoming *incoming = incoming_of(link, message);
    if (link->state == UCX_ENDED) {
        return;
    }
    assert(incoming->used && incoming->number == message && !incoming->decided);
    incoming->decided = true;
    incoming->into = into;
    while (incoming->waiting) {
        struct arrival *arrival = incoming->waiting;
        incoming->waiting = arrival->next;
        start(link, arrival);
    }
}

void ucx_intake_drop(struct ucx_link *link) {
    for (size_t i = 0; i < MESSAGES_MOST; i++) {
        struct incoming *incoming = &link->incoming[i];
        while (incoming->used && incoming->waiting) {
            struct arrival *arrival = incoming->waiting;
            incoming->waiting = arrival->next;
            ucx_intake_return(link->hub, arrival);
        }
    }
}

/* The message of a piece, begun when this is its first; NULL when it cannot be. */
static struct incoming *message_of(struct ucx_link *link, const struct ucx_wire_data *header,
                                   size_t bytes) {
    struct incoming *incoming = incoming_of(link, header->message);
    if (!incoming->used) {
        if (header->message - link->announced >= MESSAGES_MOST) {
            return NULL;
        }
        *incoming = (struct incoming){.used = true,
                                      .class = header->class,
                                      .number = header->message,
                                      .bytes = header->message_bytes};
        incoming->waiting_end = &incoming->waiting;
        announce(link);
    }
    if (incoming->number != header->message || incoming->bytes != header->message_bytes ||
        bytes > incoming->bytes - incoming->claimed) {
        return NULL;
    }
    incoming->claimed += bytes;
    return incoming;
}

static ucs_status_t keep(struct ucx_link *link, struct incoming *incoming,
                         const struct arrival *piece) {
    struct hub *hub = link->hub;
    struct arrival *arrival = take_arrival(hub);
    if (!arrival) {
        ucx_link_doom(link, SATSYNC_NO_MEMORY);
        return UCS_OK;
    }
    *arrival = *piece;
    if (!incoming->decided) {
        *incoming->waiting_end = arrival;
        incoming->waiting_end = &arrival->next;
    } else {
        link->held++;
        *hub->ready_end = arrival;
        hub->ready_end = &arrival->next;
    }
    return UCS_INPROGRESS;
}

static ucs_status_t on_data(void *context, const void *header, size_t header_bytes, void *data,
                            size_t bytes, const ucp_am_recv_param_t *param) {
    struct hub *hub = context;
    struct ucx_wire_data parsed;
    if (!ucx_wire_get_data(&parsed, header, header_bytes, bytes)) {
        return UCS_OK;
    }
    struct ucx_link *link = hub_find(hub, &parsed.to);
    if (!link || link->state != UCX_UP || link->doom != SATSYNC_OK) {
        return UCS_OK;
    }
    struct incoming *incoming = message_of(link, &parsed, bytes);
    if (!incoming) {
        ucx_link_doom(link, SATSYNC_PROTOCOL);
        return UCS_OK;
    }
    const struct arrival piece = {.link = link,
                                  .message = parsed.message,
                                  .offset = parsed.offset,
                                  .bytes = bytes,
                                  .data = data,
                                  .is_rendezvous = param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV};
    if (incoming->decided && incoming->into && !piece.is_rendezvous) {
        deliver(link, &piece, memcpy(incoming->into + piece.offset, data, bytes), NULL);
        return UCS_OK;
    }
    return keep(link, incoming, &piece);
}

static ucs_status_t on_acks(void *context, const void *header, size_t header_bytes, void *data,
                            size_t bytes, const ucp_am_recv_param_t *param) {
    (void)data;
    (void)bytes;
    (void)param;
    struct ucx_wire_acks acks;
    struct ucx_link *link =
        ucx_wire_get_acks(&acks, header, header_bytes) ? hub_find(context, &acks.to) : NULL;
    for (size_t i = 0; link && link->state == UCX_UP && i < acks.count; i++) {
        struct outgoing *outgoing = &link->outgoing[acks.messages[i] % MESSAGES_MOST];
        if (!outgoing->used || outgoing->number != acks.messages[i] ||
            outgoing->written < outgoing->bytes) {
            ucx_link_doom(link, SATSYNC_PROTOCOL);
            break;
        }
        outgoing->used = false;
        link->stats.acked_bytes += outgoing->bytes;
        (void)hub_tell(context,
                       &(struct link_event){.kind = LINK_EVENT_DELIVERED,
                                            .link = &link->link,
                                            .class = outgoing->class,
                                            .message = outgoing->number,
                                            .message_bytes = outgoing->bytes},
                       NULL);
    }
    return UCS_OK;
}

static void tell_up(struct ucx_link *link, const char *urgent) {
    if (!ucx_urgent_reach(link, urgent)) {
        ucx_link_doom(link, SATSYNC_NO_PATH);
        return;
    }
    link->state = UCX_UP;
    (void)hub_tell(link->hub,
                   &(struct link_event){
                       .kind = LINK_EVENT_UP, .link = &link->link, .peer_rank = link->peer_rank},
                   NULL);
}

static bool leaves_lobby(struct hub *hub, ucp_ep_h ep) {
    for (size_t i = 0; i < LINKS_MOST; i++) {
        if (hub->lobby[i] == ep) {
            hub->lobby[i] = NULL;
            return true;
        }
    }
    return false;
}

/* The two texts of a greeting; false when it has others. */
static bool read_greeting(const char *texts, size_t bytes, const char **local,
                          const char **urgent) {
    const char *end = bytes > 0 ? memchr(texts, 0, bytes - 1) : NULL;
    *local = texts;
    *urgent = end ? end + 1 : NULL;
    return end && memchr(*urgent, 0, (size_t)(texts + bytes - *urgent)) == texts + bytes - 1;
}

/* Where the answer goes: back through the listener's connection, or to the address in the hello. */
static bool answer_to(struct ucx_link *link, const char *local, const ucp_am_recv_param_t *param) {
    struct ucx_address address;
    if (param->recv_attr & UCP_AM_RECV_ATTR_FIELD_REPLY_EP) {
        link->ep = param->reply_ep;
        link->owns_ep = link->handles_errors = leaves_lobby(link->hub, link->ep);
        return true;
    }
    link->owns_ep = ucx_address_parse(local, &address, NULL) == SATSYNC_OK && address.is_worker &&
                    ucx_worker_reach(link, link->hub->worker, &address, &link->ep) == UCS_OK;
    return link->owns_ep;
}

static ucs_status_t on_hello(void *context, const void *header, size_t header_bytes, void *data,
                             size_t bytes, const ucp_am_recv_param_t *param) {
    struct hub *hub = context;
    struct ucx_wire_hello hello;
    if ((param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) ||
        !ucx_wire_get_hello(&hello, header, header_bytes) || hello.job != hub->options.job ||
        hello.to_rank != hub->options.rank) {
        return UCS_OK; /* of another job, or no rank at all: it gets silence */
    }
    const char *local;
    const char *urgent;
    struct ucx_link *link = read_greeting(data, bytes, &local, &urgent) ? hub_add(hub) : NULL;
    if (!link) {
        return UCS_OK;
    }
    if (!answer_to(link, local, param)) {
        hub_forget(link);
        return UCS_OK;
    }
    link->peer = hello.from;
    link->peer_rank = hello.from_rank;
    ucx_link_greet(link, UCX_WIRE_WELCOME);
    tell_up(link, urgent);
    return UCS_OK;
}

static ucs_status_t on_welcome(void *context, const void *header, size_t header_bytes, void *data,
                               size_t bytes, const ucp_am_recv_param_t *param) {
    const char *local;
    const char *urgent;
    struct ucx_wire_hello welcome;
    bool is_whole = !(param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) &&
                    ucx_wire_get_hello(&welcome, header, header_bytes) &&
                    read_greeting(data, bytes, &local, &urgent);
    struct ucx_link *link = is_whole ? hub_find(context, &welcome.to) : NULL;
    if (link && link->state == UCX_GREETING && welcome.job == link->hub->options.job &&
        welcome.from_rank == link->peer_rank) {
        link->peer = welcome.from;
        tell_up(link, urgent);
    }
    return UCS_OK;
}

static ucs_status_t on_bye(void *context, const void *header, size_t header_bytes, void *data,
                           size_t bytes, const ucp_am_recv_param_t *param) {
    (void)data;
    (void)bytes;
    (void)param;
    struct ucx_wire_bye bye;
    struct ucx_link *link =
        ucx_wire_get_bye(&bye, header, header_bytes) ? hub_find(context, &bye.to) : NULL;
    if (link) {
        link->is_leaving = true;
        link->urgent_due = bye.urgent;
        ucx_urgent_leave_when_heard(link);
    }
    return UCS_OK;
}

enum satsync_status ucx_intake_listen(struct hub *hub) {
    static const struct {
        unsigned id;
        ucp_am_recv_callback_t take;
    } rows[] = {{UCX_WIRE_HELLO, on_hello},
                {UCX_WIRE_WELCOME, on_welcome},
                {UCX_WIRE_DATA, on_data},
                {UCX_WIRE_ACKS, on_acks},
                {UCX_WIRE_BYE, on_bye}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ucp_am_handler_param_t param = {
            .field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_FLAGS |
                          UCP_AM_HANDLER_PARAM_FIELD_CB | UCP_AM_HANDLER_PARAM_FIELD_ARG,
            .id = rows[i].id,
            .flags = UCP_AM_FLAG_WHOLE_MSG | UCP_AM_FLAG_PERSISTENT_DATA,
            .cb = rows[i].take,
            .arg = hub};
        if (ucp_worker_set_am_recv_handler(hub->worker, &param) != UCS_OK) {
            return SATSYNC_UNSUPPORTED;
        }
    }
    return SATSYNC_OK;
}
