#include "sim-link/faulty_disk_tree.h"

#include "base/check.h"
#include "sim-link/faulty_disk.h"

#include <stdio.h>
#include <string.h>

struct faulty_node *faulty_tree_node(struct faulty_tree *tree, bool is_directory) {
    struct faulty_node *node = memory_new(tree->allocator, 1, sizeof *node);
    if (node) {
        node->is_directory = is_directory;
        node->next = tree->nodes;
        tree->nodes = node;
    }
    return node;
}

enum satsync_status faulty_tree_init(struct faulty_tree *tree, const struct allocator *allocator) {
    *tree = (struct faulty_tree){.allocator = allocator};
    tree->root = faulty_tree_node(tree, true);
    return tree->root ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

void faulty_tree_fini(struct faulty_tree *tree) {
    while (tree->nodes) {
        struct faulty_node *node = tree->nodes;
        tree->nodes = node->next;
        memory_free(tree->allocator, node->now.at);
        memory_free(tree->allocator, node->safe.at);
        memory_free(tree->allocator, node->lost.at);
        memory_free(tree->allocator, node->bad.at);
        memory_free(tree->allocator, node->names_now.at);
        memory_free(tree->allocator, node->names_safe.at);
        memory_free(tree->allocator, node->changes);
        memory_free(tree->allocator, node);
    }
}

static struct faulty_name *find_name(const struct faulty_names *names, const char *text,
                                     size_t bytes) {
    for (size_t i = 0; i < names->count; i++) {
        if (strlen(names->at[i].text) == bytes && memcmp(names->at[i].text, text, bytes) == 0) {
            return &names->at[i];
        }
    }
    return NULL;
}

/* Walks from the root down to where `end` is in `path`. */
static struct faulty_node *walk(const struct faulty_tree *tree, const char *path, const char *end) {
    struct faulty_node *node = tree->root;
    const char *at = path;
    while (node && at < end) {
        size_t bytes = strcspn(at, "/");
        if (bytes > 0 && !(bytes == 1 && *at == '.')) {
            struct faulty_name *name =
                node->is_directory ? find_name(&node->names_now, at, bytes) : NULL;
            node = name ? name->node : NULL;
        }
        at += bytes;
        at += *at == '/';
    }
    return node;
}

struct faulty_node *faulty_tree_find(const struct faulty_tree *tree, const char *path) {
    return walk(tree, path, path + strlen(path));
}

struct faulty_node *faulty_tree_parent(const struct faulty_tree *tree, const char *path,
                                       const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    struct faulty_node *node = slash ? walk(tree, path, slash) : tree->root;
    return node && node->is_directory ? node : NULL;
}

/* Room for `count` elements of `bytes` each, doubling. */
static enum satsync_status make_room(struct faulty_tree *tree, void **at, size_t *capacity,
                                     size_t count, size_t bytes) {
    if (count <= *capacity) {
        return SATSYNC_OK;
    }
    size_t larger = *capacity * 2 > count ? *capacity * 2 : count;
    void *grown = memory_grow(tree->allocator, *at, *capacity * bytes, larger * bytes);
    if (!grown) {
        return SATSYNC_NO_MEMORY;
    }
    *at = grown;
    *capacity = larger;
    return SATSYNC_OK;
}

/* The names must have room for one more. */
static void apply(struct faulty_names *names, const struct faulty_change *change) {
    struct faulty_name *from = find_name(names, change->from, strlen(change->from));
    if (from && change->from[0]) {
        *from = names->at[--names->count];
    }
    if (!change->to[0]) {
        return;
    }
    struct faulty_name *to = find_name(names, change->to, strlen(change->to));
    if (!to) {
        to = &names->at[names->count++];
        snprintf(to->text, sizeof to->text, "%s", change->to);
    }
    to->node = change->node;
}

static enum satsync_status make_room_for_names(struct faulty_tree *tree, struct faulty_names *names,
                                               size_t count) {
    return make_room(tree, (void **)&names->at, &names->capacity, count, sizeof *names->at);
}

enum satsync_status faulty_directory_change(struct faulty_tree *tree, struct faulty_node *directory,
                                            const char *from, const char *to,
                                            struct faulty_node *node) {
    TRY(make_room_for_names(tree, &directory->names_now, directory->names_now.count + 1));
    TRY(make_room(tree, (void **)&directory->changes, &directory->changes_capacity,
                  directory->changes_count + 1, sizeof *directory->changes));
    struct faulty_change *change = &directory->changes[directory->changes_count++];
    *change = (struct faulty_change){.node = node};
    snprintf(change->from, sizeof change->from, "%s", from ? from : "");
    snprintf(change->to, sizeof change->to, "%s", to ? to : "");
    apply(&directory->names_now, change);
    return SATSYNC_OK;
}

static enum satsync_status copy_names(struct faulty_tree *tree, struct faulty_names *to,
                                      const struct faulty_names *from) {
    TRY(make_room_for_names(tree, to, from->count));
    if (from->count > 0) {
        memcpy(to->at, from->at, from->count * sizeof *from->at);
    }
    to->count = from->count;
    return SATSYNC_OK;
}

enum satsync_status faulty_directory_sync(struct faulty_tree *tree, struct faulty_node *directory) {
    TRY(copy_names(tree, &directory->names_safe, &directory->names_now));
    directory->changes_count = 0;
    return SATSYNC_OK;
}

enum satsync_status faulty_bytes_resize(struct faulty_tree *tree, struct faulty_bytes *bytes,
                                        uint64_t size) {
    TRY(make_room(tree, (void **)&bytes->at, &bytes->capacity, (size_t)size, 1));
    if (size > bytes->bytes) {
        memset(bytes->at + bytes->bytes, 0, (size_t)size - bytes->bytes);
    }
    bytes->bytes = (size_t)size;
    return SATSYNC_OK;
}

static enum satsync_status copy_bytes(struct faulty_tree *tree, struct faulty_bytes *to,
                                      const struct faulty_bytes *from) {
    TRY(faulty_bytes_resize(tree, to, from->bytes));
    if (from->bytes > 0) {
        memcpy(to->at, from->at, from->bytes);
    }
    return SATSYNC_OK;
}

/* Takes one sector of the cache over into what is durable, as far as both reach. */
static void keep_sector(struct faulty_node *file, size_t offset) {
    size_t end = file->safe.bytes < file->now.bytes ? file->safe.bytes : file->now.bytes;
    size_t sector = offset / FAULTY_SECTOR_BYTES;
    bool is_lost = sector < file->lost.bytes && file->lost.at[sector];
    if (offset < end && !is_lost) {
        size_t bytes = end - offset < FAULTY_SECTOR_BYTES ? end - offset : FAULTY_SECTOR_BYTES;
        memcpy(file->safe.at + offset, file->now.at + offset, bytes);
    }
}

enum satsync_status faulty_file_sync(struct faulty_tree *tree, struct faulty_node *file) {
    TRY(faulty_bytes_resize(tree, &file->safe, file->now.bytes));
    for (size_t offset = 0; offset < file->safe.bytes; offset += FAULTY_SECTOR_BYTES) {
        keep_sector(file, offset);
    }
    return SATSYNC_OK;
}

/* Whether the sector at `offset` of the cache is as it is on the disk. */
static bool is_kept(const struct faulty_node *file, size_t offset) {
    size_t left = file->now.bytes - offset;
    size_t bytes = left < FAULTY_SECTOR_BYTES ? left : FAULTY_SECTOR_BYTES;
    return offset + bytes <= file->safe.bytes &&
           memcmp(file->now.at + offset, file->safe.at + offset, bytes) == 0;
}

enum satsync_status faulty_file_fail_sync(struct faulty_tree *tree, struct faulty_node *file) {
    size_t sectors = (file->now.bytes + FAULTY_SECTOR_BYTES - 1) / FAULTY_SECTOR_BYTES;
    if (sectors > file->lost.bytes) {
        TRY(faulty_bytes_resize(tree, &file->lost, sectors));
    }
    for (size_t i = 0; i < sectors; i++) {
        file->lost.at[i] |= !is_kept(file, i * FAULTY_SECTOR_BYTES);
    }
    return SATSYNC_OK;
}

void faulty_file_touch(struct faulty_node *file, uint64_t offset, uint64_t bytes) {
    for (uint64_t sector = offset / FAULTY_SECTOR_BYTES;
         bytes > 0 && sector <= (offset + bytes - 1) / FAULTY_SECTOR_BYTES; sector++) {
        if (sector < file->lost.bytes) {
            file->lost.at[sector] = false;
        }
        if (sector < file->bad.bytes) {
            file->bad.at[sector] = false;
        }
    }
}

enum satsync_status faulty_file_spoil(struct faulty_tree *tree, struct faulty_node *file,
                                      uint64_t offset, uint64_t bytes) {
    uint64_t last = (offset + bytes - 1) / FAULTY_SECTOR_BYTES;
    if (last >= file->bad.bytes) {
        TRY(faulty_bytes_resize(tree, &file->bad, last + 1));
    }
    memset(file->bad.at + offset / FAULTY_SECTOR_BYTES, true,
           last + 1 - offset / FAULTY_SECTOR_BYTES);
    return SATSYNC_OK;
}

bool faulty_file_is_readable(const struct faulty_node *file, uint64_t offset, uint64_t bytes) {
    for (uint64_t sector = offset / FAULTY_SECTOR_BYTES;
         bytes > 0 && sector <= (offset + bytes - 1) / FAULTY_SECTOR_BYTES; sector++) {
        if (sector < file->bad.bytes && file->bad.at[sector]) {
            return false;
        }
    }
    return true;
}

static enum satsync_status crash_directory(struct faulty_tree *tree, struct faulty_node *directory,
                                           struct random *random) {
    for (size_t i = 0; i < directory->changes_count; i++) {
        if (random_below(random, 2)) {
            TRY(make_room_for_names(tree, &directory->names_safe, directory->names_safe.count + 1));
            apply(&directory->names_safe, &directory->changes[i]);
        }
    }
    directory->changes_count = 0;
    return copy_names(tree, &directory->names_now, &directory->names_safe);
}

static uint64_t surviving_size(const struct faulty_node *file, struct random *random) {
    uint64_t low = file->now.bytes < file->safe.bytes ? file->now.bytes : file->safe.bytes;
    uint64_t high = file->now.bytes + file->safe.bytes - low;
    switch (random_below(random, 3)) {
    case 0:
        return file->safe.bytes;
    case 1:
        return file->now.bytes;
    default:
        return low + random_below(random, high - low + 1);
    }
}

static enum satsync_status crash_file(struct faulty_tree *tree, struct faulty_node *file,
                                      struct random *random) {
    TRY(faulty_bytes_resize(tree, &file->safe, surviving_size(file, random)));
    /* Kept in eighths: 0 nothing, 8 all, in between a mixture. */
    uint64_t kept = random_below(random, 9);
    for (size_t offset = 0; offset < file->safe.bytes; offset += FAULTY_SECTOR_BYTES) {
        if (random_below(random, 8) < kept) {
            keep_sector(file, offset);
        }
    }
    file->opens = 0;
    file->shared_locks = 0;
    file->exclusive_lock = false;
    file->lost.bytes = 0;
    return copy_bytes(tree, &file->now, &file->safe);
}

enum satsync_status faulty_tree_crash(struct faulty_tree *tree, struct random *random) {
    for (struct faulty_node *node = tree->nodes; node; node = node->next) {
        TRY(node->is_directory ? crash_directory(tree, node, random)
                               : crash_file(tree, node, random));
    }
    return SATSYNC_OK;
}

/* Trees are small: to walk them is cheaper to get right than to count names. */
static bool has_name(const struct faulty_tree *tree, const struct faulty_node *file) {
    for (const struct faulty_node *node = tree->nodes; node; node = node->next) {
        for (size_t i = 0; i < node->names_now.count; i++) {
            if (node->names_now.at[i].node == file) {
                return true;
            }
        }
    }
    return false;
}

uint64_t faulty_tree_bytes(const struct faulty_tree *tree) {
    uint64_t total = 0;
    for (const struct faulty_node *node = tree->nodes; node; node = node->next) {
        if (!node->is_directory && (node->opens > 0 || has_name(tree, node))) {
            total += node->now.bytes;
        }
    }
    return total;
}
