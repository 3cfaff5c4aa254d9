#include "transport/wan/flow.h"

bool flow_may_send(const struct flow_out *flow, enum link_class class, uint64_t bytes) {
    uint64_t need = bytes + (uint64_t) class * FLOW_RESERVE_BYTES;
    return flow->limit >= flow->sent && flow->limit - flow->sent >= need;
}

void flow_raise(struct flow_out *flow, uint64_t limit) {
    flow->limit = limit > flow->limit ? limit : flow->limit;
}

uint64_t flow_limit(const struct flow_in *flow) {
    return flow->released + flow->window;
}

bool flow_is_news(const struct flow_in *flow) {
    return flow_limit(flow) - flow->told >= flow->window / 8;
}
