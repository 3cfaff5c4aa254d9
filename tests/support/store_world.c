#include "support/store_world.h"

#include "base/random.h"
#include "ckpt/store/disk_posix.h"
#include "ckpt/store/disk_uring.h"
#include "ckpt/store/handle.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum satsync_status new_disk(struct world *world, struct satsync_error *error) {
    switch (world->kind) {
    case WORLD_POSIX:
        return disk_posix_new(NULL, &world->disk, error);
    case WORLD_URING:
        return disk_uring_new(NULL, &world->disk, error);
    case WORLD_FAULTY:
        world->disk = faulty_disk_new(1, NULL);
        return world->disk ? SATSYNC_OK : SATSYNC_NO_MEMORY;
    case WORLD_KINDS:
        break;
    }
    return SATSYNC_BUG;
}

static void make_base(struct world *world) {
    if (world->kind == WORLD_FAULTY) {
        struct satsync_error error;
        snprintf(world->base, sizeof world->base, "/base");
        assert_int_equal(world->disk->ops->make_directory(world->disk, world->base, &error),
                         SATSYNC_OK);
    } else {
        const char *directory = getenv("TMPDIR");
        snprintf(world->base, sizeof world->base, "%.30s/satsync-store-XXXXXX",
                 directory ? directory : "/tmp");
        assert_non_null(mkdtemp(world->base));
    }
    snprintf(world->root, sizeof world->root, "%s/store", world->base);
}

bool world_begin_disk(struct world *world, enum world_kind kind) {
    struct satsync_error error;
    *world = (struct world){.kind = kind};
    world->options.segment_bytes = WORLD_SEGMENT_BYTES;
    world->options.segments = 3;
    if (new_disk(world, &error) != SATSYNC_OK) {
        print_message("no such disk here: %s\n", error.message);
        return false;
    }
    make_base(world);
    return true;
}

bool world_begin(struct world *world, enum world_kind kind) {
    struct satsync_error error = {0};
    if (!world_begin_disk(world, kind)) {
        return false;
    }
    if (store_create(world->disk, world->root, &world->options, &error) != SATSYNC_OK) {
        fail_msg("create: %s: %s", error.subject, error.message);
    }
    world->chunks = world_open_another(world);
    return true;
}

struct chunks *world_open_another(struct world *world) {
    struct satsync_error error = {0};
    struct chunks *chunks;
    if (store_open(world->disk, world->root, &world->options, &chunks, &error) != SATSYNC_OK) {
        fail_msg("open: %s: %s", error.subject, error.message);
    }
    return chunks;
}

void world_reopen(struct world *world) {
    if (world->chunks) {
        world->chunks->ops->close(world->chunks);
    }
    world->chunks = world_open_another(world);
}

struct store *world_store(struct world *world) {
    return store_of(world->chunks);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk) {
    (void)stat;
    (void)type;
    (void)walk;
    return remove(path);
}

void world_end(struct world *world) {
    if (world->chunks) {
        world->chunks->ops->close(world->chunks);
    }
    world->disk->ops->free(world->disk);
    if (world->kind != WORLD_FAULTY) {
        assert_int_equal(nftw(world->base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    }
}

void world_for_each(void (*test)(struct world *world)) {
    for (int kind = 0; kind < WORLD_KINDS; kind++) {
        struct world world;
        if (world_begin(&world, (enum world_kind)kind)) {
            test(&world);
            world_end(&world);
        }
    }
}

struct pack_id world_pack_id(unsigned seed) {
    struct pack_id id;
    struct random random = random_of(seed, 1);
    random_bytes(&random, id.bytes, sizeof id.bytes);
    return id;
}

void world_pack_bytes(unsigned seed, void *out, size_t bytes) {
    struct random random = random_of(seed, 2);
    random_bytes(&random, out, bytes);
}

uint64_t world_write_pack(struct world *world, unsigned seed, size_t bytes) {
    struct pack_id id = world_pack_id(seed);
    struct pack_writer *writer;
    uint64_t offset;
    uint64_t total;
    uint8_t *data = malloc(bytes + 1);
    assert_non_null(data);
    world_pack_bytes(seed, data, bytes);
    const struct chunks_ops *ops = world->chunks->ops;
    assert_int_equal(ops->pack_create(world->chunks, &id, bytes, &writer, NULL), SATSYNC_OK);
    assert_int_equal(ops->pack_append(writer, data, bytes, &offset, NULL), SATSYNC_OK);
    assert_int_equal(ops->pack_finish(writer, &total, NULL), SATSYNC_OK);
    free(data);
    return total;
}

static bool is_right(const uint8_t *data, size_t total, unsigned seed, size_t bytes) {
    uint8_t *expected = calloc(1, total + 1);
    assert_non_null(expected);
    world_pack_bytes(seed, expected, bytes);
    bool same = memcmp(data, expected, total) == 0;
    free(expected);
    return same;
}

bool world_has_pack(struct chunks *chunks, unsigned seed, size_t bytes) {
    struct pack_id id = world_pack_id(seed);
    struct pack_reader *reader;
    if (chunks->ops->pack_open(chunks, &id, &reader, NULL) != SATSYNC_OK) {
        return false;
    }
    size_t total = (size_t)chunks->ops->pack_bytes(reader);
    uint8_t *data = malloc(total + 1);
    assert_non_null(data);
    bool right = total >= bytes && total < bytes + DISK_ALIGN &&
                 chunks->ops->pack_read(reader, 0, data, total, NULL) == SATSYNC_OK &&
                 is_right(data, total, seed, bytes);
    free(data);
    chunks->ops->pack_close(reader);
    return right;
}

static void count_one(void *context, const char *name) {
    (void)name;
    ++*(size_t *)context;
}

size_t world_count(struct world *world, const char *directory) {
    char path[128];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/%s", world->root, directory);
    assert_int_equal(world->disk->ops->list(world->disk, path, count_one, &count, NULL),
                     SATSYNC_OK);
    return count;
}
