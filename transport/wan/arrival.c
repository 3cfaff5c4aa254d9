#include "transport/wan/arrival.h"

#include "base/wide.h"

enum { TRAIN_LEAST_BYTES = 12000 };

/* A clock of microseconds read once a batch measures nothing shorter. */
static const uint64_t TRAIN_LEAST_NS = 50000;
static const uint64_t SPAN_LEAST_NS = 5000000;
static const uint64_t SPAN_MOST_NS = 50000000;

uint64_t arrival_clock_us(struct arrival *arrival, uint64_t stamp_us) {
    arrival->clock_us += (stamp_us - arrival->clock_us) & (ARRIVAL_STAMPS - 1);
    return arrival->clock_us;
}

static uint64_t rate_of(uint64_t bytes, uint64_t span_ns) {
    return multiply_divide(bytes, UINT64_C(8000000000), span_ns);
}

/* A round trip, so that the bursts of senders and radio frames even out; on long paths less, so
 * that a new rate shows soon. */
static uint64_t span_least(uint64_t min_rtt_ns) {
    uint64_t span = min_rtt_ns / 4 > SPAN_MOST_NS ? min_rtt_ns / 4 : SPAN_MOST_NS;
    span = span < min_rtt_ns ? span : min_rtt_ns;
    return span > SPAN_LEAST_NS ? span : SPAN_LEAST_NS;
}

static uint64_t note_train(struct arrival_point *from, const struct arrival_point *newest) {
    uint64_t left_ns = newest->sent_ns - from->sent_ns;
    uint64_t came_ns = (newest->received_us - from->received_us) * 1000;
    uint64_t bytes = newest->delivered - from->delivered;
    if (left_ns > came_ns / 8) { /* not one train: the hop may have been idle in between */
        *from = *newest;
        return 0;
    }
    if (bytes < TRAIN_LEAST_BYTES || came_ns < TRAIN_LEAST_NS) {
        return 0;
    }
    *from = *newest;
    return rate_of(bytes, came_ns);
}

static void note_span(struct arrival_point *from, const struct arrival_point *newest,
                      uint64_t least_ns, struct arrival_rates *rates) {
    uint64_t left_ns = newest->sent_ns - from->sent_ns;
    uint64_t came_ns = (newest->received_us - from->received_us) * 1000;
    uint64_t span_ns = left_ns > came_ns ? left_ns : came_ns;
    if (span_ns < least_ns) {
        return;
    }
    rates->rate_bps = rate_of(newest->delivered - from->delivered, span_ns);
    rates->since_ns = from->sent_ns;
    rates->app_limited = from->app_limited || newest->app_limited;
    *from = *newest;
}

void arrival_note(struct arrival *arrival, const struct arrival_point *newest, uint64_t min_rtt_ns,
                  struct arrival_rates *rates) {
    *rates = (struct arrival_rates){0};
    if (!arrival->begun || newest->sent_ns < arrival->span.sent_ns) {
        arrival->train = arrival->span = *newest;
        arrival->begun = true;
        return;
    }
    rates->train_bps = note_train(&arrival->train, newest);
    note_span(&arrival->span, newest, span_least(min_rtt_ns), rates);
}

void arrival_forget(struct arrival *arrival) {
    arrival->begun = false;
}
