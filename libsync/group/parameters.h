/*
 * The caller's tensors as one run of fp32 parameters, cut into fragments of nearly equal size.
 * Fragments know no borders of tensors: one may begin and end within any. Owner thread: the
 * trainer's, as the memory is.
 */
#ifndef GROUP_PARAMETERS_H
#define GROUP_PARAMETERS_H

#include "base/memory.h"

#include <satsync/checkpoint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PARAMETERS_FRAGMENTS = 64 };

struct parameters_piece {
    float *data; /* NULL at a witness */
    uint64_t first;
    uint64_t count;
};

struct parameters {
    struct parameters_piece *pieces;
    size_t piece_count;
    uint64_t elements;
    size_t fragments;
    uint64_t first[PARAMETERS_FRAGMENTS + 1]; /* of each fragment; then the end */
    float *scratch;                           /* room for the largest fragment */
    const struct allocator *allocator;
};

struct parameters_options {
    const struct satsync_tensor *tensors;
    size_t tensor_count;
    size_t fragments;
    bool witness; /* no data is needed, and there is no scratch */
    const struct allocator *allocator;
};

/* SATSYNC_INVALID names the tensor that is not fp32, not aligned or has no data. To be ended with
 * parameters_fini in any case. */
enum satsync_status parameters_init(struct parameters *parameters,
                                    const struct parameters_options *options,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void parameters_fini(struct parameters *parameters);

uint64_t parameters_elements(const struct parameters *parameters, size_t fragment);

/* What a fragment has of one tensor. */
struct parameters_span {
    float *data;
    size_t offset; /* in the fragment */
    size_t count;  /* > 0 */
};

/* The index-th span of a fragment, false when there are no more. */
bool parameters_span(const struct parameters *parameters, size_t fragment, size_t index,
                     struct parameters_span *span);

/* Copies a fragment out of the tensors, or into them. */
void parameters_gather(const struct parameters *parameters, size_t fragment, float *values);
void parameters_scatter(const struct parameters *parameters, size_t fragment, const float *values);

#endif
