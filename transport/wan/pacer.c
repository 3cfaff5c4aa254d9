#include "transport/wan/pacer.h"

#include <assert.h>

/* Ahead: a batch of 40 datagrams at 1 Gbit/s. Behind: what a late wake-up may cost without loss of
 * rate; beyond it the time is gone, as the rate is a limit. */
static const uint64_t AHEAD_NS = 500000;
static const uint64_t BEHIND_NS = 2000000;

void pacer_init(struct pacer *pacer) {
    *pacer = (struct pacer){.rested = true};
}

bool pacer_is_open(const struct pacer *pacer, uint64_t now_ns) {
    return pacer->next_ns <= now_ns + AHEAD_NS;
}

uint64_t pacer_opens_at(const struct pacer *pacer) {
    return pacer->next_ns;
}

void pacer_rest(struct pacer *pacer) {
    pacer->rested = true;
}

void pacer_sent(struct pacer *pacer, uint64_t now_ns, size_t ip_bytes, uint64_t rate_bps) {
    assert(rate_bps > 0);
    uint64_t behind = pacer->rested || now_ns < BEHIND_NS ? 0 : BEHIND_NS;
    uint64_t oldest = now_ns - behind;
    pacer->rested = false;
    uint64_t line = pacer->next_ns > oldest ? pacer->next_ns : oldest;
    uint64_t scaled = ip_bytes * UINT64_C(8000000000) + pacer->remainder;
    pacer->next_ns = line + scaled / rate_bps;
    pacer->remainder = scaled % rate_bps;
}
