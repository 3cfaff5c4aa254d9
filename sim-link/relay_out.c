#include "sim-link/relay_out.h"

#include <string.h>

enum { PATIENCE_NS = 1000000, ATTEMPTS = 4 };

/* A full socket is waited for a little; what then does not go is lost, and counted. */
static bool send_batch(const struct relay_out *out, const struct net_batch *batch) {
    struct net *net = out->net;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        enum satsync_status status = net->ops->send(net, batch);
        if (status != SATSYNC_AGAIN) {
            return status == SATSYNC_OK;
        }
        net->ops->wait(net, net->ops->now_ns(net) + PATIENCE_NS);
    }
    return false;
}

void relay_out_flush(struct relay_out *out) {
    if (out->segment_bytes == 0) {
        return;
    }
    uint64_t now_ns = out->net->ops->now_ns(out->net) - out->origin_ns;
    struct net_batch batch = {.data = out->data,
                              .bytes = out->bytes,
                              .segment_bytes = out->segment_bytes,
                              .peer = out->peer,
                              .ecn = out->ecn};
    if (!send_batch(out, &batch)) {
        out->unsent_packets += out->count;
    }
    for (size_t i = 0; i < out->count; i++) {
        histogram_add(&out->late, now_ns > out->due_ns[i] ? now_ns - out->due_ns[i] : 0);
    }
    out->bytes = 0;
    out->count = 0;
    out->segment_bytes = 0;
    out->closed = false;
}

static bool fits(const struct relay_out *out, const struct relay_out_to *to,
                 const struct packet *packet) {
    return out->segment_bytes > 0 && !out->closed && out->net == to->net &&
           out->ecn == packet->ecn && packet->bytes <= out->segment_bytes &&
           out->count < RELAY_OUT_SEGMENTS && out->bytes + packet->bytes <= RELAY_OUT_BYTES &&
           net_address_equal(&out->peer, to->peer);
}

void relay_out_add(struct relay_out *out, const struct relay_out_to *to,
                   const struct packet *packet, uint64_t due_ns) {
    if (packet->bytes == 0 || packet->bytes > RELAY_OUT_BYTES) {
        return;
    }
    if (!fits(out, to, packet)) {
        relay_out_flush(out);
        out->net = to->net;
        out->peer = *to->peer;
        out->ecn = packet->ecn;
        out->segment_bytes = packet->bytes;
    }
    memcpy(out->data + out->bytes, packet->data, packet->bytes);
    out->bytes += packet->bytes;
    out->closed = packet->bytes < out->segment_bytes;
    out->due_ns[out->count++] = due_ns;
}
