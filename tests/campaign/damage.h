/*
 * Damages a store's committed files, one random way at a time, and undoes it.
 */
#ifndef CAMPAIGN_DAMAGE_H
#define CAMPAIGN_DAMAGE_H

#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum damage_file { DAMAGE_PACK, DAMAGE_MANIFEST, DAMAGE_IDENTITY, DAMAGE_FORMAT };

enum { DAMAGE_FILES = 16 };

struct damaged_file {
    char path[256];
    enum damage_file kind;
    uint8_t *data; /* as it was written */
    size_t bytes;
};

struct damage {
    struct damaged_file files[DAMAGE_FILES];
    size_t file_count;
    uint8_t *old_manifest; /* of a step that was saved anew; its pack is gone */
    size_t old_bytes;
    char old_path[256]; /* where it stood */

    /* The damage of now: */
    const char *what;
    enum damage_file kind_of_file;
    bool is_accounted; /* a committed manifest, or its signature, covers what was changed */
    size_t changed[2]; /* files that undo writes again */
    size_t changed_count;
    char extra[256]; /* a file that undo removes */
};

/* Remembers the manifest of a step and removes it with its pack, the only one of the store. */
void damage_forget_step(struct damage *damage, const char *root, uint64_t step);

/* Reads all committed files of the store. */
void damage_read_files(struct damage *damage, const char *root);

/* At least one byte differs from what was, or one file too many is there. */
void damage_do(struct damage *damage, struct random *random);
void damage_undo(struct damage *damage);

void damage_fini(struct damage *damage);

#endif
