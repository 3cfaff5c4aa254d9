/* What `restore --tensor` names: tensors, patterns of names, boxes. */
#include "base/check.h"
#include "engine/export.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct selection {
    const char *text;    /* as it was given, for messages */
    const char *name;    /* without its box */
    const char *bracket; /* where the box begins in `text`; NULL: the whole tensor */
};

/* Reads "a:b", either side may be missing; false when malformed or out of bounds. */
static bool parse_bounds(const char **text, uint64_t size, uint64_t *from, uint64_t *to) {
    char *end;
    *from = isdigit((unsigned char)**text) ? strtoull(*text, &end, 10) : (end = (char *)*text, 0);
    if (*end != ':') {
        return false;
    }
    *text = end + 1;
    *to = isdigit((unsigned char)**text) ? strtoull(*text, &end, 10) : (end = (char *)*text, size);
    *text = end;
    return *from <= *to && *to <= size;
}

static enum satsync_status parse_box(struct export *export, const struct selection *wanted,
                                     struct export_piece *piece, struct satsync_error *error) {
    const char *selection = wanted->text;
    const struct allocator *allocator = export->engine->allocator;
    uint32_t rank = piece->item->rank;
    piece->from = memory_new(allocator, rank, sizeof *piece->from);
    piece->to = memory_new(allocator, rank, sizeof *piece->to);
    piece->shape = memory_new(allocator, rank, sizeof *piece->shape);
    ENSURE(piece->from && piece->to && piece->shape, error, SATSYNC_NO_MEMORY, selection,
           "out of memory");
    const char *at = wanted->bracket + 1;
    piece->bytes = dtype_row(piece->item->dtype)->bytes;
    for (uint32_t d = 0; d < rank; d++) {
        uint64_t size = piece->item->shape[d];
        ENSURE(parse_bounds(&at, size, &piece->from[d], &piece->to[d]), error, SATSYNC_INVALID,
               selection, "dimension %u wants FROM:TO within 0:%llu", d, (unsigned long long)size);
        piece->shape[d] = piece->to[d] - piece->from[d];
        piece->bytes *= piece->shape[d];
        char next = d + 1 < rank ? ',' : ']';
        ENSURE(*at == next, error, SATSYNC_INVALID, selection,
               "the tensor has %u dimensions; write NAME[a:b,c:d] with one a:b for each", rank);
        at++;
    }
    ENSURE(*at == '\0' && rank > 0, error, SATSYNC_INVALID, selection,
           "the tensor has %u dimensions; write NAME[a:b,c:d] with one a:b for each", rank);
    return SATSYNC_OK;
}

/* `*` stands for any characters, `?` for one; brackets are for boxes and for themselves. */
static bool matches(const char *pattern, const char *name) {
    const char *star = NULL; /* the last one, and where its characters begin */
    const char *from = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

/* The piece is counted first, so that
 * what a failed selection took is freed. */
static enum satsync_status add_piece(struct export *export, const struct reader_item *item,
                                     const struct selection *wanted, struct export_file *file,
                                     struct satsync_error *error) {
    struct export_piece *piece = &file->pieces[file->piece_count++];
    *piece = (struct export_piece){.item = item, .bytes = item->extent.bytes};
    return wanted->bracket ? parse_box(export, wanted, piece, error) : SATSYNC_OK;
}

static bool is_among(const struct export_piece *pieces, size_t count,
                     const struct reader_item *item) {
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].item == item) {
            return true;
        }
    }
    return false;
}

/* Tensors that an earlier selection took are left out: patterns may overlap. */
static enum satsync_status add_matching(struct export *export, const struct selection *wanted,
                                        struct export_file *file, struct satsync_error *error) {
    const struct reader_list *tensors = &export->reader->tensors;
    size_t before = file->piece_count;
    bool any = false;
    for (size_t i = 0; i < tensors->count; i++) {
        const struct reader_item *item = &tensors->at[i];
        if (matches(wanted->name, item->name)) {
            any = true;
            if (!is_among(file->pieces, before, item)) {
                TRY(add_piece(export, item, wanted, file, error));
            }
        }
    }
    ENSURE(any, error, SATSYNC_NOT_FOUND, wanted->text, "no tensor has a name like this");
    return SATSYNC_OK;
}

static enum satsync_status add_named(struct export *export, const struct selection *wanted,
                                     struct export_file *file, struct satsync_error *error) {
    if (strpbrk(wanted->name, "*?")) {
        return add_matching(export, wanted, file, error);
    }
    size_t index;
    TRY(satsync_reader_find(export->reader, wanted->name, &index, error));
    return add_piece(export, &export->reader->tensors.at[index], wanted, file, error);
}

enum satsync_status export_select(struct export *export, const char *text, struct export_file *file,
                                  struct satsync_error *error) {
    size_t index;
    /* A name may itself hold brackets and stars: the exact name goes first. */
    if (satsync_reader_find(export->reader, text, &index, NULL) == SATSYNC_OK) {
        const struct selection whole = {text, text, NULL};
        return add_piece(export, &export->reader->tensors.at[index], &whole, file, error);
    }
    const struct allocator *allocator = export->engine->allocator;
    char *name = memory_string(allocator, text);
    ENSURE(name, error, SATSYNC_NO_MEMORY, text, "out of memory");
    const struct selection wanted = {text, name, strrchr(text, '[')};
    if (wanted.bracket) {
        name[wanted.bracket - text] = '\0';
    }
    enum satsync_status status = add_named(export, &wanted, file, error);
    memory_free(allocator, name);
    return status;
}
