#include "transport/wan/bulk_limit.h"

#include "base/wide.h"

/* Acknowledgements come every 5 ms or 25 packets; one of them may be lost, and a burst is sent. */
static const uint64_t SLACK_NS = 16000000;
static const uint64_t SLACK_LEAST_BYTES = 50 * 1500;
/* Jitter that the path has by itself, and the usual lateness of a busy machine. */
static const uint64_t USUAL_MOST_NS = 10000000;
static const uint64_t SPAN_LEAST_NS = 1000000000;

void bulk_limit_init(struct bulk_limit *limit) {
    *limit = (struct bulk_limit){.lowest_ns = {UINT64_MAX, UINT64_MAX}};
}

void bulk_limit_note(struct bulk_limit *limit, uint64_t now_ns, uint64_t rtt_ns) {
    uint64_t span_ns = 2 * rtt_ns > SPAN_LEAST_NS ? 2 * rtt_ns : SPAN_LEAST_NS;
    if (now_ns - limit->span_from_ns > span_ns) {
        limit->lowest_ns[1] = limit->lowest_ns[0];
        limit->lowest_ns[0] = rtt_ns;
        limit->span_from_ns = now_ns;
    }
    limit->lowest_ns[0] = rtt_ns < limit->lowest_ns[0] ? rtt_ns : limit->lowest_ns[0];
}

static uint64_t path_ns(const struct bulk_limit *limit, uint64_t smoothed_ns) {
    uint64_t lowest_ns =
        limit->lowest_ns[0] < limit->lowest_ns[1] ? limit->lowest_ns[0] : limit->lowest_ns[1];
    uint64_t usual_ns = smoothed_ns > lowest_ns ? smoothed_ns - lowest_ns : 0;
    return lowest_ns + (usual_ns < USUAL_MOST_NS ? usual_ns : USUAL_MOST_NS);
}

uint64_t bulk_limit_bytes(const struct bulk_limit *limit, uint64_t rate_bps, uint64_t smoothed_ns) {
    if (limit->lowest_ns[0] == UINT64_MAX) {
        return UINT64_MAX;
    }
    uint64_t path = multiply_divide(rate_bps, path_ns(limit, smoothed_ns), UINT64_C(8000000000));
    uint64_t slack = multiply_divide(rate_bps, SLACK_NS, UINT64_C(8000000000));
    return path + (slack > SLACK_LEAST_BYTES ? slack : SLACK_LEAST_BYTES);
}
