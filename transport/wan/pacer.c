#include "transport/wan/pacer.h"

#include "base/wide.h"

#include <assert.h>

/* What a late wake-up may cost without loss of rate; beyond it the time is gone, as the rate is a
 * limit. */
static const uint64_t BEHIND_NS = 2000000;

void pacer_init(struct pacer *pacer) {
    *pacer = (struct pacer){.rested = true};
}

bool pacer_is_open(struct pacer *pacer, uint64_t now_ns, uint64_t burst_ns) {
    uint64_t ahead_ns = pacer->closed ? 0 : burst_ns;
    pacer->closed = pacer->next_ns > now_ns + ahead_ns;
    return !pacer->closed;
}

uint64_t pacer_opens_at(const struct pacer *pacer) {
    return pacer->next_ns;
}

void pacer_rest(struct pacer *pacer) {
    pacer->rested = true;
}

void pacer_set_rate(struct pacer *pacer, uint64_t now_ns, uint64_t rate_bps) {
    if (pacer->rate_bps > 0 && pacer->next_ns > now_ns) {
        uint64_t ahead_ns = pacer->next_ns - now_ns;
        pacer->next_ns = now_ns + multiply_divide(ahead_ns, pacer->rate_bps, rate_bps);
    }
    pacer->rate_bps = rate_bps;
}

void pacer_sent(struct pacer *pacer, uint64_t now_ns, size_t ip_bytes, uint64_t rate_bps) {
    assert(rate_bps > 0);
    uint64_t behind = pacer->rested || now_ns < BEHIND_NS ? 0 : BEHIND_NS;
    uint64_t oldest = now_ns - behind;
    pacer->rested = false;
    uint64_t line = pacer->next_ns > oldest ? pacer->next_ns : oldest;
    pacer->rate_bps = rate_bps;
    uint64_t scaled = ip_bytes * UINT64_C(8000000000) + pacer->remainder;
    pacer->next_ns = line + scaled / rate_bps;
    pacer->remainder = scaled % rate_bps;
}
