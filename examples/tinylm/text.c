#include "text.h"

#include "arithmetic.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char licences[] = "/usr/share/common-licenses";
enum { LARGEST_TEXT = 64 << 20 };

static int append_file(struct text *text, const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat facts;
    if (!file || fstat(fileno(file), &facts) != 0 || !S_ISREG(facts.st_mode) ||
        (uint64_t)facts.st_size > LARGEST_TEXT - text->count) {
        fprintf(stderr, "tinylm: %s: %s\n", path,
                file ? "not a file of at most 64 MiB" : strerror(errno));
        if (file) {
            fclose(file);
        }
        return -1;
    }
    size_t room = (size_t)facts.st_size;
    uint8_t *larger = realloc(text->bytes, text->count + room + 1);
    if (larger) {
        text->bytes = larger;
        text->count += fread(text->bytes + text->count, 1, room, file);
    }
    fclose(file);
    return larger ? 0 : -1;
}

static int is_own_file(const struct dirent *entry) {
    char path[sizeof licences + 256];
    snprintf(path, sizeof path, "%s/%s", licences, entry->d_name);
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

/* By bytes, not by the locale, so that the text is the same everywhere. */
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int append_licences(struct text *text) {
    struct dirent **entries;
    int count = scandir(licences, &entries, is_own_file, by_name);
    if (count <= 0) {
        fprintf(stderr, "tinylm: %s holds no texts; name one with --text FILE\n", licences);
        return -1;
    }
    int status = 0;
    for (int i = 0; i < count; i++) {
        char path[sizeof licences + 256];
        snprintf(path, sizeof path, "%s/%s", licences, entries[i]->d_name);
        status = status == 0 ? append_file(text, path) : status;
        free(entries[i]);
    }
    free(entries);
    return status;
}

int text_read(struct text *text, const char *path) {
    *text = (struct text){0};
    int status = path ? append_file(text, path) : append_licences(text);
    if (status != 0) {
        text_fini(text);
        return -1;
    }
    text->learned = text->count / 10 * 9;
    text->hash = fnv_hash(FNV_START, text->bytes, text->count);
    return 0;
}

void text_fini(struct text *text) {
    free(text->bytes);
    *text = (struct text){0};
}

static size_t part_of(const struct lanes *lanes) {
    return lanes->count / lanes->parts;
}

bool lanes_have(const struct lanes *lanes, const struct model_shape *shape) {
    return lanes->position + shape->length < part_of(lanes);
}

bool lanes_fit(const struct lanes *lanes, const struct model_shape *shape) {
    return part_of(lanes) > 2 * shape->length;
}

/* Knuth's multiplicative hash (TAOCP vol. 3, 6.4), folded so that its upper bits count. */
static uint32_t row_of(uint32_t context, size_t rows) {
    uint32_t product = context * 2654435761u;
    return (product ^ product >> 15) & (uint32_t)(rows - 1);
}

void lanes_take(struct lanes *lanes, const struct model_shape *shape, struct batch *batch) {
    for (size_t t = 0; t < shape->length; t++) {
        for (size_t lane = 0; lane < shape->batch; lane++) {
            size_t at = (lanes->first + lane) * part_of(lanes) + (size_t)lanes->position + t;
            size_t cell = t * shape->batch + lane;
            uint32_t context = lanes->bytes[at];
            context |= at > 0 ? (uint32_t)lanes->bytes[at - 1] << 8 : 0;
            context |= at > 1 ? (uint32_t)lanes->bytes[at - 2] << 16 : 0;
            batch->features[0][cell] = context & 0xff;
            batch->features[1][cell] = row_of(context & 0xffff, shape->rows);
            batch->features[2][cell] = row_of(context, shape->rows);
            batch->targets[cell] = lanes->bytes[at + 1];
        }
    }
    lanes->position += shape->length;
}

int batch_init(struct batch *batch, const struct model_shape *shape) {
    size_t cells = shape->batch * shape->length;
    *batch = (struct batch){.targets = calloc(cells, 1)};
    int missing = !batch->targets;
    for (int f = 0; f < FEATURES; f++) {
        batch->features[f] = calloc(cells, sizeof(uint32_t));
        missing |= !batch->features[f];
    }
    if (missing) {
        batch_fini(batch);
    }
    return -missing;
}

void batch_fini(struct batch *batch) {
    for (int f = 0; f < FEATURES; f++) {
        free(batch->features[f]);
    }
    free(batch->targets);
    *batch = (struct batch){0};
}
