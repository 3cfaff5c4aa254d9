#include "sim-link/check/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void stats_sort(double *values, size_t count) {
    qsort(values, count, sizeof *values, by_size);
}

double stats_quantile(const double *sorted, size_t count, double share) {
    assert(count > 0);
    double at = share * (double)(count - 1);
    size_t low = (size_t)at;
    size_t high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (sorted[high] - sorted[low]) * (at - (double)low);
}

double stats_distance(const double *a, size_t a_count, const double *b, size_t b_count) {
    size_t i = 0;
    size_t j = 0;
    double largest = 0;
    while (i < a_count && j < b_count) {
        double value = a[i] < b[j] ? a[i] : b[j];
        while (i < a_count && a[i] <= value) {
            i++;
        }
        while (j < b_count && b[j] <= value) {
            j++;
        }
        double distance = fabs((double)i / (double)a_count - (double)j / (double)b_count);
        largest = distance > largest ? distance : largest;
    }
    return largest;
}

double stats_distance_uniform(const double *sorted, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double below = fabs(sorted[i] - (double)i / (double)count);
        double above = fabs(sorted[i] - (double)(i + 1) / (double)count);
        largest = fmax(largest, fmax(below, above));
    }
    return largest;
}

double stats_chi_square_tail(double chi_square, unsigned degrees) {
    assert(degrees % 2 == 0);
    double term = 1;
    double sum = 0;
    for (unsigned i = 0; i < degrees / 2; i++) {
        sum += term;
        term *= chi_square / 2 / (i + 1);
    }
    return exp(-chi_square / 2) * sum;
}

double stats_normal_quantile(double rank) {
    double low = -8;
    double high = 8;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (erfc(-middle / sqrt(2)) / 2 < rank) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}
