#include "support/engine_world.h"

#include "base/random.h"
#include "ckpt/store/store.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/disk_handle.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The ports have no context of their own. */
static struct disk *faulty_disk;

void engine_expect(enum satsync_status status, enum satsync_status wanted,
                   const struct satsync_error *error) {
    if (status != wanted) {
        fail_msg("%s instead of %s: %s: %s", satsync_status_name(status),
                 satsync_status_name(wanted), status != SATSYNC_OK ? error->subject : "",
                 status != SATSYNC_OK ? error->message : "");
    }
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk) {
    (void)stat;
    (void)type;
    (void)walk;
    return remove(path);
}

void engine_world_remove(const char *path) {
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *engine_world_path(const struct engine_world *world, const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", world->base, name);
    return path;
}

struct satsync_key *engine_world_key(struct engine_world *world, const char *name) {
    struct satsync_error error;
    struct satsync_key *key;
    const char *path = engine_world_path(world, name);
    engine_expect(satsync_key_generate(path, NULL, &error), SATSYNC_OK, &error);
    engine_expect(satsync_key_load(path, &key, &error), SATSYNC_OK, &error);
    return key;
}

static void make_base(struct engine_world *world) {
    const char *directory = getenv("TMPDIR");
    *world = (struct engine_world){.faulty = NULL};
    snprintf(world->base, sizeof world->base, "%.30s/satsync-engine-XXXXXX",
             directory ? directory : "/tmp");
    assert_non_null(mkdtemp(world->base));
    snprintf(world->root, sizeof world->root, "%s/store", world->base);
    world->key = engine_world_key(world, "site.key");
    satsync_key_public(world->key, &world->public_key);
}

static void make_store(struct engine_world *world) {
    struct satsync_error error;
    engine_expect(satsync_store_create(world->engine, world->root, world->key, NULL, 0, &error),
                  SATSYNC_OK, &error);
    engine_expect(satsync_store_open(world->engine, world->root, world->key, &world->store, &error),
                  SATSYNC_OK, &error);
}

void engine_world_open(struct engine_world *world, const struct satsync_engine_options *options) {
    struct satsync_error error;
    make_base(world);
    engine_expect(satsync_engine_open(options, &world->engine, &error), SATSYNC_OK, &error);
    make_store(world);
}

static enum satsync_status open_disk(const struct allocator *allocator, struct disk **disk,
                                     struct satsync_error *error) {
    (void)allocator;
    (void)error;
    *disk = disk_handle_new(faulty_disk);
    return *disk ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

static const struct store_options store_options = {.segment_bytes = 16384, .segments = 3};

static enum satsync_status create_store(struct disk *disk, const char *path,
                                        const struct allocator *allocator,
                                        struct satsync_error *error) {
    struct store_options options = store_options;
    options.allocator = allocator;
    return store_create(disk, path, &options, error);
}

static enum satsync_status open_store(struct disk *disk, const char *path,
                                      const struct allocator *allocator, struct chunks **chunks,
                                      struct satsync_error *error) {
    struct store_options options = store_options;
    options.allocator = allocator;
    return store_open(disk, path, &options, chunks, error);
}

/* Time passes by a microsecond each time somebody looks. */
static uint64_t counted_ns(void) {
    static uint64_t now_ns;
    return now_ns += 1000;
}

static uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static size_t one_core(void) {
    return 1;
}

void engine_world_open_faulty(struct engine_world *world,
                              const struct satsync_engine_options *options, uint64_t disk_seed) {
    static const struct engine_ports ports = {.disk_open = open_disk,
                                              .store_create = create_store,
                                              .store_open = open_store,
                                              .now_ns = monotonic_ns,
                                              .unix_ns = counted_ns,
                                              .cores = one_core};
    struct satsync_error error;
    struct satsync_engine_options chosen;
    satsync_engine_options_init(&chosen);
    chosen = options ? *options : chosen;
    chosen.manual = 1;
    make_base(world);
    snprintf(world->root, sizeof world->root, "/store");
    faulty_disk = world->faulty = faulty_disk_new(disk_seed, NULL);
    assert_non_null(faulty_disk);
    engine_expect(engine_open(&chosen, &ports, &world->engine, &error), SATSYNC_OK, &error);
    make_store(world);
}

void engine_world_close(struct engine_world *world) {
    satsync_store_close(world->store);
    satsync_engine_close(world->engine);
    satsync_key_free(world->key);
    if (world->faulty) {
        world->faulty->ops->free(world->faulty);
        faulty_disk = NULL;
    }
    engine_world_remove(world->base);
}

int engine_world_setup(void **state) {
    struct engine_world *world = malloc(sizeof *world);
    if (!world) {
        return -1;
    }
    engine_world_open(world, NULL);
    *state = world;
    return 0;
}

int engine_world_teardown(void **state) {
    engine_world_close(*state);
    free(*state);
    return 0;
}
