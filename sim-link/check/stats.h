/* Distributions of samples. Pure. */
#ifndef SIM_LINK_CHECK_STATS_H
#define SIM_LINK_CHECK_STATS_H

#include <stddef.h>

/* Sorts in place. */
void stats_sort(double *values, size_t count);

/* Of sorted values, interpolated; share in [0, 1]. */
double stats_quantile(const double *sorted, size_t count, double share);

/* Largest distance of two empirical distributions (Kolmogorov, Smirnov), of sorted values. */
double stats_distance(const double *a, size_t a_count, const double *b, size_t b_count);

/* Largest distance from the uniform distribution on [0, 1], of sorted values. */
double stats_distance_uniform(const double *sorted, size_t count);

/* Chance of a chi-square as large as this with an even number of degrees of freedom. */
double stats_chi_square_tail(double chi_square, unsigned degrees);

/* z of a normal with this rank, for rank in (0, 1), to 1e-6. */
double stats_normal_quantile(double rank);

#endif
