#include "transport/udp/udp_mmsg.h"

#include "base/check.h"
#include "transport/udp/udp_address.h"

#include <errno.h>
#include <string.h>

/* With GRO a message is up to 64 KiB; without, a datagram is at most a jumbo frame. */
enum { SLOTS_LIMIT = 64, GRO_SLOTS = 16, PLAIN_SLOT_BYTES = 16384 };

struct mmsg_receiver {
    struct udp_receiver receiver;
    struct udp_socket *udp;
    const struct allocator *allocator;
    uint8_t *data;
    unsigned slots;
    size_t slot_bytes;
    unsigned next; /* slot to give out */
    unsigned filled;
    struct mmsghdr messages[SLOTS_LIMIT];
    struct iovec vectors[SLOTS_LIMIT];
    struct sockaddr_storage names[SLOTS_LIMIT];
    _Alignas(struct cmsghdr) uint8_t control[SLOTS_LIMIT][UDP_CONTROL_BYTES];
};

static void prepare(struct mmsg_receiver *mmsg) {
    for (unsigned i = 0; i < mmsg->slots; i++) {
        mmsg->vectors[i] = (struct iovec){mmsg->data + i * mmsg->slot_bytes, mmsg->slot_bytes};
        mmsg->messages[i].msg_hdr = (struct msghdr){.msg_name = &mmsg->names[i],
                                                    .msg_namelen = sizeof mmsg->names[i],
                                                    .msg_iov = &mmsg->vectors[i],
                                                    .msg_iovlen = 1,
                                                    .msg_control = mmsg->control[i],
                                                    .msg_controllen = UDP_CONTROL_BYTES};
    }
}

static void refill(struct mmsg_receiver *mmsg) {
    mmsg->next = 0;
    mmsg->filled = 0;
    prepare(mmsg);
    for (int attempt = 0; attempt < 4; attempt++) {
        int got = recvmmsg(mmsg->udp->fd, mmsg->messages, mmsg->slots, MSG_DONTWAIT, NULL);
        if (got >= 0) {
            mmsg->filled = (unsigned)got;
            return;
        }
        if (errno == EAGAIN) {
            return;
        }
        /* An ICMP error of an earlier datagram, or a signal: what is queued still comes. */
    }
}

static bool mmsg_receive(struct udp_receiver *receiver, struct net_batch *batch) {
    struct mmsg_receiver *mmsg = (struct mmsg_receiver *)receiver;
    for (;;) {
        if (mmsg->next == mmsg->filled) {
            refill(mmsg);
            if (mmsg->filled == 0) {
                return false;
            }
        }
        unsigned i = mmsg->next++;
        struct msghdr *header = &mmsg->messages[i].msg_hdr;
        batch->data = mmsg->data + i * mmsg->slot_bytes;
        batch->bytes = mmsg->messages[i].msg_len;
        udp_socket_read_control(header, batch);
        if (batch->segment_bytes == 0) {
            batch->segment_bytes = batch->bytes;
        }
        batch->peer = udp_address_from(&mmsg->names[i]);
        bool whole = (header->msg_flags & MSG_TRUNC) == 0;
        if (whole && batch->bytes > 0 && batch->peer.length > 0) {
            return true;
        }
    }
}

static void mmsg_free(struct udp_receiver *receiver) {
    struct mmsg_receiver *mmsg = (struct mmsg_receiver *)receiver;
    memory_free(mmsg->allocator, mmsg->data);
    memory_free(mmsg->allocator, mmsg);
}

enum satsync_status udp_mmsg_open(struct udp_socket *udp, const struct allocator *allocator,
                                  struct udp_receiver **receiver, struct satsync_error *error) {
    struct mmsg_receiver *mmsg = memory_new(allocator, 1, sizeof *mmsg);
    ENSURE(mmsg != NULL, error, SATSYNC_NO_MEMORY, "udp", "no memory for a receiver");
    mmsg->receiver = (struct udp_receiver){"recvmmsg", udp->fd, mmsg_receive, mmsg_free};
    mmsg->udp = udp;
    mmsg->allocator = allocator;
    mmsg->slots = udp->gro ? GRO_SLOTS : SLOTS_LIMIT;
    mmsg->slot_bytes = udp->gro ? UDP_BATCH_BYTES : PLAIN_SLOT_BYTES;
    mmsg->data = memory_new(allocator, mmsg->slots, mmsg->slot_bytes);
    if (mmsg->data == NULL) {
        memory_free(allocator, mmsg);
        return error_set(error, SATSYNC_NO_MEMORY, "udp", "no memory for receive buffers");
    }
    *receiver = &mmsg->receiver;
    return SATSYNC_OK;
}
