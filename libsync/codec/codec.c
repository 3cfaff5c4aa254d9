#include "codec/codec.h"

#include "base/bytes.h"
#include "base/check.h"
#include "codec/entropy.h"
#include "codec/fast.h"
#include "codec/planes.h"

#include <string.h>

enum {
    ROTATED = 0x80,
    SMALL_BYTES = 64,       /* below this a header costs what coding gains */
    WORTHWHILE_MILLE = 988, /* a plane that Huffman would leave longer than this is stored */
    SPARSE_PART = 5,        /* a plane that Huffman leaves shorter than this part is sparse */
    PIECES = 4,             /* a sample is this many pieces of the chunk */
    PIECE_BYTES = 4096,
    SAMPLE_BYTES = PIECES * PIECE_BYTES
};

struct codec_scratch {
    const struct allocator *allocator;
    struct entropy *entropy;
    const struct fast_steps *fast;
    size_t bytes;
    uint8_t *planes; /* [bytes] */
    uint8_t sample[SAMPLE_BYTES];
    uint8_t sample_coded[SAMPLE_BYTES];
};

struct codec_scratch *codec_scratch_new(const struct allocator *allocator, size_t chunk_bytes_max) {
    assert(chunk_bytes_max <= CODEC_CHUNK_BYTES_MAX);
    struct codec_scratch *scratch = memory_new(allocator, 1, sizeof *scratch);
    if (!scratch) {
        return NULL;
    }
    scratch->allocator = allocator;
    scratch->bytes = chunk_bytes_max > SAMPLE_BYTES ? chunk_bytes_max : SAMPLE_BYTES;
    scratch->planes = memory_new(allocator, 1, scratch->bytes);
    scratch->entropy = entropy_new(allocator);
    const struct fast_steps *known[3];
    fast_steps_known(known);
    scratch->fast = known[0];
    if (!scratch->planes || !scratch->entropy) {
        codec_scratch_free(scratch);
        return NULL;
    }
    return scratch;
}

void codec_scratch_free(struct codec_scratch *scratch) {
    if (scratch) {
        entropy_free(scratch->entropy);
        memory_free(scratch->allocator, scratch->planes);
        memory_free(scratch->allocator, scratch);
    }
}

size_t codec_bound(size_t raw_bytes) {
    return 1 + raw_bytes;
}

const char *codec_name(uint8_t codec) {
    switch (codec) {
    case CODEC_STORED:
        return "stored";
    case CODEC_HUFF:
        return "huff";
    case CODEC_ZSTD:
        return "zstd";
    case CODEC_FAST:
        return "fast";
    case CODEC_DELTA:
        return "delta";
    case CODEC_GROUPS:
        return "groups";
    case CODEC_AUTO:
        return "auto";
    default:
        return "unknown";
    }
}

static struct planes shape_of(const struct codec_input *input, size_t bytes) {
    uint8_t width = input->width;
    bool fits = (width == 1 || width == 2 || width == 4 || width == 8) && bytes % width == 0;
    struct planes shape = {bytes, 1, false};
    if (fits) {
        shape = (struct planes){bytes / width, width, input->floating && width > 1};
    }
    return shape;
}

/* A Huffman code spends at least one bit a symbol: of planes that come near it, matches often leave
 * less. */
static enum satsync_status encode_plane(struct codec_scratch *scratch, struct entropy_span *span,
                                        size_t *made) {
    *made = 0;
    if (entropy_estimate(span->raw, span->raw_bytes) >= WORTHWHILE_MILLE) {
        return SATSYNC_OK;
    }
    TRY(entropy_encode(scratch->entropy, ENTROPY_HUFFMAN, span, made));
    if (*made && *made < span->raw_bytes / SPARSE_PART) {
        /* Behind the first, so that the smaller one can be kept. */
        struct entropy_span other = *span;
        size_t other_made;
        other.coded += *made;
        other.room = span->room - *made < *made ? span->room - *made : *made - 1;
        TRY(entropy_encode(scratch->entropy, ENTROPY_ZSTD, &other, &other_made));
        if (other_made) {
            memmove(span->coded, other.coded, other_made);
            *made = other_made;
        }
    }
    return SATSYNC_OK;
}

/* Per plane: its coded size, which equals the number of elements when it is stored; then
 * the planes' bytes. *coded_bytes is 0 when that does not fit into `room`. */
static enum satsync_status encode_huff(struct codec_scratch *scratch,
                                       const struct codec_input *input, size_t room, uint8_t *coded,
                                       size_t *coded_bytes) {
    struct planes shape = shape_of(input, input->raw_bytes);
    struct bytes_writer out = bytes_writer_over(coded, room);
    *coded_bytes = 0;
    planes_split(&shape, input->raw, scratch->planes);
    bytes_put_u8(&out, CODEC_HUFF);
    bytes_put_u8(&out, (uint8_t)(shape.width | (shape.rotated ? ROTATED : 0)));
    uint8_t *sizes = out.at;
    for (int p = 0; p < shape.width; p++) {
        bytes_put_u32(&out, (uint32_t)shape.elements);
    }
    for (int p = 0; p < shape.width && !out.failed; p++) {
        const uint8_t *plane = scratch->planes + (size_t)p * shape.elements;
        struct entropy_span span = {plane, shape.elements, out.at, bytes_room(&out)};
        size_t made;
        TRY(encode_plane(scratch, &span, &made));
        if (made && made < shape.elements) {
            store_le32(sizes + 4 * (size_t)p, (uint32_t)made);
            out.at += made;
        } else {
            bytes_put(&out, plane, shape.elements);
        }
    }
    *coded_bytes = out.failed ? 0 : bytes_written(&out);
    return SATSYNC_OK;
}

static enum satsync_status encode_zstd(struct codec_scratch *scratch,
                                       const struct codec_input *input, size_t room, uint8_t *coded,
                                       size_t *coded_bytes) {
    struct entropy_span span = {input->raw, input->raw_bytes, coded + 1, room - 1};
    coded[0] = CODEC_ZSTD;
    TRY(entropy_encode(scratch->entropy, ENTROPY_ZSTD, &span, coded_bytes));
    *coded_bytes += *coded_bytes ? 1 : 0;
    return SATSYNC_OK;
}

/* 0: these are no floats with an exponent in their first byte, or too many of them are escapes. */
static size_t encode_fast(const struct codec_scratch *scratch, const struct codec_input *input,
                          size_t room, uint8_t *coded) {
    bool fits = input->floating && (input->width == 2 || input->width == 4) &&
                input->raw_bytes % input->width == 0;
    coded[0] = CODEC_FAST;
    const struct fast_input floats = {input->raw, input->raw_bytes, input->width};
    size_t made = fits ? fast_encode(scratch->fast, &floats, coded + 1, room - 1) : 0;
    return made ? 1 + made : 0;
}

/* Codes a sample both ways. Matches must gain 3 % over planes to be worth their slower coding. */
static enum satsync_status choose(struct codec_scratch *scratch, const struct codec_input *input,
                                  enum codec *choice) {
    size_t bytes = input->raw_bytes;
    const uint8_t *sample = input->raw;
    if (bytes > SAMPLE_BYTES) {
        size_t stride = (bytes - PIECE_BYTES) / (PIECES - 1) / 8 * 8; /* whole elements */
        for (size_t p = 0; p < PIECES; p++) {
            memcpy(scratch->sample + p * PIECE_BYTES, input->raw + p * stride, PIECE_BYTES);
        }
        sample = scratch->sample;
        bytes = SAMPLE_BYTES;
    }
    struct entropy_span span = {sample, bytes, scratch->sample_coded, bytes};
    size_t matched = 0;
    TRY(entropy_encode(scratch->entropy, ENTROPY_ZSTD, &span, &matched));
    uint64_t matched_mille = matched ? (uint64_t)matched * 1000 / bytes : 1000;
    struct planes shape = shape_of(input, bytes);
    planes_split(&shape, sample, scratch->planes);
    uint64_t planes_mille = 0;
    for (int p = 0; p < shape.width; p++) {
        uint32_t mille =
            entropy_estimate(scratch->planes + (size_t)p * shape.elements, shape.elements);
        planes_mille += mille < WORTHWHILE_MILLE ? mille : 1000;
    }
    planes_mille /= shape.width;
    if (matched_mille + 30 < planes_mille) {
        *choice = CODEC_ZSTD;
    } else {
        *choice = planes_mille < 996 ? CODEC_HUFF : CODEC_STORED;
    }
    return SATSYNC_OK;
}

enum satsync_status codec_encode(struct codec_scratch *scratch, const struct codec_input *input,
                                 uint8_t *coded, size_t *coded_bytes) {
    assert(input->raw_bytes <= scratch->bytes);
    enum codec wish = input->raw_bytes < SMALL_BYTES ? CODEC_STORED : input->wish;
    size_t made = 0;
    if (wish == CODEC_AUTO) {
        TRY(choose(scratch, input, &wish));
    }
    if (wish == CODEC_HUFF) {
        TRY(encode_huff(scratch, input, input->raw_bytes, coded, &made));
    } else if (wish == CODEC_ZSTD) {
        TRY(encode_zstd(scratch, input, input->raw_bytes, coded, &made));
    } else if (wish == CODEC_FAST) {
        made = encode_fast(scratch, input, input->raw_bytes, coded);
    }
    if (made == 0) {
        coded[0] = CODEC_STORED;
        if (input->raw_bytes) {
            memcpy(coded + 1, input->raw, input->raw_bytes);
        }
        made = 1 + input->raw_bytes;
    }
    *coded_bytes = made;
    return SATSYNC_OK;
}

/* False where no chunk of `raw_bytes` has planes such as `header` says. */
static bool planes_of(uint8_t header, size_t raw_bytes, struct planes *shape) {
    unsigned width = header & 0x7fu;
    bool is_known = width == 1 || width == 2 || width == 4 || width == 8;
    bool is_rotated = (header & ROTATED) != 0;
    if (!is_known || (width == 1 && is_rotated) || raw_bytes == 0 || raw_bytes % width != 0) {
        return false;
    }
    *shape = (struct planes){raw_bytes / width, (uint8_t)width, is_rotated};
    return true;
}

static enum satsync_status decode_huff(struct codec_scratch *scratch, struct bytes_reader *in,
                                       uint8_t *raw, size_t raw_bytes) {
    struct planes shape;
    if (!planes_of(bytes_get_u8(in), raw_bytes, &shape)) {
        return SATSYNC_CORRUPT;
    }
    uint32_t sizes[PLANES_MAX];
    const uint8_t *plane[PLANES_MAX];
    for (unsigned p = 0; p < shape.width; p++) {
        sizes[p] = bytes_get_u32(in);
    }
    for (unsigned p = 0; p < shape.width; p++) {
        const uint8_t *coded = bytes_get_view(in, sizes[p]);
        if (!coded || sizes[p] > shape.elements) {
            return SATSYNC_CORRUPT;
        }
        plane[p] = coded;
        if (sizes[p] < shape.elements) {
            uint8_t *room = scratch->planes + p * shape.elements;
            if (!entropy_decode(scratch->entropy, coded, sizes[p], room, shape.elements)) {
                return SATSYNC_CORRUPT;
            }
            plane[p] = room;
        }
    }
    if (!bytes_all_read(in)) {
        return SATSYNC_CORRUPT;
    }
    planes_join(&shape, plane, raw);
    return SATSYNC_OK;
}

enum satsync_status codec_decode(struct codec_scratch *scratch, const uint8_t *coded,
                                 size_t coded_bytes, uint8_t *raw, size_t raw_bytes) {
    assert(raw_bytes <= scratch->bytes);
    if (coded_bytes < 1 || coded_bytes > codec_bound(raw_bytes)) {
        return SATSYNC_CORRUPT;
    }
    struct bytes_reader in = bytes_reader_over(coded + 1, coded_bytes - 1);
    switch (coded[0]) {
    case CODEC_STORED:
        if (coded_bytes != 1 + raw_bytes) {
            return SATSYNC_CORRUPT;
        }
        bytes_get_copy(&in, raw, raw_bytes);
        return SATSYNC_OK;
    case CODEC_HUFF:
        return decode_huff(scratch, &in, raw, raw_bytes);
    case CODEC_ZSTD:
        return entropy_decode(scratch->entropy, coded + 1, coded_bytes - 1, raw, raw_bytes)
                   ? SATSYNC_OK
                   : SATSYNC_CORRUPT;
    case CODEC_FAST:
        return fast_decode(scratch->fast, coded + 1, coded_bytes - 1, raw, raw_bytes)
                   ? SATSYNC_OK
                   : SATSYNC_CORRUPT;
    case CODEC_DELTA:
        return SATSYNC_CORRUPT;
    default:
        return SATSYNC_NEWER_VERSION;
    }
}
