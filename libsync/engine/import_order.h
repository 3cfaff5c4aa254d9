/*
 * In which order files are imported: those with fp32 tensors first, since bf16 tensors may be
 * derived from such that came before them.
 */
#ifndef ENGINE_IMPORT_ORDER_H
#define ENGINE_IMPORT_ORDER_H

#include "base/memory.h"
#include "engine/file.h"

#include <stdbool.h>

struct import_types {
    bool fp32;
    bool bf16;
};

/* What a file's header names. A file that cannot be read names nothing: importing it will say why.
 * `file` is open. */
struct import_types import_types_of(struct file *file, const struct allocator *allocator);

/* Puts the `count` paths with fp32 first, otherwise in their order; types[i] belongs to files[i],
 * and moves with it. */
void import_order(char **files, struct import_types *types, size_t count);

#endif
