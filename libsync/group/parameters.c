#include "group/parameters.h"

#include "base/check.h"

#include <string.h>

static enum satsync_status count_elements(const struct satsync_tensor *tensor, uint64_t *count,
                                          struct satsync_error *error) {
    uint64_t product = 1;
    ENSURE(tensor->dimensions <= SATSYNC_MAX_DIMENSIONS, error, SATSYNC_INVALID, tensor->name,
           "%u dimensions; at most %d are possible", tensor->dimensions, SATSYNC_MAX_DIMENSIONS);
    for (uint32_t d = 0; d < tensor->dimensions; d++) {
        ENSURE(tensor->shape[d] == 0 || product <= (UINT64_MAX >> 8) / tensor->shape[d], error,
               SATSYNC_INVALID, tensor->name, "its shape has too many elements");
        product *= tensor->shape[d];
    }
    *count = product;
    return SATSYNC_OK;
}

static enum satsync_status add_tensor(struct parameters *parameters,
                                      const struct satsync_tensor *tensor, bool witness,
                                      struct satsync_error *error) {
    ENSURE(tensor->name && *tensor->name, error, SATSYNC_INVALID, "tensor",
           "the one at index %zu has no name", parameters->piece_count);
    ENSURE(tensor->dtype == SATSYNC_F32, error, SATSYNC_INVALID, tensor->name,
           "it is not F32; a group averages fp32 master parameters");
    uint64_t count = 0;
    TRY(count_elements(tensor, &count, error));
    ENSURE(witness || count == 0 || tensor->data, error, SATSYNC_INVALID, tensor->name,
           "it has no data");
    ENSURE((uintptr_t)tensor->data % sizeof(float) == 0, error, SATSYNC_INVALID, tensor->name,
           "its data is not aligned to 4 bytes");
    /* The view is read-only for a save; a group writes through it, as its contract says. */
    parameters->pieces[parameters->piece_count++] = (struct parameters_piece){
        .data = (float *)(uintptr_t)tensor->data, .first = parameters->elements, .count = count};
    parameters->elements += count;
    return SATSYNC_OK;
}

static void cut(struct parameters *parameters, size_t fragments) {
    parameters->fragments = fragments;
    uint64_t each = parameters->elements / fragments;
    uint64_t longer = parameters->elements % fragments;
    for (size_t i = 0; i <= fragments; i++) {
        parameters->first[i] = each * i + (i < longer ? i : longer);
    }
}

enum satsync_status parameters_init(struct parameters *parameters,
                                    const struct parameters_options *options,
                                    struct satsync_error *error) {
    *parameters = (struct parameters){.allocator = options->allocator};
    size_t count = options->tensor_count;
    ENSURE(count > 0 && options->tensors, error, SATSYNC_INVALID, "tensors",
           "a group needs at least one");
    ENSURE(options->fragments > 0 && options->fragments <= PARAMETERS_FRAGMENTS, error,
           SATSYNC_INVALID, "fragments", "%zu; 1 to %d are possible", options->fragments,
           PARAMETERS_FRAGMENTS);
    parameters->pieces = memory_new(options->allocator, count, sizeof *parameters->pieces);
    ENSURE(parameters->pieces, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    for (size_t i = 0; i < count; i++) {
        TRY(add_tensor(parameters, &options->tensors[i], options->witness, error));
    }
    ENSURE(parameters->elements >= options->fragments, error, SATSYNC_INVALID, "fragments",
           "%zu are more than there are parameters", options->fragments);
    cut(parameters, options->fragments);
    if (!options->witness) {
        parameters->scratch =
            memory_new(options->allocator, parameters_elements(parameters, 0), sizeof(float));
        ENSURE(parameters->scratch, error, SATSYNC_NO_MEMORY, "group", "out of memory");
    }
    return SATSYNC_OK;
}

void parameters_fini(struct parameters *parameters) {
    memory_free(parameters->allocator, parameters->scratch);
    memory_free(parameters->allocator, parameters->pieces);
    *parameters = (struct parameters){0};
}

uint64_t parameters_elements(const struct parameters *parameters, size_t fragment) {
    assert(fragment < parameters->fragments);
    return parameters->first[fragment + 1] - parameters->first[fragment];
}

bool parameters_span(const struct parameters *parameters, size_t fragment, size_t index,
                     struct parameters_span *span) {
    uint64_t from = parameters->first[fragment];
    uint64_t to = parameters->first[fragment + 1];
    for (size_t i = 0; i < parameters->piece_count; i++) {
        const struct parameters_piece *piece = &parameters->pieces[i];
        uint64_t first = piece->first > from ? piece->first : from;
        uint64_t end = piece->first + piece->count < to ? piece->first + piece->count : to;
        if (first < end && index-- == 0) {
            *span = (struct parameters_span){.data = piece->data + (first - piece->first),
                                             .offset = (size_t)(first - from),
                                             .count = (size_t)(end - first)};
            return true;
        }
    }
    return false;
}

void parameters_gather(const struct parameters *parameters, size_t fragment, float *values) {
    struct parameters_span span;
    for (size_t i = 0; parameters_span(parameters, fragment, i, &span); i++) {
        memcpy(values + span.offset, span.data, span.count * sizeof(float));
    }
}

void parameters_scatter(const struct parameters *parameters, size_t fragment, const float *values) {
    struct parameters_span span;
    for (size_t i = 0; parameters_span(parameters, fragment, i, &span); i++) {
        memcpy(span.data, values + span.offset, span.count * sizeof(float));
    }
}
