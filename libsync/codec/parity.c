#include "codec/parity.h"

#include "base/check.h"

#include <isa-l/erasure_code.h>

/* isa-l reads all sources once for up to six outputs; more rows at a time would gain nothing and
 * need larger tables. */
enum { ROWS_AT_ONCE = 6, TABLE_BYTES = 32, LOST_MAX = PARITY_SYMBOLS_MAX / 2 };

struct rs {
    struct parity parity;
    const struct allocator *allocator;
    uint8_t tables[TABLE_BYTES * PARITY_SYMBOLS_MAX * ROWS_AT_ONCE];
    uint8_t rows[ROWS_AT_ONCE * PARITY_SYMBOLS_MAX];
    uint8_t square[LOST_MAX * LOST_MAX];
    uint8_t inverse[LOST_MAX * LOST_MAX];
    uint8_t used_rows[LOST_MAX * PARITY_SYMBOLS_MAX];
    uint8_t *sources[PARITY_SYMBOLS_MAX];
    uint8_t *targets[ROWS_AT_ONCE];
};

static const struct parity_ops ops = {parity_encode, parity_recover, parity_close};

struct parity *parity_open(const struct allocator *allocator) {
    struct rs *rs = memory_new(allocator, 1, sizeof *rs);
    if (!rs) {
        return NULL;
    }
    rs->parity.ops = &ops;
    rs->allocator = allocator;
    return &rs->parity;
}

void parity_close(struct parity *parity) {
    if (parity) {
        struct rs *rs = (struct rs *)parity;
        memory_free(rs->allocator, rs);
    }
}

static void check_shape(const struct parity_shape *shape) {
    assert(shape->data >= 1 && shape->bytes >= 1 && shape->bytes <= INT32_MAX);
    assert(shape->data + shape->repair <= PARITY_SYMBOLS_MAX);
}

/* The coefficient of data symbol `column` in repair symbol `repair`. */
static uint8_t cauchy(const struct parity_shape *shape, unsigned repair, unsigned column) {
    return gf_inv((uint8_t)((shape->data + repair) ^ column));
}

/* Makes rs->targets[0..count) out of rs->sources[0..k) with rs->rows. */
static void multiply(struct rs *rs, const struct parity_shape *shape, int count) {
    ec_init_tables(shape->data, count, rs->rows, rs->tables);
    ec_encode_data((int)shape->bytes, shape->data, count, rs->tables, rs->sources, rs->targets);
}

void parity_encode(struct parity *parity, const struct parity_shape *shape,
                   const uint8_t *const *data, uint8_t *const *repair) {
    struct rs *rs = (struct rs *)parity;
    check_shape(shape);
    for (unsigned j = 0; j < shape->data; j++) {
        rs->sources[j] = (uint8_t *)(uintptr_t)data[j]; /* isa-l only reads sources */
    }
    int count = 0;
    for (unsigned r = 0; r < shape->repair; r++) {
        if (repair[r]) {
            for (unsigned j = 0; j < shape->data; j++) {
                rs->rows[count * shape->data + (int)j] = cauchy(shape, r, j);
            }
            rs->targets[count++] = repair[r];
        }
        if (count == ROWS_AT_ONCE || (r + 1u == shape->repair && count)) {
            multiply(rs, shape, count);
            count = 0;
        }
    }
}

struct loss {
    uint8_t lost[LOST_MAX]; /* the missing data symbols, ascending */
    uint8_t used[LOST_MAX]; /* the repair symbols that stand in for them */
    unsigned count;
};

static enum satsync_status find_loss(const struct parity_shape *shape, const bool *present,
                                     struct loss *loss) {
    unsigned lost = 0;
    unsigned used = 0;
    for (unsigned i = 0; i < shape->data; i++) {
        lost += !present[i];
    }
    for (unsigned r = 0; r < shape->repair && used < lost; r++) {
        if (present[shape->data + r]) {
            /* used < lost <= data and used < repair, so that it is below LOST_MAX. */
            loss->used[used++] = (uint8_t)r;
        }
    }
    if (used < lost) {
        return SATSYNC_INCOMPLETE;
    }
    loss->count = 0;
    for (unsigned i = 0; i < shape->data; i++) {
        if (!present[i]) {
            loss->lost[loss->count++] = (uint8_t)i;
        }
    }
    return SATSYNC_OK;
}

/*
 * With e lost symbols L and repair rows R: repair = C[R][rest] * rest + C[R][L] * lost, so
 * lost = C[R][L]^-1 * (repair - C[R][rest] * rest). Inverting e x e instead of k x k, as the usual
 * way does, keeps the cost at e^3 + e^2 k; every square part of a Cauchy matrix has an inverse.
 * Source j is the data symbol itself, or, in the place of the i-th lost one, repair symbol R[i].
 */
static void solve_rows(struct rs *rs, const struct parity_shape *shape, const struct loss *loss,
                       unsigned at, unsigned count) {
    uint8_t *sources[LOST_MAX];
    uint8_t *targets[ROWS_AT_ONCE];
    uint8_t *inverse = rs->inverse + (size_t)at * loss->count;
    for (unsigned i = 0; i < loss->count; i++) {
        sources[i] = rs->used_rows + (size_t)i * shape->data;
    }
    for (unsigned i = 0; i < count; i++) {
        targets[i] = rs->rows + (size_t)i * shape->data;
    }
    ec_init_tables((int)loss->count, (int)count, inverse, rs->tables);
    ec_encode_data(shape->data, (int)loss->count, (int)count, rs->tables, sources, targets);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < loss->count; j++) {
            targets[i][loss->lost[j]] = inverse[i * loss->count + j];
        }
    }
}

enum satsync_status parity_recover(struct parity *parity, const struct parity_shape *shape,
                                   uint8_t *const *symbols, const bool *present) {
    struct rs *rs = (struct rs *)parity;
    struct loss loss;
    check_shape(shape);
    TRY(find_loss(shape, present, &loss));
    for (unsigned i = 0; i < loss.count; i++) {
        for (unsigned j = 0; j < loss.count; j++) {
            rs->square[i * loss.count + j] = cauchy(shape, loss.used[i], loss.lost[j]);
        }
        for (unsigned j = 0; j < shape->data; j++) {
            rs->used_rows[i * shape->data + j] = cauchy(shape, loss.used[i], j);
        }
    }
    int singular = loss.count ? gf_invert_matrix(rs->square, rs->inverse, (int)loss.count) : 0;
    assert(!singular);
    for (unsigned j = 0; j < shape->data; j++) {
        rs->sources[j] = symbols[j];
    }
    for (unsigned i = 0; i < loss.count; i++) {
        rs->sources[loss.lost[i]] = symbols[shape->data + loss.used[i]];
    }
    for (unsigned at = 0; at < loss.count; at += ROWS_AT_ONCE) {
        unsigned count = loss.count - at < ROWS_AT_ONCE ? loss.count - at : ROWS_AT_ONCE;
        solve_rows(rs, shape, &loss, at, count);
        for (unsigned i = 0; i < count; i++) {
            rs->targets[i] = symbols[loss.lost[at + i]];
        }
        multiply(rs, shape, (int)count);
    }
    return SATSYNC_OK;
}
