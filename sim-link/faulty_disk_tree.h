/*
 * The faulty disk's files and directories, each with what the page cache shows and what is durable.
 * Nodes live until the tree is freed: a crash may bring any of them back. Owner thread.
 */
#ifndef SIM_LINK_FAULTY_DISK_TREE_H
#define SIM_LINK_FAULTY_DISK_TREE_H

#include "base/memory.h"
#include "base/random.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAULTY_NAME_BYTES = 160 };

struct faulty_node;

struct faulty_name {
    char text[FAULTY_NAME_BYTES];
    struct faulty_node *node;
};

struct faulty_names {
    struct faulty_name *at;
    size_t count;
    size_t capacity;
};

/* One change of a directory that is not durable yet: `from` goes (unless empty), `to` comes (unless
 * empty) and names the node. Both at once: a rename. */
struct faulty_change {
    char from[FAULTY_NAME_BYTES];
    char to[FAULTY_NAME_BYTES];
    struct faulty_node *node;
};

struct faulty_bytes {
    uint8_t *at;
    size_t bytes;
    size_t capacity;
};

struct faulty_node {
    bool is_directory;
    /* A file. */
    struct faulty_bytes now;
    struct faulty_bytes safe;
    /* Sectors that a failed sync should have kept: never durable unless they are written again. */
    struct faulty_bytes lost; /* a byte per sector */
    struct faulty_bytes bad;  /* likewise: those that cannot be read */
    unsigned opens;
    unsigned shared_locks;
    bool exclusive_lock;
    /* A directory. */
    struct faulty_names names_now;
    struct faulty_names names_safe;
    struct faulty_change *changes;
    size_t changes_count;
    size_t changes_capacity;

    struct faulty_node *next;
};

struct faulty_tree {
    struct faulty_node *root;
    struct faulty_node *nodes; /* all of them */
    const struct allocator *allocator;
};

enum satsync_status faulty_tree_init(struct faulty_tree *tree, const struct allocator *allocator);
void faulty_tree_fini(struct faulty_tree *tree);

/* NULL: no memory. */
struct faulty_node *faulty_tree_node(struct faulty_tree *tree, bool is_directory);

/* What the path names now, or NULL. */
struct faulty_node *faulty_tree_find(const struct faulty_tree *tree, const char *path);

/* The directory that holds the path's last component, or NULL; *name points into `path`. */
struct faulty_node *faulty_tree_parent(const struct faulty_tree *tree, const char *path,
                                       const char **name);

/* Makes a change in the directory, to be durable with faulty_directory_sync. from and to as in
 * struct faulty_change, NULL for empty. NO_MEMORY leaves all as it was. */
enum satsync_status faulty_directory_change(struct faulty_tree *tree, struct faulty_node *directory,
                                            const char *from, const char *to,
                                            struct faulty_node *node);
enum satsync_status faulty_directory_sync(struct faulty_tree *tree, struct faulty_node *directory);

/* Sets the size, the growth zeroed. */
enum satsync_status faulty_bytes_resize(struct faulty_tree *tree, struct faulty_bytes *bytes,
                                        uint64_t size);

enum satsync_status faulty_file_sync(struct faulty_tree *tree, struct faulty_node *file);
enum satsync_status faulty_file_fail_sync(struct faulty_tree *tree, struct faulty_node *file);

/* Makes the sectors of these bytes unreadable until they are written. */
enum satsync_status faulty_file_spoil(struct faulty_tree *tree, struct faulty_node *file,
                                      uint64_t offset, uint64_t bytes);
bool faulty_file_is_readable(const struct faulty_node *file, uint64_t offset, uint64_t bytes);

/* Says that these bytes were just written. */
void faulty_file_touch(struct faulty_node *file, uint64_t offset, uint64_t bytes);

/* Some of what is not durable becomes so, by chance; then what is durable is all there is. */
enum satsync_status faulty_tree_crash(struct faulty_tree *tree, struct random *random);

/* Bytes of all files that have a name or are open. */
uint64_t faulty_tree_bytes(const struct faulty_tree *tree);

#endif
