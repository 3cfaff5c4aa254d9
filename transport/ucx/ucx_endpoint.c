#include "transport/ucx/ucx_endpoint.h"

#include "transport/ucx/ucx_address.h"
#include "transport/ucx/ucx_hub.h"
#include "transport/ucx/ucx_offer.h"
#include "transport/ucx/ucx_quiet.h"

#include "base/check.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE_EVENTS = 1024,
    PROGRESS_A_POLL = 16,
    LOOKS_A_CLOCK = 64,
    REST_MS = 1,
    LOOKS_A_WORD = 64
};
/* How long closing waits for what was sent to reach peers that listen. */
#define FAREWELL_NS UINT64_C(1000000000)
#define SECOND_NS UINT64_C(1000000000)

static uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static bool grow_queue(struct hub *hub) {
    size_t capacity = hub->capacity ? 2 * hub->capacity : QUEUE_EVENTS;
    struct queued *queue = memory_new(hub->options.allocator, capacity, sizeof *queue);
    if (!queue) {
        return false;
    }
    for (size_t i = 0; i < hub->count; i++) {
        queue[i] = hub->queue[(hub->head + i) % hub->capacity];
    }
    memory_free(hub->options.allocator, hub->queue);
    hub->queue = queue;
    hub->capacity = capacity;
    hub->head = 0;
    return true;
}

bool hub_tell(struct hub *hub, const struct link_event *event, struct arrival *arrival) {
    if (hub->count == hub->capacity && !grow_queue(hub)) {
        if (arrival) {
            ucx_intake_return(hub, arrival);
        }
        ucx_link_doom((struct ucx_link *)event->link, SATSYNC_NO_MEMORY);
        return false;
    }
    hub->queue[(hub->head + hub->count++) % hub->capacity] =
        (struct queued){.event = *event, .arrival = arrival};
    return true;
}

struct ucx_link *hub_find(struct hub *hub, const struct ucx_wire_name *name) {
    struct ucx_link *link = name->link < LINKS_MOST ? hub->links[name->link] : NULL;
    return link && link->name.token == name->token && link->state != UCX_ENDED ? link : NULL;
}

struct ucx_link *hub_add(struct hub *hub) {
    for (uint32_t i = 0; i < LINKS_MOST; i++) {
        if (hub->links[i]) {
            continue;
        }
        struct ucx_link *link = memory_new(hub->options.allocator, 1, sizeof *link);
        if (link) {
            link->link.ops = &ucx_link_ops;
            link->hub = hub;
            link->closing.link = link->urgent_closing.link = link;
            link->name.link = i;
            if (getrandom(&link->name.token, sizeof link->name.token, 0) < 0) {
                link->name.token = clock_now();
            }
            hub->links[i] = link;
        }
        return link;
    }
    return NULL;
}

void hub_forget(struct ucx_link *link) {
    link->hub->links[link->name.link] = NULL;
    memory_free(link->hub->options.allocator, link);
}

static void remove_link(struct ucx_link *link) {
    struct hub *hub = link->hub;
    hub->links[link->name.link] = NULL;
    link->next_ended = hub->ended;
    hub->ended = link;
}

/* Frees ended links of which UCX holds nothing any more. */
static void sweep(struct hub *hub) {
    for (struct ucx_link **at = &hub->ended; *at;) {
        struct ucx_link *link = *at;
        if (link->held == 0) {
            *at = link->next_ended;
            memory_free(hub->options.allocator, link);
        } else {
            at = &link->next_ended;
        }
    }
}

static unsigned progress_urgent(struct hub *hub) {
    ucx_quiet_begin();
    unsigned count = ucp_worker_progress(hub->urgent);
    ucx_quiet_end();
    return count;
}

/* What a peer said before its link broke is heard first. */
static void end_doomed(struct hub *hub) {
    while (progress_urgent(hub) > 0) {
    }
    hub->has_doomed = false;
    for (size_t i = 0; i < LINKS_MOST; i++) {
        if (hub->links[i] && hub->links[i]->doom != SATSYNC_OK) {
            ucx_link_end(hub->links[i], hub->links[i]->doom);
        }
    }
}

static bool take_event(struct hub *hub, struct link_event *event) {
    if (hub->count == 0) {
        return false;
    }
    const struct queued *queued = &hub->queue[hub->head];
    *event = queued->event;
    hub->borrowed = queued->arrival;
    hub->head = (hub->head + 1) % hub->capacity;
    hub->count--;
    if (event->kind == LINK_EVENT_DOWN) {
        hub->told = (struct ucx_link *)event->link;
    }
    return true;
}

/* Urgent words are rare: they are looked for before sleeping, and now and then while messages come,
 * for over TCP each look is a system call. */
static unsigned progress(struct hub *hub) {
    ucx_quiet_begin();
    unsigned count = ucp_worker_progress(hub->worker);
    ucx_quiet_end();
    return ++hub->looks % LOOKS_A_WORD == 0 ? count + progress_urgent(hub) : count;
}

static void send_acks(struct hub *hub) {
    for (size_t i = 0; i < LINKS_MOST; i++) {
        if (hub->links[i] && hub->links[i]->acks.count > 0) {
            ucx_link_send_acks(hub->links[i]);
        }
    }
}

static bool hub_poll(struct endpoint *endpoint, struct link_event *event) {
    struct hub *hub = (struct hub *)endpoint;
    if (hub->borrowed) {
        ucx_intake_return(hub, hub->borrowed);
        hub->borrowed = NULL;
    }
    if (hub->told) {
        remove_link(hub->told);
        hub->told = NULL;
    }
    for (unsigned i = 0; !take_event(hub, event); i++) {
        if (hub->has_doomed) {
            end_doomed(hub);
            continue;
        }
        if (i == PROGRESS_A_POLL || (progress(hub) == 0 && !hub->ready)) {
            if (!hub->has_doomed && hub->count == 0) {
                send_acks(hub);
                sweep(hub);
                return false;
            }
        }
        ucx_intake_start_ready(hub);
    }
    return true;
}

/* True when poll is worth calling: something came while looking. */
static bool look(struct hub *hub, uint64_t until_ns) {
    uint64_t begin_ns = clock_now();
    uint64_t end_ns = begin_ns + ucx_spin_allowed(&hub->spin, begin_ns);
    end_ns = end_ns < until_ns ? end_ns : until_ns;
    for (unsigned looks = 1;; looks++) {
        if (progress(hub) > 0 || hub->count > 0 || hub->has_doomed) {
            ucx_spin_paid(&hub->spin);
            return true;
        }
        if (looks % LOOKS_A_CLOCK == 0) {
            uint64_t now_ns = clock_now();
            if (now_ns >= end_ns) {
                ucx_spin_in_vain(&hub->spin, now_ns - begin_ns);
                return false;
            }
        }
    }
}

/* -1 when poll is worth calling at once. */
static int hub_arm(struct endpoint *endpoint) {
    struct hub *hub = (struct hub *)endpoint;
    send_acks(hub);
    if (hub->count > 0 || hub->has_doomed || hub->ready) {
        return -1;
    }
    if (ucp_worker_arm(hub->urgent) != UCS_OK) {
        progress_urgent(hub);
        return -1;
    }
    return ucp_worker_arm(hub->worker) == UCS_OK ? hub->epoll_fd : -1;
}

static void hub_wait(struct endpoint *endpoint, uint64_t until_ns) {
    struct hub *hub = (struct hub *)endpoint;
    if (look(hub, until_ns) || hub_arm(endpoint) < 0) {
        return;
    }
    uint64_t now_ns = clock_now();
    uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    const struct timespec left = {.tv_sec = (time_t)(left_ns / SECOND_NS),
                                  .tv_nsec = (long)(left_ns % SECOND_NS)};
    struct pollfd fd = {.fd = hub->epoll_fd, .events = POLLIN};
    (void)ppoll(&fd, 1, until_ns == UINT64_MAX ? NULL : &left, NULL);
    uint64_t wakes;
    (void)!read(hub->wake_fd, &wakes, sizeof wakes);
}

static void hub_wake(struct endpoint *endpoint) {
    const uint64_t one = 1;
    (void)!write(((struct hub *)endpoint)->wake_fd, &one, sizeof one);
}

static uint64_t hub_now(struct endpoint *endpoint) {
    (void)endpoint;
    return clock_now();
}

static void hub_local(struct endpoint *endpoint, char *out, size_t bytes) {
    snprintf(out, bytes, "%s", ((struct hub *)endpoint)->local);
}

static enum satsync_status hub_connect(struct endpoint *endpoint, const struct link_target *target,
                                       struct link **out, struct satsync_error *error) {
    struct hub *hub = (struct hub *)endpoint;
    struct ucx_address address;
    *out = NULL;
    TRY(ucx_address_parse(target->address, &address, error));
    struct ucx_link *link = hub_add(hub);
    ENSURE(link, error, SATSYNC_LIMIT, target->address,
           "no memory or place for one more link; %d is the limit", LINKS_MOST);
    ucs_status_t status = ucx_worker_reach(link, hub->worker, &address, &link->ep);
    if (status != UCS_OK) {
        hub_forget(link);
        return error_set(error, SATSYNC_NO_PATH, target->address, "UCX cannot reach it: %s",
                         ucs_status_string(status));
    }
    link->owns_ep = true;
    link->by_listener = !address.is_worker;
    link->peer_rank = target->peer_rank;
    ucx_link_greet(link, UCX_WIRE_HELLO);
    *out = &link->link;
    return SATSYNC_OK;
}

static bool is_waiting_for_ucx(const struct hub *hub) {
    for (const struct ucx_link *link = hub->ended; link; link = link->next_ended) {
        if (link->held > 0) {
            return true;
        }
    }
    return false;
}

static void free_lists(struct hub *hub) {
    const struct allocator *allocator = hub->options.allocator;
    while (hub->free_sends) {
        struct send *send = hub->free_sends;
        hub->free_sends = send->next_free;
        memory_free(allocator, send);
    }
    while (hub->free_slices) {
        struct slice *slice = hub->free_slices;
        hub->free_slices = slice->next;
        memory_free(allocator, slice);
    }
    while (hub->free_arrivals) {
        struct arrival *arrival = hub->free_arrivals;
        hub->free_arrivals = arrival->next;
        memory_free(allocator, arrival);
    }
}

static void free_hub(struct hub *hub) {
    if (hub->listener) {
        ucp_listener_destroy(hub->listener);
    }
    ucx_quiet_begin();
    for (struct ucx_link *link = hub->ended; link; link = link->next_ended) {
        if (link->closing.request) { /* its peer does not answer */
            ucp_request_free(link->closing.request);
        }
        if (link->urgent_closing.request) {
            ucp_request_free(link->urgent_closing.request);
        }
    }
    if (hub->worker) {
        ucp_worker_destroy(hub->worker);
    }
    if (hub->urgent) {
        ucp_worker_destroy(hub->urgent);
    }
    if (hub->context) {
        ucp_cleanup(hub->context);
    }
    ucx_quiet_end();
    while (hub->ended) {
        struct ucx_link *link = hub->ended;
        hub->ended = link->next_ended;
        memory_free(hub->options.allocator, link);
    }
    free_lists(hub);
    if (hub->epoll_fd >= 0) {
        close(hub->epoll_fd);
    }
    if (hub->wake_fd >= 0) {
        close(hub->wake_fd);
    }
    memory_free(hub->options.allocator, hub->queue);
    memory_free(hub->options.allocator, hub);
}

/* Others need the processor more than one who only waits for its last words to be taken. */
static void rest(struct hub *hub) {
    struct pollfd fd = {.fd = hub->epoll_fd, .events = POLLIN};
    (void)poll(&fd, hub_arm(&hub->endpoint) >= 0, REST_MS);
}

/* What was sent shall arrive; then everything that UCX still calls back is behind us. */
static void hub_close(struct endpoint *endpoint) {
    struct hub *hub = (struct hub *)endpoint;
    for (size_t i = 0; i < LINKS_MOST; i++) {
        if (hub->links[i]) {
            ucx_link_end(hub->links[i], SATSYNC_CANCELLED);
        }
    }
    struct link_event event;
    uint64_t end_ns = clock_now() + FAREWELL_NS;
    for (;;) {
        while (hub_poll(endpoint, &event)) {
        }
        if (!is_waiting_for_ucx(hub) || clock_now() >= end_ns) {
            break;
        }
        rest(hub);
    }
    free_hub(hub);
}

static void on_knock(ucp_conn_request_h request, void *context) {
    struct hub *hub = context;
    for (size_t i = 0; i < LINKS_MOST; i++) {
        if (!hub->lobby[i]) {
            ucp_ep_params_t params = {.field_mask = UCP_EP_PARAM_FIELD_CONN_REQUEST,
                                      .conn_request = request};
            ucx_link_set_error_handler(&params, hub);
            if (ucp_ep_create(hub->worker, &params, &hub->lobby[i]) != UCS_OK) {
                hub->lobby[i] = NULL;
            }
            return;
        }
    }
    (void)ucp_listener_reject(hub->listener, request);
}

static enum satsync_status listen_at(struct hub *hub, struct satsync_error *error) {
    struct ucx_address address;
    TRY(ucx_address_parse(hub->options.listen, &address, error));
    const ucp_listener_params_t params = {
        .field_mask = UCP_LISTENER_PARAM_FIELD_SOCK_ADDR | UCP_LISTENER_PARAM_FIELD_CONN_HANDLER,
        .sockaddr = {.addr = (const struct sockaddr *)&address.socket,
                     .addrlen = address.socket_bytes},
        .conn_handler = {.cb = on_knock, .arg = hub}};
    ucs_status_t status = ucp_listener_create(hub->worker, &params, &hub->listener);
    ENSURE(status == UCS_OK, error, SATSYNC_ADDRESS, hub->options.listen, "UCX cannot listen: %s",
           ucs_status_string(status));
    ucp_listener_attr_t attr = {.field_mask = UCP_LISTENER_ATTR_FIELD_SOCKADDR};
    if (ucp_listener_query(hub->listener, &attr) == UCS_OK) {
        ucx_address_format_socket(&attr.sockaddr, hub->local, sizeof hub->local);
    }
    return SATSYNC_OK;
}

static enum satsync_status watch_worker(struct hub *hub, ucp_worker_h worker,
                                        struct satsync_error *error) {
    int fd;
    struct epoll_event event = {.events = EPOLLIN};
    ucs_status_t status = ucp_worker_get_efd(worker, &fd);
    ENSURE(status == UCS_OK, error, SATSYNC_UNSUPPORTED, NULL,
           "UCX cannot wait on the transports that UCX_TLS allows: %s", ucs_status_string(status));
    if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return error_set_errno(error, errno, NULL, "watching the UCX worker");
    }
    return SATSYNC_OK;
}

static enum satsync_status watch(struct hub *hub, struct satsync_error *error) {
    struct epoll_event event = {.events = EPOLLIN};
    hub->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    hub->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hub->epoll_fd < 0 || hub->wake_fd < 0 ||
        epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, hub->wake_fd, &event) != 0) {
        return error_set_errno(error, errno, NULL, "opening event descriptors");
    }
    TRY(watch_worker(hub, hub->worker, error));
    return watch_worker(hub, hub->urgent, error);
}

static enum satsync_status set_up(struct hub *hub, struct satsync_error *error) {
    TRY(ucx_offer_open_context(&hub->context, error));
    TRY(ucx_worker_open(hub->context, &hub->worker, error));
    ENSURE(ucx_intake_listen(hub) == SATSYNC_OK, error, SATSYNC_UNSUPPORTED, NULL,
           "this UCX has no active messages; UCX 1.10 or newer is needed");
    TRY(ucx_urgent_open(hub, error));
    TRY(watch(hub, error));
    hub->shares_memory = ucx_offer_shares_memory(hub->context);
    if (hub->options.listen) {
        TRY(listen_at(hub, error));
    } else {
        TRY(ucx_worker_name(hub->worker, hub->machine, hub->local, error));
    }
    return ucx_urgent_write_greeting(hub, error);
}

enum satsync_status ucx_endpoint_open(const struct ucx_options *options, struct endpoint **endpoint,
                                      struct satsync_error *error) {
    static const struct endpoint_ops ops = {.connect = hub_connect,
                                            .poll = hub_poll,
                                            .wait = hub_wait,
                                            .wake = hub_wake,
                                            .now_ns = hub_now,
                                            .local = hub_local,
                                            .close = hub_close,
                                            .arm = hub_arm};
    *endpoint = NULL;
    struct hub *hub = memory_new(options->allocator, 1, sizeof *hub);
    ENSURE(hub, error, SATSYNC_NO_MEMORY, NULL, "no memory for an endpoint");
    hub->endpoint.ops = &ops;
    hub->options = *options;
    hub->epoll_fd = hub->wake_fd = -1;
    hub->machine = ucx_address_machine();
    hub->spin = ucx_spin_of(clock_now());
    hub->ready_end = &hub->ready;
    enum satsync_status status =
        grow_queue(hub) ? set_up(hub, error)
                        : error_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for an endpoint");
    if (status != SATSYNC_OK) {
        free_hub(hub);
        return status;
    }
    *endpoint = &hub->endpoint;
    return SATSYNC_OK;
}

void ucx_endpoint_link_transports(struct link *link, char *out, size_t bytes) {
    ucp_ep_h ep = ((struct ucx_link *)link)->ep;
    out[0] = '\0';
    if (ep && ((struct ucx_link *)link)->state == UCX_UP) {
        ucx_offer_lanes(ep, out, bytes);
    }
}
