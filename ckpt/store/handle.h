/*
 * An open store, as its parts see it. Owner thread.
 */
#ifndef STORE_HANDLE_H
#define STORE_HANDLE_H

#include "ckpt/store/store.h"

enum { STORE_ROOT_BYTES = 1024 };

/* A finished pack that no sweep may take: its file, open under a shared lock. */
struct held_pack {
    struct pack_id id;
    struct disk_file *file;
    struct held_pack *next;
};

struct sweep_notes;

struct store {
    struct chunks chunks; /* first: the operations get its address */
    struct disk *disk;
    const struct allocator *allocator;
    const struct log *log;
    bool is_read_only;
    bool owns_disk;
    size_t segment_bytes;
    size_t segments;
    char root[STORE_ROOT_BYTES];
    uint64_t temporaries; /* names tried so far */
    struct held_pack *held;
    struct sweep_notes *notes; /* of sweep_begin; NULL without */
};

static inline struct store *store_of(struct chunks *chunks) {
    return (struct store *)chunks;
}

#endif
