#include "transport/wan/cc.h"

bool cc_flight_acked(struct cc_flight *flight, const struct cc_ack *ack, uint64_t *acked) {
    bool lost = ack->lost > flight->lost;
    *acked = ack->delivered - flight->delivered;
    flight->delivered = ack->delivered;
    flight->lost = ack->lost;
    if (!lost || ack->delivered < flight->ends) {
        return false;
    }
    flight->ends = ack->delivered + ack->in_flight;
    return true;
}
