#include "codec/delta_groups.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/delta.h"
#include "codec/words.h"

#include <string.h>

enum {
    KEYS = 256,
    FLOATING = 0x80,
    HEAD_BYTES = 2,
    LEAST_ELEMENTS = 4096 /* of a group: a smaller one would not pay for its tables */
};

/* Elements by key; integers all have the same. */
struct groups {
    size_t elements;
    uint8_t width;
    bool floating;
    size_t counts[KEYS];
};

size_t delta_groups_bound(size_t raw_bytes) {
    return HEAD_BYTES + raw_bytes + KEYS * (sizeof(uint32_t) + codec_bound(0));
}

INLINE uint64_t get_element(const uint8_t *at, size_t width) {
    return width == 1 ? *at : width == 2 ? get16(at) : width == 4 ? get32(at) : get64(at);
}

/* The eight bits behind the sign: of bf16 and fp32 the exponent, of fp16 and fp64 about that. */
INLINE unsigned key_of(const uint8_t *at, size_t width) {
    return (uint8_t)(get_element(at, width) >> (8 * width - 9 + (width == 1)) << (width == 1));
}

INLINE void count_width(struct groups *groups, const uint8_t *base, size_t width) {
    for (size_t i = 0; i < groups->elements; i++) {
        groups->counts[key_of(base + i * width, width)]++;
    }
}

/* Where each key's first element goes. */
static void first_places(const struct groups *groups, size_t places[KEYS]) {
    size_t place = 0;
    for (unsigned key = 0; key < KEYS; key++) {
        places[key] = place;
        place += groups->counts[key];
    }
}

/* What is moved, by the keys of `base`: into groups or back out of them. */
struct move {
    const uint8_t *base;
    const uint8_t *from;
    uint8_t *to;
    bool out;
};

INLINE void move_width(const struct groups *groups, const struct move *move, size_t width) {
    size_t places[KEYS];
    first_places(groups, places);
    for (size_t i = 0; i < groups->elements; i++) {
        size_t place = places[key_of(move->base + i * width, width)]++;
        memcpy(move->to + (move->out ? i : place) * width,
               move->from + (move->out ? place : i) * width, width);
    }
}

static void move_elements(const struct groups *groups, const struct move *move) {
    if (!groups->floating) {
        memcpy(move->to, move->from, groups->elements * groups->width);
        return;
    }
    switch (groups->width) {
    case 1:
        move_width(groups, move, 1);
        break;
    case 2:
        move_width(groups, move, 2);
        break;
    case 4:
        move_width(groups, move, 4);
        break;
    default:
        move_width(groups, move, 8);
        break;
    }
}

static void count_elements(struct groups *groups, const uint8_t *base) {
    memset(groups->counts, 0, sizeof groups->counts);
    if (!groups->floating) {
        groups->counts[0] = groups->elements;
        return;
    }
    switch (groups->width) {
    case 1:
        count_width(groups, base, 1);
        break;
    case 2:
        count_width(groups, base, 2);
        break;
    case 4:
        count_width(groups, base, 4);
        break;
    default:
        count_width(groups, base, 8);
        break;
    }
}

/* Bytes of the next piece, of one key or of several that are too small by themselves, from *key
 * on; `left` elements are. */
static size_t next_piece(const struct groups *groups, unsigned *key, size_t left) {
    size_t elements = 0;
    while (*key < KEYS && elements < LEAST_ELEMENTS) {
        elements += groups->counts[(*key)++];
    }
    if (left - elements < LEAST_ELEMENTS) {
        elements = left;
    }
    return elements * groups->width;
}

static bool is_width(uint8_t width) {
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* A difference, or if that is no smaller, the elements themselves. */
static enum satsync_status encode_piece(struct codec_scratch *scratch,
                                        const struct codec_input *piece, uint8_t *base,
                                        uint8_t *spare, struct bytes_writer *out) {
    const struct delta_room room = {base, spare};
    uint8_t *coded = out->at + sizeof(uint32_t);
    size_t coded_bytes;
    TRY(delta_encode(scratch, piece, &room, coded, &coded_bytes));
    if (coded_bytes == 0) {
        TRY(codec_encode(scratch, piece, coded, &coded_bytes));
    }
    bytes_put_u32(out, (uint32_t)coded_bytes);
    out->at += coded_bytes;
    return SATSYNC_OK;
}

enum satsync_status delta_groups_encode(struct codec_scratch *scratch,
                                        const struct codec_input *input,
                                        const struct delta_groups_room *room, uint8_t *coded,
                                        size_t *coded_bytes) {
    bool fits = is_width(input->width) && input->raw_bytes % input->width == 0;
    struct groups groups = {.width = fits ? input->width : 1, .floating = fits && input->floating};
    groups.elements = input->raw_bytes / groups.width;
    count_elements(&groups, room->base);
    move_elements(&groups, &(struct move){room->base, room->base, room->grouped_base, false});
    move_elements(&groups, &(struct move){room->base, input->raw, room->grouped_raw, false});
    struct bytes_writer out = bytes_writer_over(coded, delta_groups_bound(input->raw_bytes));
    bytes_put_u8(&out, CODEC_GROUPS);
    bytes_put_u8(&out, (uint8_t)(groups.width | (groups.floating ? FLOATING : 0)));
    unsigned key = 0;
    for (size_t at = 0; at < input->raw_bytes;) {
        size_t bytes = next_piece(&groups, &key, (input->raw_bytes - at) / groups.width);
        const struct codec_input piece = {.wish = CODEC_HUFF,
                                          .width = groups.width,
                                          .floating = groups.floating,
                                          .raw = room->grouped_raw + at,
                                          .raw_bytes = bytes};
        TRY(encode_piece(scratch, &piece, room->grouped_base + at, room->spare, &out));
        at += bytes;
    }
    assert(!out.failed);
    size_t made = bytes_written(&out);
    *coded_bytes = made < input->raw_bytes ? made : 0;
    return SATSYNC_OK;
}

/* The piece's base becomes the piece. */
static enum satsync_status decode_piece(struct codec_scratch *scratch, struct bytes_reader *in,
                                        const struct delta_room *room, size_t bytes) {
    uint32_t coded_bytes = bytes_get_u32(in);
    const uint8_t *coded = bytes_get_view(in, coded_bytes);
    if (!coded || coded_bytes == 0) {
        return SATSYNC_CORRUPT;
    }
    enum satsync_status status = coded[0] == CODEC_DELTA
                                     ? delta_decode(scratch, coded, coded_bytes, room, bytes)
                                     : codec_decode(scratch, coded, coded_bytes, room->base, bytes);
    return status == SATSYNC_OK ? SATSYNC_OK : SATSYNC_CORRUPT;
}

enum satsync_status delta_groups_decode(struct codec_scratch *scratch, const uint8_t *coded,
                                        size_t coded_bytes, const struct delta_groups_room *room,
                                        const struct delta_groups_target *target) {
    struct bytes_reader in = bytes_reader_over(coded, coded_bytes);
    uint8_t codec = bytes_get_u8(&in);
    uint8_t kind = bytes_get_u8(&in);
    struct groups groups = {.width = kind & 0x7fu, .floating = (kind & FLOATING) != 0};
    if (in.failed || codec != CODEC_GROUPS || !is_width(groups.width) ||
        target->raw_bytes % groups.width) {
        return SATSYNC_CORRUPT;
    }
    groups.elements = target->raw_bytes / groups.width;
    count_elements(&groups, room->base);
    move_elements(&groups, &(struct move){room->base, room->base, room->grouped_base, false});
    unsigned key = 0;
    for (size_t at = 0; at < target->raw_bytes;) {
        size_t bytes = next_piece(&groups, &key, (target->raw_bytes - at) / groups.width);
        const struct delta_room piece = {room->grouped_base + at, room->spare};
        TRY(decode_piece(scratch, &in, &piece, bytes));
        at += bytes;
    }
    if (bytes_left(&in) > 0) {
        return SATSYNC_CORRUPT;
    }
    move_elements(&groups, &(struct move){room->base, room->grouped_base, target->raw, true});
    return SATSYNC_OK;
}
