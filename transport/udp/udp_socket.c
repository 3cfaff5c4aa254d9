#include "transport/udp/udp_socket.h"

#include "base/check.h"
#include "transport/udp/udp_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { SEND_PATIENCE_MS = 20 };

static bool set_int(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* The FORCE forms pass the system's limit but need CAP_NET_ADMIN; the plain ones are cut to it. */
static void set_buffer(int fd, int force, int plain, size_t bytes) {
    int value = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;
    if (!set_int(fd, SOL_SOCKET, force, value)) {
        set_int(fd, SOL_SOCKET, plain, value);
    }
}

static void set_options(struct udp_socket *udp, size_t buffer_bytes) {
    int fd = udp->fd;
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer_bytes);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer_bytes);
    /* PROBE: Don't-Fragment set, and the kernel's own idea of the path's MTU ignored, because the
     * transport probes for itself (RFC 8899). On a socket of both families, IPv4's options too. */
    set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
    if (udp->family == AF_INET6) {
        set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
        set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    }
    udp->gro = set_int(fd, IPPROTO_UDP, UDP_GRO, 1);
    int segment = 0;
    socklen_t bytes = sizeof segment;
    udp->gso = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &bytes) == 0;
}

static enum satsync_status bind_error(int code, const char *text, struct satsync_error *error) {
    switch (code) {
    case EADDRINUSE:
        return error_set(error, SATSYNC_ADDRESS, text,
                         "%s is in use; stop what listens there or choose another port", text);
    case EADDRNOTAVAIL:
        return error_set(error, SATSYNC_ADDRESS, text, "%s is not an address of this machine",
                         text);
    case EACCES:
        return error_set(error, SATSYNC_NO_PERMISSION, text,
                         "%s may not be bound by this user; ports below 1024 need privilege", text);
    default:
        return error_set_errno(error, code, text, "binding it");
    }
}

static enum satsync_status bind_to(struct udp_socket *udp, const struct net_address *address,
                                   const char *text, struct satsync_error *error) {
    struct sockaddr_storage storage;
    socklen_t length = udp_address_to(address, udp->family, &storage);
    if (bind(udp->fd, (struct sockaddr *)&storage, length) != 0) {
        return bind_error(errno, text, error);
    }
    length = sizeof storage;
    if (getsockname(udp->fd, (struct sockaddr *)&storage, &length) != 0) {
        return error_set_errno(error, errno, text, "reading the bound address");
    }
    udp->local = udp_address_from(&storage);
    return SATSYNC_OK;
}

static bool system_has_ipv6(void) {
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* Without a host the socket serves both families, or only IPv4 where the system has no IPv6. */
static enum satsync_status choose(const char *listen, struct net_address *address, bool *both,
                                  struct satsync_error *error) {
    const char *text = listen == NULL ? "0" : listen;
    bool any = text[0] == ':' || strchr(text, ':') == NULL;
    *both = any && system_has_ipv6();
    int family = !any ? AF_UNSPEC : *both ? AF_INET6 : AF_INET;
    return udp_address_resolve(text, family, true, address, error);
}

enum satsync_status udp_socket_open(struct udp_socket *udp,
                                    const struct udp_socket_options *options,
                                    struct satsync_error *error) {
    const char *text = options->listen == NULL ? "any port" : options->listen;
    struct net_address address;
    memset(udp, 0, sizeof *udp);
    udp->fd = -1;
    TRY(choose(options->listen, &address, &udp->both, error));
    udp->log = options->log;
    udp->family = udp_address_family(&address);
    udp->fd = socket(udp->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (udp->fd < 0) {
        return error_set_errno(error, errno, text, "making a UDP socket");
    }
    if (udp->family == AF_INET6) {
        set_int(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, udp->both ? 0 : 1);
    }
    set_options(udp, options->buffer_bytes);
    enum satsync_status status = bind_to(udp, &address, text, error);
    if (status != SATSYNC_OK) {
        udp_socket_close(udp);
    }
    return status;
}

void udp_socket_close(struct udp_socket *udp) {
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    udp->fd = -1;
}

struct outgoing {
    struct sockaddr_storage name;
    socklen_t name_bytes;
    uint8_t ecn;
    bool ipv4;
};

static void add_control(struct msghdr *message, int level, int type, const void *value,
                        size_t bytes) {
    struct cmsghdr *header =
        (struct cmsghdr *)(void *)((uint8_t *)message->msg_control + message->msg_controllen);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(header), value, bytes);
    message->msg_controllen += CMSG_SPACE(bytes);
}

/* `control` has UDP_CONTROL_BYTES; segment 0: no GSO mark. */
static void fill_message(struct msghdr *message, struct outgoing *to, struct iovec *vector,
                         uint8_t *control, size_t segment) {
    memset(message, 0, sizeof *message);
    memset(control, 0, UDP_CONTROL_BYTES);
    message->msg_name = &to->name;
    message->msg_namelen = to->name_bytes;
    message->msg_iov = vector;
    message->msg_iovlen = 1;
    message->msg_control = control;
    if (segment > 0) {
        uint16_t value = (uint16_t)segment;
        add_control(message, IPPROTO_UDP, UDP_SEGMENT, &value, sizeof value);
    }
    if (to->ecn != 0) {
        int value = to->ecn;
        add_control(message, to->ipv4 ? IPPROTO_IP : IPPROTO_IPV6, to->ipv4 ? IP_TOS : IPV6_TCLASS,
                    &value, sizeof value);
    }
    if (message->msg_controllen == 0) {
        message->msg_control = NULL;
    }
}

static enum satsync_status status_of_send(int code) {
    switch (code) {
    case EAGAIN:
    case ENOBUFS:
    case EINTR:
        return SATSYNC_AGAIN;
    default:
        return SATSYNC_NO_PATH;
    }
}

/* One sendmsg, repeated once when it only reports an earlier datagram's ICMP error. */
static int send_message(struct udp_socket *udp, const struct msghdr *message) {
    for (int attempt = 0; attempt < 3; attempt++) {
        if (sendmsg(udp->fd, message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
            return 0;
        }
        if (errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != EINTR) {
            break;
        }
    }
    return errno;
}

static int send_segmented(struct udp_socket *udp, struct outgoing *to, uint8_t *data, size_t bytes,
                          size_t segment) {
    _Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_BYTES];
    struct iovec vector = {data, bytes};
    struct msghdr message;
    fill_message(&message, to, &vector, control, bytes > segment ? segment : 0);
    return send_message(udp, &message);
}

/* Sends each datagram by itself; *sent_bytes tells how far it came. Returns 0 or an errno. */
static int send_singly(struct udp_socket *udp, struct outgoing *to, const struct net_batch *batch,
                       size_t *sent_bytes) {
    _Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_BYTES];
    struct mmsghdr messages[UDP_SEGMENTS_LIMIT];
    struct iovec vectors[UDP_SEGMENTS_LIMIT];
    unsigned count = 0;
    size_t at = *sent_bytes;
    for (; at < batch->bytes && count < UDP_SEGMENTS_LIMIT; count++) {
        size_t left = batch->bytes - at;
        size_t bytes = left < batch->segment_bytes ? left : batch->segment_bytes;
        vectors[count] = (struct iovec){batch->data + at, bytes};
        fill_message(&messages[count].msg_hdr, to, &vectors[count], control, 0);
        at += bytes;
    }
    int sent;
    int attempts = 3;
    do {
        sent = sendmmsg(udp->fd, messages, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && (errno == ECONNREFUSED || errno == EINTR) && --attempts > 0);
    if (sent < 0) {
        return errno;
    }
    for (int i = 0; i < sent; i++) {
        *sent_bytes += vectors[i].iov_len;
    }
    return 0;
}

/* Sends what one system call takes; advances *sent_bytes. Returns 0 or an errno. */
static int send_some(struct udp_socket *udp, struct outgoing *to, const struct net_batch *batch,
                     size_t *sent_bytes) {
    if (!udp->gso || batch->bytes - *sent_bytes <= batch->segment_bytes) {
        return send_singly(udp, to, batch, sent_bytes);
    }
    size_t segments = UDP_GSO_BYTES_LIMIT / batch->segment_bytes;
    segments = segments > UDP_SEGMENTS_LIMIT ? UDP_SEGMENTS_LIMIT : segments;
    size_t left = batch->bytes - *sent_bytes;
    size_t bytes = segments * batch->segment_bytes;
    bytes = bytes == 0 ? batch->segment_bytes : bytes;
    bytes = left < bytes ? left : bytes;
    int code = send_segmented(udp, to, batch->data + *sent_bytes, bytes, batch->segment_bytes);
    if (code == 0) {
        *sent_bytes += bytes;
        return 0;
    }
    if (code != EIO && code != EINVAL && code != EOPNOTSUPP) {
        return code;
    }
    /* Either offload is refused, or a segment is above the device's MTU; singly tells which. */
    int single = send_singly(udp, to, batch, sent_bytes);
    if (single == 0) {
        udp->gso = false;
        log_line(udp->log, LOG_INFO, "udp", "segmentation offload refused (%s); using sendmmsg",
                 strerror(code));
    }
    return single;
}

enum satsync_status udp_socket_send(struct udp_socket *udp, const struct net_batch *batch) {
    struct outgoing to = {.ecn = batch->ecn & 3,
                          .ipv4 = udp_address_family(&batch->peer) == AF_INET};
    to.name_bytes = udp_address_to(&batch->peer, udp->family, &to.name);
    if (to.name_bytes == 0) {
        return SATSYNC_NO_PATH;
    }
    assert(batch->segment_bytes > 0);
    size_t sent_bytes = 0;
    while (sent_bytes < batch->bytes) {
        int code = send_some(udp, &to, batch, &sent_bytes);
        if (code == 0) {
            continue;
        }
        if (status_of_send(code) != SATSYNC_AGAIN || sent_bytes == 0) {
            return status_of_send(code);
        }
        /* AGAIN would promise that nothing was sent, so wait for room; what then finds none is
         * lost, as it would be in a router. */
        struct pollfd poll_fd = {udp->fd, POLLOUT, 0};
        if (poll(&poll_fd, 1, SEND_PATIENCE_MS) <= 0) {
            break;
        }
    }
    return SATSYNC_OK;
}

void udp_socket_read_control(struct msghdr *message, struct net_batch *batch) {
    batch->segment_bytes = 0;
    batch->ecn = 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    for (; header != NULL; header = CMSG_NXTHDR(message, header)) {
        int value = 0;
        if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
            memcpy(&value, CMSG_DATA(header), sizeof value);
            batch->segment_bytes = value > 0 ? (size_t)value : 0;
        } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) {
            batch->ecn = *CMSG_DATA(header) & 3;
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) {
            memcpy(&value, CMSG_DATA(header), sizeof value);
            batch->ecn = (uint8_t)(value & 3);
        }
    }
}

void udp_socket_take_error(struct udp_socket *udp) {
    int code = 0;
    socklen_t bytes = sizeof code;
    getsockopt(udp->fd, SOL_SOCKET, SO_ERROR, &code, &bytes);
}
