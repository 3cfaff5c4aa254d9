#include "transport/udp/udp_uring.h"

#include "base/check.h"
#include "transport/udp/udp_address.h"

#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>

enum {
    RING_ENTRIES = 8,
    COMPLETIONS = 256,
    BUFFERS = 32, /* a power of two */
    GROUP = 1,
    NAME_BYTES = 32, /* a sockaddr_in6, and so that the ancillary data after it is aligned */
    /* Header, name and ancillary data stand before the payload in each buffer. */
    PREFIX_BYTES = sizeof(struct io_uring_recvmsg_out) + NAME_BYTES + UDP_CONTROL_BYTES,
    BUFFER_BYTES = UDP_BATCH_BYTES + 4096
};
_Static_assert(PREFIX_BYTES <= BUFFER_BYTES - UDP_BATCH_BYTES, "a whole batch fits behind it");

struct uring_receiver {
    struct udp_receiver receiver;
    struct udp_socket *udp;
    const struct allocator *allocator;
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    uint8_t *data;
    struct msghdr shape; /* tells the kernel how much room name and ancillary data get */
    int lent;            /* buffer that the caller of receive reads, or -1 */
    bool armed;
};

static size_t buffer_ring_bytes(void) {
    return BUFFERS * sizeof(struct io_uring_buf);
}

static void give_buffer(struct uring_receiver *uring, int index) {
    io_uring_buf_ring_add(uring->buffers, uring->data + (size_t)index * BUFFER_BYTES, BUFFER_BYTES,
                          (unsigned short)index, io_uring_buf_ring_mask(BUFFERS), 0);
    io_uring_buf_ring_advance(uring->buffers, 1);
}

static bool arm(struct uring_receiver *uring) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&uring->ring);
    if (entry == NULL) {
        return false;
    }
    io_uring_prep_recvmsg_multishot(entry, uring->udp->fd, &uring->shape, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = GROUP;
    uring->armed = io_uring_submit(&uring->ring) >= 0;
    return uring->armed;
}

/* Reads the message that a completion left in buffer `index`. */
static bool parse(struct uring_receiver *uring, int index, int result, struct net_batch *batch) {
    uint8_t *start = uring->data + (size_t)index * BUFFER_BYTES;
    struct io_uring_recvmsg_out *out = io_uring_recvmsg_validate(start, result, &uring->shape);
    if (out == NULL || (out->flags & MSG_TRUNC) != 0) {
        return false;
    }
    struct sockaddr_storage name;
    memset(&name, 0, sizeof name);
    size_t name_bytes =
        out->namelen < uring->shape.msg_namelen ? out->namelen : uring->shape.msg_namelen;
    memcpy(&name, io_uring_recvmsg_name(out), name_bytes);
    batch->peer = udp_address_from(&name);
    struct msghdr control = {.msg_control =
                                 (uint8_t *)io_uring_recvmsg_name(out) + uring->shape.msg_namelen,
                             .msg_controllen = out->controllen};
    udp_socket_read_control(&control, batch);
    batch->data = io_uring_recvmsg_payload(out, &uring->shape);
    batch->bytes = io_uring_recvmsg_payload_length(out, result, &uring->shape);
    if (batch->segment_bytes == 0) {
        batch->segment_bytes = batch->bytes;
    }
    return batch->bytes > 0 && batch->peer.length > 0;
}

static bool uring_receive(struct udp_receiver *receiver, struct net_batch *batch) {
    struct uring_receiver *uring = (struct uring_receiver *)receiver;
    if (uring->lent >= 0) {
        give_buffer(uring, uring->lent);
        uring->lent = -1;
    }
    for (int errors = 0; errors < 8;) {
        struct io_uring_cqe *entry;
        if (io_uring_peek_cqe(&uring->ring, &entry) != 0) {
            if (uring->armed || !arm(uring)) {
                return false;
            }
            errors++;
            continue;
        }
        int result = entry->res;
        unsigned flags = entry->flags;
        io_uring_cqe_seen(&uring->ring, entry);
        if ((flags & IORING_CQE_F_MORE) == 0) {
            uring->armed = false; /* out of buffers, or an ICMP error ended it */
        }
        if ((flags & IORING_CQE_F_BUFFER) == 0) {
            continue;
        }
        int index = (int)(flags >> IORING_CQE_BUFFER_SHIFT);
        if (result >= 0 && parse(uring, index, result, batch)) {
            uring->lent = index;
            return true;
        }
        give_buffer(uring, index);
    }
    return false;
}

static void uring_free(struct udp_receiver *receiver) {
    struct uring_receiver *uring = (struct uring_receiver *)receiver;
    io_uring_queue_exit(&uring->ring);
    if (uring->buffers != NULL) {
        munmap(uring->buffers, buffer_ring_bytes());
    }
    memory_free(uring->allocator, uring->data);
    memory_free(uring->allocator, uring);
}

static int map_buffers(struct uring_receiver *uring) {
    void *memory =
        mmap(NULL, buffer_ring_bytes(), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) {
        return -ENOMEM;
    }
    uring->buffers = memory;
    io_uring_buf_ring_init(uring->buffers);
    struct io_uring_buf_reg request = {
        .ring_addr = (uint64_t)(uintptr_t)memory, .ring_entries = BUFFERS, .bgid = GROUP};
    int code = io_uring_register_buf_ring(&uring->ring, &request, 0);
    if (code != 0) {
        return code;
    }
    for (int i = 0; i < BUFFERS; i++) {
        give_buffer(uring, i);
    }
    return 0;
}

/* A kernel that lacks multishot receive ends the request at once with an error. */
static int first_arm(struct uring_receiver *uring) {
    if (!arm(uring)) {
        return -EIO;
    }
    struct io_uring_cqe *entry;
    if (io_uring_peek_cqe(&uring->ring, &entry) == 0 && entry->res < 0) {
        return entry->res;
    }
    return 0;
}

static enum satsync_status refuse(struct uring_receiver *uring, int code, const char *what,
                                  struct satsync_error *error) {
    uring_free(&uring->receiver);
    return error_set(error, SATSYNC_UNSUPPORTED, "io_uring", "%s is refused (%s)", what,
                     strerror(-code));
}

enum satsync_status udp_uring_open(struct udp_socket *udp, const struct allocator *allocator,
                                   struct udp_receiver **receiver, struct satsync_error *error) {
    struct uring_receiver *uring = memory_new(allocator, 1, sizeof *uring);
    ENSURE(uring != NULL, error, SATSYNC_NO_MEMORY, "udp", "no memory for a receiver");
    uring->udp = udp;
    uring->allocator = allocator;
    uring->lent = -1;
    uring->shape.msg_namelen = NAME_BYTES;
    uring->shape.msg_controllen = UDP_CONTROL_BYTES;
    uring->data = memory_new(allocator, BUFFERS, BUFFER_BYTES);
    struct io_uring_params setup = {.flags = IORING_SETUP_CQSIZE, .cq_entries = COMPLETIONS};
    int code = uring->data == NULL ? -ENOMEM
                                   : io_uring_queue_init_params(RING_ENTRIES, &uring->ring, &setup);
    if (code != 0) {
        memory_free(allocator, uring->data);
        memory_free(allocator, uring);
        return error_set(error, SATSYNC_UNSUPPORTED, "io_uring", "io_uring is refused (%s)",
                         strerror(-code));
    }
    uring->receiver =
        (struct udp_receiver){"io_uring", uring->ring.ring_fd, uring_receive, uring_free};
    code = map_buffers(uring);
    if (code != 0) {
        return refuse(uring, code, "a ring of buffers", error);
    }
    code = first_arm(uring);
    if (code != 0) {
        return refuse(uring, code, "multishot receive", error);
    }
    *receiver = &uring->receiver;
    return SATSYNC_OK;
}
