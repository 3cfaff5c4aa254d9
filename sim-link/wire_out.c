#include "sim-link/wire_out.h"

#include <time.h>

/* Writing takes a while: each call's own time counts. */
static uint64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void wire_out_flush(struct wire_out *out) {
    size_t packets = out->join.count;
    if (packets == 0) {
        return;
    }
    int pieces;
    const struct iovec *parts = gso_join_take(&out->join, &pieces);
    if (writev(out->fd, parts, pieces) < 0) {
        out->unsent_packets += packets;
    }
    uint64_t now_ns = clock_ns() - out->origin_ns;
    for (size_t i = 0; i < packets; i++) {
        histogram_add(out->late, now_ns > out->due_ns[i] ? now_ns - out->due_ns[i] : 0);
        sim_release(out->sim, out->held[i]);
    }
}

void wire_out_add(void *context, uint64_t now_ns, struct packet *packet) {
    struct wire_out *out = context;
    if (!gso_join_add(&out->join, packet->data, packet->bytes)) {
        wire_out_flush(out);
        (void)gso_join_add(&out->join, packet->data, packet->bytes);
    }
    out->held[out->join.count - 1] = packet;
    out->due_ns[out->join.count - 1] = now_ns;
}
