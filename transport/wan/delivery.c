#include "transport/wan/delivery.h"

void delivery_sent(const struct delivery *delivery, struct sent_packet *packet) {
    packet->delivered = delivery->delivered;
    packet->app_limited = delivery->app_limited_until > delivery->delivered;
}

void delivery_acked(struct delivery *delivery, const struct sent_packet *packet,
                    struct delivery_sample *sample) {
    delivery->delivered += packet->ip_bytes;
    if (!sample->any || packet->number > sample->number) {
        *sample = (struct delivery_sample){.any = true,
                                           .app_limited = packet->app_limited,
                                           .number = packet->number,
                                           .sent_ns = packet->sent_ns,
                                           .prior_delivered = packet->delivered};
    }
}

void delivery_app_limited(struct delivery *delivery, uint64_t in_flight_bytes) {
    delivery->app_limited_until = delivery->delivered + in_flight_bytes + 1;
}
