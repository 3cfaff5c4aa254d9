/*
 * A fault at every single operation of the disk while the whole engine saves (plainly, from a base,
 * with parity), tags, prunes and repairs: the process is killed there, the power cut, the operation
 * fails with EIO or ENOSPC, or the disk is full from some byte on. Then the store opens, what was
 * committed is listed and has its bytes, a full disk can be pruned, life goes on to its end, and no
 * byte of the disk is lost to files that no checkpoint names.
 */
#include "base/check.h"
#include "base/map.h"
#include "campaign/tally.h"
#include "sim-link/faulty_disk.h"
#include "support/content.h"
#include "support/harm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 3, LARGE_BYTES = 32768, CHUNK_BYTES = 4096 };

enum fault { FAULT_KILL, FAULT_POWER, FAULT_EIO, FAULT_ENOSPC, FAULT_FULL, FAULTS };
static const char *const fault_names[] = {"kill", "power", "eio", "enospc", "full"};

/* How long a life is, told from one without faults. */
struct extent {
    uint64_t from; /* operations of the disk before it */
    uint64_t operations;
    uint64_t bytes_from;
    uint64_t bytes;
};

struct trial {
    struct engine_world world;
    struct content contents[STEPS];
    enum fault fault;
    uint64_t at;
    bool committed[STEPS];
    bool removing; /* a prune has begun: only the newest and the tagged must stay */
    bool tagged;
    bool harmed; /* a pack of the last step, and not yet repaired */
    bool repaired;
    char why[256];
};

static bool fail(struct trial *trial, const char *what, const struct satsync_error *error) {
    snprintf(trial->why, sizeof trial->why, "%s at operation %d: %s: %s: %.80s: %.80s",
             fault_names[trial->fault], (int)trial->at, what, satsync_status_name(error->status),
             error->subject, error->message);
    return false;
}

/* The first plain, the second as differences from it, the last with more parity. */
static enum satsync_status save(struct trial *trial, unsigned n, struct satsync_error *error) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = n + 1;
    options.chunk_bytes = CHUNK_BYTES;
    options.base = n == 1 ? SATSYNC_BASE_AUTO : SATSYNC_BASE_NONE;
    options.data_packs = n == 0 ? 0 : n + 1;
    options.parity_packs = n;
    TRY(content_save_with(&trial->contents[n], trial->world.store, &options, error));
    trial->committed[n] = true;
    return SATSYNC_OK;
}

static enum satsync_status prune(struct trial *trial, struct satsync_error *error) {
    struct satsync_prune_options options;
    struct satsync_prune_report report = {0};
    satsync_prune_options_init(&options);
    options.keep_last = 1;
    trial->removing = true;
    return satsync_store_prune(trial->world.store, &options, &report, error);
}

/* A bit rots in a pack of the last step, which has parity. */
static enum satsync_status harm(struct trial *trial, struct satsync_error *error) {
    struct store_manifest manifest;
    TRY(store_manifest_read(trial->world.store, STEPS, &manifest, error));
    harm_rot(&trial->world, &manifest.root.packs[1], 5);
    store_manifest_fini(&manifest);
    trial->harmed = true;
    return SATSYNC_OK;
}

static enum satsync_status repair(struct trial *trial, struct satsync_error *error) {
    struct satsync_repair_options options;
    struct satsync_repair_report report = {0};
    satsync_repair_options_init(&options);
    TRY(satsync_store_repair(trial->world.store, SATSYNC_ALL_STEPS, &options, &report, error));
    trial->repaired = true;
    return SATSYNC_OK;
}

/* All that is still to be done. */
static enum satsync_status live(struct trial *trial, struct satsync_error *error) {
    for (unsigned n = 0; n < STEPS; n++) {
        if (!trial->committed[n] && !(trial->removing && n == 0)) {
            TRY(save(trial, n, error));
        }
        if (n == 1 && !trial->tagged) {
            TRY(satsync_store_tag(trial->world.store, 2, "kept", error));
            trial->tagged = true;
        }
    }
    TRY(prune(trial, error));
    if (!trial->harmed) {
        TRY(harm(trial, error));
    }
    return trial->repaired ? SATSYNC_OK : repair(trial, error);
}

static bool is_step_good(struct trial *trial, uint64_t step, struct satsync_error *error) {
    bool wrong = false;
    enum satsync_status status =
        content_check(&trial->contents[step - 1], trial->world.store, step, &wrong, error);
    if (wrong) {
        return fail(trial, "wrong bytes", error);
    }
    bool may_fail = step == STEPS && trial->harmed && !trial->repaired;
    return status == SATSYNC_OK || may_fail || fail(trial, "reading a listed step", error);
}

/* What is listed is whole, and what was committed is listed. What failed may have been done. */
static bool check(struct trial *trial) {
    uint64_t steps[STEPS + 1];
    size_t count = 0;
    struct satsync_error error = {0};
    struct satsync_store *store = trial->world.store;
    if (satsync_store_steps(store, steps, STEPS + 1, &count, &error) != SATSYNC_OK) {
        return fail(trial, "listing", &error);
    }
    bool listed[STEPS] = {false};
    for (size_t i = 0; i < count; i++) {
        if (steps[i] < 1 || steps[i] > STEPS) {
            return fail(trial, "a step that was never saved", &error);
        }
        if (!is_step_good(trial, steps[i], &error)) {
            return false;
        }
        listed[steps[i] - 1] = true;
    }
    for (size_t n = 0; n < STEPS; n++) {
        if (trial->committed[n] && !listed[n] && !(trial->removing && n == 0)) {
            return fail(trial, "a committed step is lost", &error);
        }
        trial->committed[n] = listed[n];
    }
    struct satsync_verify_report report = {0};
    bool may_fail = trial->harmed && !trial->repaired;
    return satsync_store_verify(store, SATSYNC_ALL_STEPS, &report, &error) == SATSYNC_OK ||
           may_fail || fail(trial, "verify", &error);
}

/* What a directory of the store has beside what it should. */
struct census {
    struct map named; /* packs, by the begin of their ids */
    uint64_t packs;
    uint64_t strangers;
};

static void count_name(void *context, const char *name) {
    struct census *census = context;
    unsigned long long key = 0;
    bool is_pack = strlen(name) == 37 && sscanf(name, "%16llx", &key) == 1;
    bool is_named = is_pack && map_get(&census->named, key);
    census->packs += is_named;
    census->strangers += strncmp(name, ".", 1) == 0 || (is_pack && !is_named);
}

static bool name_packs(struct trial *trial, struct census *census) {
    for (unsigned n = 0; n < STEPS; n++) {
        struct store_manifest manifest;
        if (store_manifest_read(trial->world.store, n + 1, &manifest, NULL) != SATSYNC_OK) {
            continue;
        }
        for (size_t i = 0; i < manifest.root.pack_count; i++) {
            uint64_t key = 0;
            for (int k = 0; k < 8; k++) {
                key = key << 8 | manifest.root.packs[i].id[k];
            }
            if (map_set(&census->named, key, 1) != SATSYNC_OK) {
                return false;
            }
        }
        store_manifest_fini(&manifest);
    }
    return true;
}

/* After a prune there is no pack that no checkpoint names, and no temporary file. */
static bool is_clean(struct trial *trial) {
    static const char *const directories[] = {"", "/packs", "/manifests", "/incoming", "/trusted"};
    struct census census = {.packs = 0};
    struct satsync_error error = {0};
    struct disk *disk = trial->world.faulty;
    map_init(&census.named, NULL);
    bool good = name_packs(trial, &census);
    uint64_t named = census.named.count;
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", trial->world.root, directories[i]);
        good = good && disk->ops->list(disk, path, count_name, &census, &error) == SATSYNC_OK;
    }
    map_fini(&census.named);
    return (good && census.strangers == 0 && census.packs == named) ||
           fail(trial, "space is not reclaimed", &error);
}

static bool reopen(struct trial *trial) {
    struct satsync_error error = {0};
    struct engine_world *world = &trial->world;
    satsync_store_close(world->store);
    world->store = NULL;
    faulty_disk_power_off_at(world->faulty, UINT64_MAX);
    faulty_disk_fail_at(world->faulty, UINT64_MAX, SATSYNC_OK);
    bool crashes = trial->fault == FAULT_POWER || (trial->fault != FAULT_KILL && trial->at % 2);
    if (crashes && faulty_disk_crash(world->faulty) != SATSYNC_OK) {
        return fail(trial, "no memory for the disk", &error);
    }
    return satsync_store_open(world->engine, world->root, world->key, &world->store, &error) ==
               SATSYNC_OK ||
           fail(trial, "the store does not open", &error);
}

/* On a disk that is still full: to prune makes room, and needs none. */
static bool make_room(struct trial *trial) {
    struct satsync_error error = {0};
    enum satsync_status status = prune(trial, &error);
    faulty_disk_set_capacity(trial->world.faulty, UINT64_MAX);
    return status == SATSYNC_OK || fail(trial, "pruning a full disk", &error);
}

/* Repair calls damaged what it cannot read, and no disk says ENOSPC to a read. */
static bool is_told(const struct trial *trial, enum satsync_status status,
                    const struct satsync_error *error) {
    static const enum satsync_status told[] = {SATSYNC_IO, SATSYNC_IO, SATSYNC_IO, SATSYNC_NO_SPACE,
                                               SATSYNC_NO_SPACE};
    bool fits = status == told[trial->fault] ||
                (status == SATSYNC_IO && trial->fault == FAULT_ENOSPC) ||
                (trial->harmed && satsync_status_class(status) == SATSYNC_CLASS_INTEGRITY);
    return status == SATSYNC_OK ||
           (fits && strlen(error->message) > 10 && strlen(error->subject) > 0);
}

static bool run(struct trial *trial) {
    struct satsync_error error = {0};
    enum satsync_status status = live(trial, &error);
    if (!is_told(trial, status, &error)) {
        return fail(trial, "the fault is told as another", &error);
    }
    if (!reopen(trial) || !check(trial)) {
        return false;
    }
    if (trial->fault == FAULT_FULL && !(make_room(trial) && check(trial))) {
        return false;
    }
    if (live(trial, &error) != SATSYNC_OK) {
        return fail(trial, "going on", &error);
    }
    return check(trial) && is_clean(trial);
}

static void begin(struct trial *trial, uint64_t disk_seed) {
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.memory_bytes = 8 << 20;
    engine_world_open_faulty(&trial->world, &options, disk_seed);
}

static uint64_t used_bytes(struct disk *disk) {
    uint64_t free = 0;
    struct satsync_error error;
    faulty_disk_set_capacity(disk, 1 << 30);
    engine_expect(disk->ops->free_bytes(disk, "/", &free, &error), SATSYNC_OK, &error);
    faulty_disk_set_capacity(disk, UINT64_MAX);
    return (1 << 30) - free;
}

static struct extent measure(const struct trial *fresh) {
    struct trial trial = *fresh;
    struct extent extent;
    struct satsync_error error = {0};
    begin(&trial, 1);
    extent.bytes_from = used_bytes(trial.world.faulty);
    extent.from = faulty_disk_operations(trial.world.faulty);
    engine_expect(live(&trial, &error), SATSYNC_OK, &error);
    extent.operations = faulty_disk_operations(trial.world.faulty) - extent.from;
    extent.bytes = used_bytes(trial.world.faulty) - extent.bytes_from;
    if (!check(&trial) || !is_clean(&trial)) {
        printf("without a fault: %s\n", trial.why);
        exit(1);
    }
    engine_world_close(&trial.world);
    return extent;
}

/* Each fault at each operation comes once in FAULTS * operations seeds; neighbours are far apart,
 * so that a few are a fair sample. */
static void plan(struct trial *trial, const struct extent *extent, uint64_t seed) {
    uint64_t total = FAULTS * extent->operations;
    uint64_t number = seed * (total % 617 ? 617 : 619) % total;
    struct disk *disk = trial->world.faulty;
    trial->fault = (enum fault)(number % FAULTS);
    trial->at = number / FAULTS;
    uint64_t at = faulty_disk_operations(disk) + trial->at;
    switch (trial->fault) {
    case FAULT_KILL:
    case FAULT_POWER:
        faulty_disk_power_off_at(disk, at);
        break;
    case FAULT_EIO:
        faulty_disk_fail_at(disk, at, SATSYNC_IO);
        break;
    case FAULT_ENOSPC:
        faulty_disk_fail_at(disk, at, SATSYNC_NO_SPACE);
        break;
    default:
        faulty_disk_set_capacity(disk, extent->bytes_from +
                                           trial->at * extent->bytes / extent->operations);
        break;
    }
}

int main(int argc, char **argv) {
    struct trial fresh = {.fault = FAULT_KILL};
    for (unsigned n = 0; n < STEPS; n++) {
        content_init(&fresh.contents[n], 31 + n / 2, LARGE_BYTES);
    }
    fresh.contents[1].data[CONTENT_TENSORS - 1][LARGE_BYTES / 2] ^= 1;
    const struct extent extent = measure(&fresh);
    struct tally tally;
    uint64_t seed;
    tally_begin(&tally, "every_operation", FAULTS * extent.operations, argc, argv);
    printf("a life takes %d operations of the disk and %d bytes\n", (int)extent.operations,
           (int)extent.bytes);
    while (tally_next(&tally, &seed)) {
        struct trial trial = fresh;
        begin(&trial, seed);
        plan(&trial, &extent, seed);
        bool good = run(&trial);
        good ? tally_add(&tally, seed, fault_names[trial.fault])
             : tally_fail(&tally, seed, trial.why);
        engine_world_close(&trial.world);
    }
    for (unsigned n = 0; n < STEPS; n++) {
        content_fini(&fresh.contents[n]);
    }
    return tally_end(&tally);
}
