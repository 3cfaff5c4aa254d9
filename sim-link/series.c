#include "sim-link/series.h"

uint64_t series_at(const struct series *series, uint64_t now_ns, uint64_t *until_ns) {
    uint64_t within_ns = now_ns % series->period_ns;
    size_t low = 0;
    size_t high = series->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (series->steps[middle].at_ns <= within_ns) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t end_ns = high < series->count ? series->steps[high].at_ns : series->period_ns;
    *until_ns = now_ns - within_ns + end_ns;
    return series->steps[low].value;
}
