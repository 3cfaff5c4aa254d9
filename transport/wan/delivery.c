#include "transport/wan/delivery.h"

#include "base/wide.h"

void delivery_sent(struct delivery *delivery, struct sent_packet *packet, bool idle) {
    if (idle) {
        delivery->first_sent_ns = delivery->delivered_ns = packet->sent_ns;
    }
    packet->delivered = delivery->delivered;
    packet->delivered_ns = delivery->delivered_ns;
    packet->first_sent_ns = delivery->first_sent_ns;
    packet->app_limited = delivery->app_limited_until > delivery->delivered;
}

void delivery_acked(struct delivery *delivery, const struct sent_packet *packet, uint64_t now_ns,
                    struct delivery_sample *sample) {
    delivery->delivered += packet->ip_bytes;
    delivery->delivered_ns = now_ns;
    if (!sample->any || packet->number > sample->best_prior) {
        sample->any = true;
        sample->best_prior = packet->number;
        sample->prior_delivered = packet->delivered;
        sample->app_limited = packet->app_limited;
        sample->send_ns = packet->sent_ns - packet->first_sent_ns;
        sample->ack_ns = now_ns - packet->delivered_ns;
        delivery->first_sent_ns = packet->sent_ns;
    }
}

void delivery_finish(const struct delivery *delivery, uint64_t min_rtt_ns,
                     struct delivery_sample *sample) {
    uint64_t interval = sample->send_ns > sample->ack_ns ? sample->send_ns : sample->ack_ns;
    sample->valid = sample->any && interval > 0 && interval >= min_rtt_ns;
    if (sample->valid) {
        uint64_t bytes = delivery->delivered - sample->prior_delivered;
        sample->rate_bps = multiply_divide(bytes, UINT64_C(8000000000), interval);
    }
}

void delivery_app_limited(struct delivery *delivery, uint64_t in_flight_bytes) {
    delivery->app_limited_until = delivery->delivered + in_flight_bytes + 1;
}
