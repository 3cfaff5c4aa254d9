#include "codec/delta.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/differences.h"
#include "codec/words.h"

#include <string.h>

enum {
    FLOATING = 0x80,
    DENSE = 0,
    SPARSE = 1,
    SPARSE_SHARE = 3, /* sparse when at most one in so many elements changed */
    GAP_MORE = 255,   /* a gap of 255 unchanged elements or more goes on in the next byte */
    SMALL_BYTES = 256 /* below this the headers cost what a difference gains */
};

/* Changed elements with the gaps before them. */
struct sparse {
    size_t changed;
    size_t gap_bytes;
};

static struct differences shape_of(const struct codec_input *input) {
    uint8_t width = input->width;
    bool fits =
        (width == 1 || width == 2 || width == 4 || width == 8) && input->raw_bytes % width == 0;
    width = fits ? width : 1;
    return (struct differences){input->raw_bytes / width, width, fits && input->floating};
}

INLINE uint64_t get_element(const uint8_t *at, size_t width) {
    return width == 1 ? *at : width == 2 ? get16(at) : width == 4 ? get32(at) : get64(at);
}

INLINE size_t count_width(size_t elements, const uint8_t *folded, size_t width) {
    size_t changed = 0;
    for (size_t i = 0; i < elements; i++) {
        changed += get_element(folded + i * width, width) != 0;
    }
    return changed;
}

static size_t count_changed(const struct differences *shape, const uint8_t *folded) {
    switch (shape->width) {
    case 1:
        return count_width(shape->elements, folded, 1);
    case 2:
        return count_width(shape->elements, folded, 2);
    case 4:
        return count_width(shape->elements, folded, 4);
    default:
        return count_width(shape->elements, folded, 8);
    }
}

INLINE struct sparse gather_width(size_t elements, uint8_t *folded, uint8_t *gaps, size_t width) {
    struct sparse sparse = {0, 0};
    uint8_t gap = 0;
    for (size_t i = 0; i < elements; i++) {
        if (get_element(folded + i * width, width)) {
            memmove(folded + sparse.changed++ * width, folded + i * width, width);
            gaps[sparse.gap_bytes++] = gap;
            gap = 0;
        } else if (++gap == GAP_MORE) {
            gaps[sparse.gap_bytes++] = GAP_MORE;
            gap = 0;
        }
    }
    return sparse;
}

/* Moves the changed elements to the front of `folded` and writes their gaps. */
static struct sparse gather(const struct differences *shape, uint8_t *folded, uint8_t *gaps) {
    switch (shape->width) {
    case 1:
        return gather_width(shape->elements, folded, gaps, 1);
    case 2:
        return gather_width(shape->elements, folded, gaps, 2);
    case 4:
        return gather_width(shape->elements, folded, gaps, 4);
    default:
        return gather_width(shape->elements, folded, gaps, 8);
    }
}

/* Adds the changed elements where the gaps say that they are; false when that is beyond the end, or
 * the gaps are of fewer or more elements. */
static bool scatter(const struct differences *shape, const struct sparse *sparse,
                    const uint8_t *changed, const uint8_t *gaps, uint8_t *base) {
    const struct differences one = {1, shape->width, shape->floating};
    size_t at = 0;
    size_t used = 0;
    for (size_t i = 0; i < sparse->gap_bytes; i++) {
        at += gaps[i];
        if (gaps[i] == GAP_MORE) {
            continue;
        }
        if (at >= shape->elements || used == sparse->changed) {
            return false;
        }
        differences_apply(&one, changed + used++ * shape->width, base + at++ * shape->width);
    }
    return used == sparse->changed && at <= shape->elements;
}

static enum satsync_status encode_plain(struct codec_scratch *scratch, uint8_t width,
                                        const uint8_t *raw, size_t bytes,
                                        struct bytes_writer *out) {
    const struct codec_input input = {
        .wish = CODEC_HUFF, .width = width, .raw = raw, .raw_bytes = bytes};
    size_t coded_bytes;
    assert(bytes_room(out) >= codec_bound(bytes));
    TRY(codec_encode(scratch, &input, out->at, &coded_bytes));
    out->at += coded_bytes;
    return SATSYNC_OK;
}

/* With at most a third of the elements and as many gaps there is always room for both. */
static enum satsync_status encode_sparse(struct codec_scratch *scratch,
                                         const struct differences *shape,
                                         const struct delta_room *room, struct bytes_writer *out) {
    const struct sparse sparse = gather(shape, room->base, room->spare);
    bytes_put_u32(out, (uint32_t)sparse.changed);
    bytes_put_u32(out, (uint32_t)sparse.gap_bytes);
    uint8_t *coded_size = out->at;
    bytes_put_u32(out, 0);
    uint8_t *coded_gaps = out->at;
    TRY(encode_plain(scratch, 1, room->spare, sparse.gap_bytes, out));
    store_le32(coded_size, (uint32_t)(out->at - coded_gaps));
    return encode_plain(scratch, shape->width, room->base, sparse.changed * shape->width, out);
}

static enum satsync_status encode_dense(struct codec_scratch *scratch,
                                        const struct differences *shape,
                                        const struct delta_room *room, struct bytes_writer *out) {
    size_t bytes = shape->elements * shape->width;
    struct bytes_writer aside = bytes_writer_over(room->spare, codec_bound(bytes));
    TRY(encode_plain(scratch, shape->width, room->base, bytes, &aside));
    bytes_put(out, room->spare, bytes_written(&aside));
    return SATSYNC_OK;
}

enum satsync_status delta_encode(struct codec_scratch *scratch, const struct codec_input *input,
                                 const struct delta_room *room, uint8_t *coded,
                                 size_t *coded_bytes) {
    *coded_bytes = 0;
    if (input->raw_bytes < SMALL_BYTES) {
        return SATSYNC_OK;
    }
    const struct differences shape = shape_of(input);
    differences_take(&shape, input->raw, room->base);
    bool sparse = count_changed(&shape, room->base) <= shape.elements / SPARSE_SHARE;
    struct bytes_writer out = bytes_writer_over(coded, input->raw_bytes);
    bytes_put_u8(&out, CODEC_DELTA);
    bytes_put_u8(&out, (uint8_t)(shape.width | (shape.floating ? FLOATING : 0)));
    bytes_put_u8(&out, sparse ? SPARSE : DENSE);
    TRY((sparse ? encode_sparse : encode_dense)(scratch, &shape, room, &out));
    *coded_bytes = out.failed ? 0 : bytes_written(&out);
    return SATSYNC_OK;
}

static enum satsync_status decode_sparse(struct codec_scratch *scratch,
                                         const struct differences *shape, struct bytes_reader *in,
                                         const struct delta_room *room) {
    struct sparse sparse;
    sparse.changed = bytes_get_u32(in);
    sparse.gap_bytes = bytes_get_u32(in);
    uint32_t gaps_coded = bytes_get_u32(in);
    const uint8_t *coded_gaps = bytes_get_view(in, gaps_coded);
    size_t gaps_most = shape->elements / SPARSE_SHARE + shape->elements / GAP_MORE + 1;
    if (!coded_gaps || sparse.changed > shape->elements / SPARSE_SHARE ||
        sparse.gap_bytes > gaps_most) {
        return SATSYNC_CORRUPT;
    }
    size_t changed_bytes = sparse.changed * shape->width;
    uint8_t *gaps = room->spare + changed_bytes;
    TRY(codec_decode(scratch, coded_gaps, gaps_coded, gaps, sparse.gap_bytes));
    TRY(codec_decode(scratch, in->at, bytes_left(in), room->spare, changed_bytes));
    return scatter(shape, &sparse, room->spare, gaps, room->base) ? SATSYNC_OK : SATSYNC_CORRUPT;
}

static enum satsync_status decode_dense(struct codec_scratch *scratch,
                                        const struct differences *shape, struct bytes_reader *in,
                                        const struct delta_room *room) {
    TRY(codec_decode(scratch, in->at, bytes_left(in), room->spare, shape->elements * shape->width));
    differences_apply(shape, room->spare, room->base);
    return SATSYNC_OK;
}

enum satsync_status delta_decode(struct codec_scratch *scratch, const uint8_t *coded,
                                 size_t coded_bytes, const struct delta_room *room,
                                 size_t raw_bytes) {
    struct bytes_reader in = bytes_reader_over(coded, coded_bytes);
    uint8_t codec = bytes_get_u8(&in);
    uint8_t kind = bytes_get_u8(&in);
    uint8_t form = bytes_get_u8(&in);
    uint8_t width = kind & 0x7fu;
    bool known = width == 1 || width == 2 || width == 4 || width == 8;
    if (in.failed || codec != CODEC_DELTA || form > SPARSE || !known || raw_bytes % width ||
        raw_bytes < SMALL_BYTES) {
        return SATSYNC_CORRUPT;
    }
    const struct differences shape = {raw_bytes / width, width, (kind & FLOATING) != 0};
    enum satsync_status status =
        (form == SPARSE ? decode_sparse : decode_dense)(scratch, &shape, &in, room);
    return status == SATSYNC_OK ? SATSYNC_OK : SATSYNC_CORRUPT;
}
