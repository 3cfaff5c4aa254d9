#include "dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8 };

static void write_entry(FILE *out, const struct state_tensor *tensor, uint64_t from) {
    static const char *const names[] = {
        [ELEMENT_F32] = "F32", [ELEMENT_BF16] = "BF16", [ELEMENT_U64] = "U64"};
    fprintf(out, "\"%s\":{\"dtype\":\"%s\",\"shape\":[", tensor->name, names[tensor->element]);
    for (uint32_t d = 0; d < tensor->dimensions; d++) {
        fprintf(out, "%s%" PRIu64, d > 0 ? "," : "", tensor->shape[d]);
    }
    fprintf(out, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", from, from + tensor->bytes);
}

char *dump_header(const struct state_tensor *tensors, size_t *bytes) {
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    if (!out) {
        return NULL;
    }
    fwrite("\0\0\0\0\0\0\0", 1, LENGTH_BYTES, out);
    uint64_t from = 0;
    for (int i = 0; i < STATE_TENSORS; i++) {
        fputc(i == 0 ? '{' : ',', out);
        write_entry(out, &tensors[i], from);
        from += tensors[i].bytes;
    }
    fputc('}', out);
    for (long at = ftell(out); at % 8 != 0; at++) {
        fputc(' ', out);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    uint64_t length = *bytes - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++) {
        text[i] = (char)(length >> 8 * i);
    }
    return text;
}

static int complain(const char *path, const char *what) {
    fprintf(stderr, "tinylm: %s: %s\n", path, what);
    return -1;
}

static int write_file(const char *path, const struct state_tensor *tensors) {
    size_t bytes;
    char *header = dump_header(tensors, &bytes);
    FILE *file = header ? fopen(path, "wb") : NULL;
    if (!file) {
        free(header);
        return complain(path, strerror(errno));
    }
    int fine = fwrite(header, 1, bytes, file) == bytes;
    for (int i = 0; i < STATE_TENSORS; i++) {
        fine &= fwrite(tensors[i].data, 1, tensors[i].bytes, file) == tensors[i].bytes;
    }
    free(header);
    fine &= fclose(file) == 0;
    return fine ? 0 : complain(path, strerror(errno));
}

int dump_write(const char *folder, uint64_t step, const struct state_tensor *tensors) {
    char path[4096];
    char part[4096];
    int length = snprintf(path, sizeof path, "%s/step-%08" PRIu64 ".safetensors", folder, step);
    if (length < 0 || (size_t)length + sizeof ".part" > sizeof path) {
        return complain(folder, "this name is too long");
    }
    memcpy(part, path, (size_t)length);
    memcpy(part + length, ".part", sizeof ".part");
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return complain(folder, strerror(errno));
    }
    if (write_file(part, tensors) != 0 || rename(part, path) != 0) {
        unlink(part);
        return complain(path, "not written");
    }
    return 0;
}

/* The header is compared, not parsed: whatever differs from what this training would write is of
 * another model. */
int dump_read(const char *path, const struct state_tensor *tensors) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return complain(path, strerror(errno));
    }
    size_t bytes;
    char *wanted = dump_header(tensors, &bytes);
    char *found = malloc(bytes);
    const char *problem = wanted && found ? NULL : "not enough memory";
    if (!problem && (fread(found, 1, bytes, file) != bytes || memcmp(found, wanted, bytes) != 0)) {
        problem = "not the state of a model of this size (see --hidden), or not canonical";
    }
    for (int i = 0; !problem && i < STATE_TENSORS; i++) {
        if (fread(tensors[i].data, 1, tensors[i].bytes, file) != tensors[i].bytes) {
            problem = "cut short";
        }
    }
    if (!problem && fgetc(file) != EOF) {
        problem = "longer than its header says";
    }
    free(wanted);
    free(found);
    fclose(file);
    return problem ? complain(path, problem) : 0;
}
