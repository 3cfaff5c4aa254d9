#include "transport/udp/udp.h"

#include "base/check.h"
#include "base/timers.h"
#include "transport/udp/udp_address.h"
#include "transport/udp/udp_mmsg.h"
#include "transport/udp/udp_uring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { IPV4_HEADERS = 28, IPV6_HEADERS = 48, FRAME_BYTES = 1500 };

struct udp {
    struct net net;
    struct udp_socket socket;
    struct udp_receiver *receiver;
    const struct allocator *allocator;
    int epoll_fd;
    int event_fd;
    bool send_refused; /* wait also for room to send */
    bool slack_set;
};

static struct udp *udp_of(struct net *net) {
    return (struct udp *)net;
}

static uint64_t udp_now(struct net *net) {
    (void)net;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A socket is watched for room only while a send was refused; it is in the set already when the
 * receiver's fd is the socket itself. */
static void watch_room(struct udp *udp, bool on) {
    if (udp->send_refused == on) {
        return;
    }
    udp->send_refused = on;
    bool shared = udp->receiver->fd == udp->socket.fd;
    struct epoll_event event = {.events = (shared ? EPOLLIN : 0) | (on ? EPOLLOUT : 0)};
    int operation = shared ? EPOLL_CTL_MOD : on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    epoll_ctl(udp->epoll_fd, operation, udp->socket.fd, &event);
}

static enum satsync_status udp_send(struct net *net, const struct net_batch *batch) {
    struct udp *udp = udp_of(net);
    enum satsync_status status = udp_socket_send(&udp->socket, batch);
    watch_room(udp, status == SATSYNC_AGAIN);
    return status;
}

static bool udp_receive(struct net *net, struct net_batch *batch) {
    struct udp *udp = udp_of(net);
    if (!udp->receiver->receive(udp->receiver, batch)) {
        return false;
    }
    batch->time_ns = udp_now(net);
    return true;
}

static void drain(struct udp *udp) {
    uint64_t count;
    while (read(udp->event_fd, &count, sizeof count) > 0) {
    }
    /* A pending ICMP error keeps an idle socket readable; taking it is harmless. */
    udp_socket_take_error(&udp->socket);
}

static void udp_wait(struct net *net, uint64_t until_ns) {
    struct udp *udp = udp_of(net);
    if (!udp->slack_set) {
        udp->slack_set = true;
        prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    }
    uint64_t now_ns = udp_now(net);
    uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left_ns / 1000000000u),
                               .tv_nsec = (long)(left_ns % 1000000000u)};
    struct pollfd poll_fd = {udp->epoll_fd, POLLIN, 0};
    if (ppoll(&poll_fd, 1, until_ns == TIME_NEVER ? NULL : &timeout, NULL) > 0) {
        drain(udp);
    }
}

static void udp_wake(struct net *net) {
    uint64_t one = 1;
    ssize_t written = write(udp_of(net)->event_fd, &one, sizeof one);
    (void)written; /* only a full counter refuses, and then it is readable anyhow */
}

static int udp_fd(struct net *net) {
    return udp_of(net)->epoll_fd;
}

static enum satsync_status udp_resolve(struct net *net, const char *text,
                                       struct net_address *address, struct satsync_error *error) {
    struct udp *udp = udp_of(net);
    int family = udp->socket.family;
    if (family == AF_INET6 && udp->socket.both) {
        family = AF_UNSPEC;
    }
    return udp_address_resolve(text, family, false, address, error);
}

static void udp_format(struct net *net, const struct net_address *address, char *out,
                       size_t bytes) {
    (void)net;
    udp_address_format(address, out, bytes);
}

static void udp_local(struct net *net, struct net_address *address) {
    *address = udp_of(net)->socket.local;
}

static size_t udp_max_datagram(struct net *net) {
    struct udp *udp = udp_of(net);
    bool ipv4 = udp->socket.family == AF_INET;
    return FRAME_BYTES - (ipv4 ? IPV4_HEADERS : IPV6_HEADERS);
}

static void udp_close(struct net *net) {
    struct udp *udp = udp_of(net);
    if (udp->receiver != NULL) {
        udp->receiver->free(udp->receiver);
    }
    udp_socket_close(&udp->socket);
    if (udp->epoll_fd >= 0) {
        close(udp->epoll_fd);
    }
    if (udp->event_fd >= 0) {
        close(udp->event_fd);
    }
    memory_free(udp->allocator, udp);
}

static const struct net_ops OPS = {udp_now,   udp_send,         udp_receive, udp_wait,
                                   udp_wake,  udp_fd,           udp_resolve, udp_format,
                                   udp_local, udp_max_datagram, udp_close};

static enum satsync_status choose_mode(enum udp_mode *mode, struct satsync_error *error) {
    const char *forced = getenv("SATSYNC_UDP");
    if (forced == NULL || *forced == 0) {
        return SATSYNC_OK;
    }
    if (strcmp(forced, "mmsg") == 0) {
        *mode = UDP_MMSG;
    } else if (strcmp(forced, "uring") == 0) {
        *mode = UDP_URING;
    } else {
        return error_set(error, SATSYNC_INVALID, "SATSYNC_UDP",
                         "SATSYNC_UDP is \"%s\"; it may be mmsg or uring", forced);
    }
    return SATSYNC_OK;
}

static enum satsync_status open_receiver(struct udp *udp, enum udp_mode mode,
                                         struct satsync_error *error) {
    if (mode != UDP_MMSG) {
        struct satsync_error refused = {.status = SATSYNC_OK};
        enum satsync_status status =
            udp_uring_open(&udp->socket, udp->allocator, &udp->receiver, &refused);
        if (status == SATSYNC_OK) {
            return SATSYNC_OK;
        }
        if (mode == UDP_URING) {
            return error_set(error, status, refused.subject, "%s", refused.message);
        }
        log_line(udp->socket.log, LOG_INFO, "udp", "%s; using recvmmsg", refused.message);
    }
    return udp_mmsg_open(&udp->socket, udp->allocator, &udp->receiver, error);
}

static enum satsync_status watch(struct udp *udp, int fd, struct satsync_error *error) {
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(udp->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return error_set_errno(error, errno, "udp", "watching the socket");
    }
    return SATSYNC_OK;
}

static enum satsync_status open_parts(struct udp *udp, const struct udp_options *options,
                                      enum udp_mode mode, struct satsync_error *error) {
    struct udp_socket_options socket_options = {
        .listen = options->listen,
        .buffer_bytes = options->buffer_bytes == 0 ? UDP_BUFFER_BYTES : options->buffer_bytes,
        .log = options->log};
    TRY(udp_socket_open(&udp->socket, &socket_options, error));
    udp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    udp->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (udp->epoll_fd < 0 || udp->event_fd < 0) {
        return error_set_errno(error, errno, "udp", "making an event descriptor");
    }
    TRY(open_receiver(udp, mode, error));
    TRY(watch(udp, udp->receiver->fd, error));
    return watch(udp, udp->event_fd, error);
}

enum satsync_status udp_open(const struct udp_options *options, struct net **net,
                             struct satsync_error *error) {
    enum udp_mode mode = options->mode;
    *net = NULL;
    TRY(choose_mode(&mode, error));
    struct udp *udp = memory_new(options->allocator, 1, sizeof *udp);
    ENSURE(udp != NULL, error, SATSYNC_NO_MEMORY, "udp", "no memory for a UDP net");
    udp->net.ops = &OPS;
    udp->allocator = options->allocator;
    udp->socket.fd = -1;
    udp->epoll_fd = -1;
    udp->event_fd = -1;
    enum satsync_status status = open_parts(udp, options, mode, error);
    if (status != SATSYNC_OK) {
        udp_close(&udp->net);
        return status;
    }
    *net = &udp->net;
    return SATSYNC_OK;
}

const char *udp_receiver_name(const struct net *net) {
    return ((const struct udp *)net)->receiver->name;
}
