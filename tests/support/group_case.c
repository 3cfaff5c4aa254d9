#include "support/group_case.h"

#include "base/random.h"
#include "collective/reduce.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct collective_operation group_case(uint64_t seed, uint64_t number, uint32_t ranks,
                                       uint64_t max_bytes) {
    struct random random = random_of(seed, 1000 + number);
    struct collective_operation operation = {.kind = random_below(&random, COLLECTIVE_KINDS)};
    bool sums =
        operation.kind == COLLECTIVE_ALL_REDUCE || operation.kind == COLLECTIVE_REDUCE_SCATTER;
    operation.dtype = sums ? 1 + random_below(&random, COLLECTIVE_DTYPES - 1)
                           : random_below(&random, COLLECTIVE_DTYPES);
    operation.root = (uint32_t)random_below(&random, ranks);
    /* Any order of magnitude is as likely as any other. */
    uint64_t limit = 1;
    while (limit < max_bytes && random_below(&random, 8) > 0) {
        limit *= 4;
    }
    limit = limit < max_bytes ? limit : max_bytes;
    operation.count = random_below(&random, limit + 1) / collective_dtype_bytes(operation.dtype);
    return operation;
}

size_t group_case_bytes(const struct collective_operation *operation) {
    return (size_t)operation->count * collective_dtype_bytes(operation->dtype);
}

/* Element i of a rank, a finite number of moderate size, alike in all types. */
static double element(uint64_t seed, uint32_t rank, uint64_t i) {
    uint64_t mixed = (seed * 31 + rank + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * 0xbf58476d1ce4e5b9;
    mixed ^= mixed >> 29;
    return (double)(int64_t)(mixed % 4001) / 7 - 285;
}

static void store(enum collective_dtype dtype, void *buffer, uint64_t i, double value) {
    switch (dtype) {
    case COLLECTIVE_BYTES:
        ((uint8_t *)buffer)[i] = (uint8_t)(int)value;
        break;
    case COLLECTIVE_F32:
        ((float *)buffer)[i] = (float)value;
        break;
    case COLLECTIVE_F64:
        ((double *)buffer)[i] = value;
        break;
    case COLLECTIVE_F16:
        ((uint16_t *)buffer)[i] = reduce_to_f16((float)value);
        break;
    case COLLECTIVE_BF16:
        ((uint16_t *)buffer)[i] = reduce_to_bf16((float)value);
        break;
    case COLLECTIVE_I32:
        ((int32_t *)buffer)[i] = (int32_t)(value * 5000000);
        break;
    case COLLECTIVE_I64:
        ((int64_t *)buffer)[i] = (int64_t)(value * 1e12);
        break;
    case COLLECTIVE_DTYPES:
        abort();
    }
}

void group_case_fill(const struct collective_operation *operation, uint64_t seed, uint32_t rank,
                     void *buffer) {
    for (uint64_t i = 0; i < operation->count; i++) {
        store(operation->dtype, buffer, i, element(seed, rank, i));
    }
}

/* The sum of element i over all ranks, in rank order. */
static void sum(const struct collective_operation *operation, uint64_t seed, uint32_t ranks,
                uint64_t i, void *out) {
    double f64 = 0;
    float f32 = 0;
    uint32_t i32 = 0;
    uint64_t i64 = 0;
    for (uint32_t rank = 0; rank < ranks; rank++) {
        uint64_t cell = 0;
        float as_f32;
        store(operation->dtype, &cell, 0, element(seed, rank, i));
        memcpy(&as_f32, &cell, 4);
        double as_f64;
        memcpy(&as_f64, &cell, 8);
        if (operation->dtype == COLLECTIVE_F16) {
            as_f32 = reduce_from_f16((uint16_t)cell);
        } else if (operation->dtype == COLLECTIVE_BF16) {
            as_f32 = reduce_from_bf16((uint16_t)cell);
        }
        f64 = rank == 0 ? as_f64 : f64 + as_f64;
        f32 = rank == 0 ? as_f32 : f32 + as_f32;
        i32 += (uint32_t)cell;
        i64 += cell;
    }
    uint16_t half = operation->dtype == COLLECTIVE_F16 ? reduce_to_f16(f32) : reduce_to_bf16(f32);
    const void *results[] = {
        [COLLECTIVE_F32] = &f32,   [COLLECTIVE_F64] = &f64, [COLLECTIVE_F16] = &half,
        [COLLECTIVE_BF16] = &half, [COLLECTIVE_I32] = &i32, [COLLECTIVE_I64] = &i64};
    memcpy(out, results[operation->dtype], collective_dtype_bytes(operation->dtype));
}

bool group_case_check(const struct collective_operation *operation, uint64_t seed, uint32_t ranks,
                      uint32_t rank, const void *buffer) {
    size_t bytes = collective_dtype_bytes(operation->dtype);
    uint32_t owner = 0;
    for (uint64_t i = 0; i < operation->count; i++) {
        while (i >= collective_share(operation->count, ranks, owner).first +
                        collective_share(operation->count, ranks, owner).count) {
            owner++;
        }
        uint64_t expected = 0;
        bool is_summed = operation->kind == COLLECTIVE_ALL_REDUCE ||
                         (operation->kind == COLLECTIVE_REDUCE_SCATTER && owner == rank);
        if (is_summed) {
            sum(operation, seed, ranks, i, &expected);
        } else {
            uint32_t source = operation->kind == COLLECTIVE_BROADCAST    ? operation->root
                              : operation->kind == COLLECTIVE_ALL_GATHER ? owner
                                                                         : rank;
            store(operation->dtype, &expected, 0, element(seed, source, i));
        }
        if (memcmp(&expected, (const uint8_t *)buffer + i * bytes, bytes) != 0) {
            return false;
        }
    }
    return true;
}
