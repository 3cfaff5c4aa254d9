#include "campaign/damage.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t *read_whole(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    assert(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*bytes + 1);
    assert(data);
    size_t got = fread(data, 1, *bytes, file);
    assert(got == *bytes);
    fclose(file);
    return data;
}

static void write_whole(const char *path, const void *data, size_t bytes) {
    FILE *file = fopen(path, "wb");
    assert(file);
    size_t put = fwrite(data, 1, bytes, file);
    assert(put == bytes);
    int failed = fclose(file);
    assert(!failed);
}

static void add_file(struct damage *damage, const char *path, enum damage_file kind) {
    assert(damage->file_count < DAMAGE_FILES);
    struct damaged_file *file = &damage->files[damage->file_count++];
    snprintf(file->path, sizeof file->path, "%s", path);
    file->kind = kind;
    file->data = read_whole(path, &file->bytes);
}

static void add_directory(struct damage *damage, const char *root, const char *name,
                          enum damage_file kind) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    DIR *directory = opendir(path);
    assert(directory);
    struct dirent *entry;
    char names[DAMAGE_FILES][256];
    size_t count = 0;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            assert(count < DAMAGE_FILES);
            snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
        }
    }
    closedir(directory);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%.250s", root, name, names[i]);
        add_file(damage, path, kind);
    }
}

void damage_forget_step(struct damage *damage, const char *root, uint64_t step) {
    damage_read_files(damage, root);
    for (size_t i = 0; i < damage->file_count; i++) {
        struct damaged_file *file = &damage->files[i];
        if (file->kind == DAMAGE_MANIFEST) {
            assert(strtoull(strrchr(file->path, '/') + 1, NULL, 10) == step);
            damage->old_manifest = file->data;
            damage->old_bytes = file->bytes;
            snprintf(damage->old_path, sizeof damage->old_path, "%s", file->path);
            file->data = NULL;
        }
        if (file->kind == DAMAGE_MANIFEST || file->kind == DAMAGE_PACK) {
            int failed = unlink(file->path);
            assert(!failed);
        }
        free(file->data);
    }
    assert(damage->old_manifest);
    damage->file_count = 0;
}

/* Packs have random names: in the order of their content's size, so that a seed means the same. */
static int compare_files(const void *a, const void *b) {
    const struct damaged_file *x = a;
    const struct damaged_file *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return x->bytes != y->bytes ? (x->bytes < y->bytes ? -1 : 1) : strcmp(x->path, y->path);
}

void damage_read_files(struct damage *damage, const char *root) {
    char path[512];
    add_directory(damage, root, "packs", DAMAGE_PACK);
    add_directory(damage, root, "manifests", DAMAGE_MANIFEST);
    snprintf(path, sizeof path, "%s/identity", root);
    add_file(damage, path, DAMAGE_IDENTITY);
    snprintf(path, sizeof path, "%s/format", root);
    add_file(damage, path, DAMAGE_FORMAT);
    qsort(damage->files, damage->file_count, sizeof *damage->files, compare_files);
}

static size_t index_of(const struct damage *damage, const struct damaged_file *file) {
    return (size_t)(file - damage->files);
}

static void note(struct damage *damage, const char *what, const struct damaged_file *file) {
    damage->what = what;
    damage->kind_of_file = file->kind;
    damage->is_accounted = file->kind == DAMAGE_PACK || file->kind == DAMAGE_MANIFEST;
    damage->changed[damage->changed_count++] = index_of(damage, file);
}

/* Half of the trials by bytes, so that packs get theirs; the others by files. */
static struct damaged_file *choose(struct damage *damage, struct random *random) {
    uint64_t total = 0;
    for (size_t i = 0; i < damage->file_count; i++) {
        total += damage->files[i].bytes;
    }
    if (random_below(random, 2) == 0) {
        return &damage->files[random_below(random, damage->file_count)];
    }
    uint64_t at = random_below(random, total);
    size_t i = 0;
    while (at >= damage->files[i].bytes) {
        at -= damage->files[i++].bytes;
    }
    return &damage->files[i];
}

static struct damaged_file *choose_kind(struct damage *damage, struct random *random,
                                        enum damage_file kind) {
    struct damaged_file *file;
    do {
        file = &damage->files[random_below(random, damage->file_count)];
    } while (file->kind != kind);
    return file;
}

/* Another file of the kind, with other content. */
static struct damaged_file *choose_other(struct damage *damage, struct random *random,
                                         const struct damaged_file *than) {
    struct damaged_file *file;
    do {
        file = choose_kind(damage, random, than->kind);
    } while (file == than);
    return file;
}

static uint8_t *copy_of(const struct damaged_file *file, size_t more) {
    uint8_t *copy = calloc(1, file->bytes + more + 1);
    assert(copy);
    memcpy(copy, file->data, file->bytes);
    return copy;
}

static void flip(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose(damage, random);
    uint8_t *data = copy_of(file, 0);
    uint64_t at = random_below(random, file->bytes);
    uint64_t mask =
        random_below(random, 2) ? 1ULL << random_below(random, 8) : 1 + random_below(random, 255);
    data[at] ^= (uint8_t)mask;
    write_whole(file->path, data, file->bytes);
    free(data);
    note(damage, "flip", file);
}

/* The last 100 bytes of a file are padding, or a signature. */
static void flip_at_the_end(struct damage *damage, struct random *random) {
    struct damaged_file *file =
        choose_kind(damage, random, random_below(random, 2) ? DAMAGE_PACK : DAMAGE_MANIFEST);
    uint8_t *data = copy_of(file, 0);
    data[file->bytes - 1 - random_below(random, 100)] ^= (uint8_t)(1 << random_below(random, 8));
    write_whole(file->path, data, file->bytes);
    free(data);
    note(damage, "flip_at_the_end", file);
}

static void cut(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose(damage, random);
    write_whole(file->path, file->data, random_below(random, file->bytes));
    note(damage, "cut", file);
}

static void extend(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose(damage, random);
    size_t more = (size_t)(1 + random_below(random, 5000));
    uint8_t *data = copy_of(file, more);
    if (random_below(random, 2)) {
        random_bytes(random, data + file->bytes, more);
    }
    write_whole(file->path, data, file->bytes + more);
    free(data);
    note(damage, "extend", file);
}

/* A write that never came, or came from elsewhere. */
static void overwrite(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose(damage, random);
    uint8_t *data = copy_of(file, 0);
    do {
        size_t from = (size_t)random_below(random, file->bytes) / 512 * 512;
        size_t bytes = file->bytes - from < 512 ? file->bytes - from : 512;
        size_t other = (size_t)random_below(random, file->bytes - bytes + 1);
        if (random_below(random, 2)) {
            memset(data + from, 0, bytes);
        } else {
            memcpy(data + from, file->data + other, bytes);
        }
    } while (memcmp(data, file->data, file->bytes) == 0);
    write_whole(file->path, data, file->bytes);
    free(data);
    note(damage, "overwrite", file);
}

static void swap_bytes(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose(damage, random);
    uint8_t *data = copy_of(file, 0);
    do {
        size_t a = (size_t)random_below(random, file->bytes);
        size_t b = (size_t)random_below(random, file->bytes);
        uint8_t kept = data[a];
        data[a] = data[b];
        data[b] = kept;
    } while (memcmp(data, file->data, file->bytes) == 0);
    write_whole(file->path, data, file->bytes);
    free(data);
    note(damage, "swap_bytes", file);
}

static void swap_files(struct damage *damage, struct random *random) {
    struct damaged_file *a =
        choose_kind(damage, random, random_below(random, 2) ? DAMAGE_PACK : DAMAGE_MANIFEST);
    struct damaged_file *b = choose_other(damage, random, a);
    write_whole(a->path, b->data, b->bytes);
    write_whole(b->path, a->data, a->bytes);
    note(damage, "swap_files", a);
    note(damage, "swap_files", b);
}

/* Also a replay: an older step's manifest in the place of a newer one. */
static void copy_over(struct damage *damage, struct random *random) {
    struct damaged_file *a =
        choose_kind(damage, random, random_below(random, 2) ? DAMAGE_PACK : DAMAGE_MANIFEST);
    struct damaged_file *b = choose_other(damage, random, a);
    write_whole(a->path, b->data, b->bytes);
    note(damage, "copy_over", a);
}

static void lose_pack(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose_kind(damage, random, DAMAGE_PACK);
    int failed = unlink(file->path);
    assert(!failed);
    note(damage, "lose_pack", file);
}

/* Under a number that no step has; beside it all is well. */
static void duplicate_manifest(struct damage *damage, struct random *random) {
    struct damaged_file *file = choose_kind(damage, random, DAMAGE_MANIFEST);
    snprintf(damage->extra, sizeof damage->extra, "%.*s%020llu.manifest",
             (int)(strrchr(file->path, '/') + 1 - file->path), file->path,
             (unsigned long long)(4 + random_below(random, 1000)));
    write_whole(damage->extra, file->data, file->bytes);
    note(damage, "duplicate_manifest", file);
}

static void replay_old(struct damage *damage, struct random *random) {
    (void)random;
    for (size_t i = 0; i < damage->file_count; i++) {
        if (strcmp(damage->files[i].path, damage->old_path) == 0) {
            write_whole(damage->old_path, damage->old_manifest, damage->old_bytes);
            note(damage, "replay_old", &damage->files[i]);
        }
    }
}

void damage_do(struct damage *damage, struct random *random) {
    static void (*const ways[])(struct damage *, struct random *) = {
        flip,       flip,       flip,      flip,      flip_at_the_end,   cut, extend, overwrite,
        swap_bytes, swap_files, copy_over, lose_pack, duplicate_manifest};
    damage->changed_count = 0;
    damage->extra[0] = '\0';
    /* There is one of its kind, so once in a while is enough. */
    if (random_below(random, 100) == 0) {
        replay_old(damage, random);
    } else {
        ways[random_below(random, sizeof ways / sizeof *ways)](damage, random);
    }
    assert(damage->changed_count > 0);
}

void damage_undo(struct damage *damage) {
    for (size_t i = 0; i < damage->changed_count; i++) {
        const struct damaged_file *file = &damage->files[damage->changed[i]];
        write_whole(file->path, file->data, file->bytes);
    }
    if (*damage->extra) {
        int failed = unlink(damage->extra);
        assert(!failed);
    }
}

void damage_fini(struct damage *damage) {
    for (size_t i = 0; i < damage->file_count; i++) {
        free(damage->files[i].data);
    }
    free(damage->old_manifest);
}
