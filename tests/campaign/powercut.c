/*
 * The power goes at a random operation of the disk while the whole engine saves, and while another
 * checkpoint comes in piece by piece. Then the store opens, everything whose commit had returned OK
 * verifies with the key and has its bytes, nothing half-there is listed, and life goes on.
 */
#include "base/check.h"
#include "base/random.h"
#include "campaign/tally.h"
#include "engine/store.h"
#include "sim-link/faulty_disk.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4, INCOMING = 2, CHUNK_BYTES = 4096, PACK_BYTES_MOST = 1 << 18, PIECE_BYTES = 1400 };

/* A checkpoint of another store of the same site, as a sender would have it. */
struct sent {
    uint8_t *manifest;
    size_t manifest_bytes;
    uint8_t digest[32];
    struct incoming_file file;
    uint8_t *pack;
};

struct trial {
    struct engine_world *world;
    struct content contents[STEPS];
    struct sent sent; /* contents[INCOMING] */
    bool committed[STEPS];
    char why[256];
};

static enum satsync_status receive_pieces(const struct sent *sent, struct chunks *chunks,
                                          struct incoming *incoming, struct random *random,
                                          struct satsync_error *error) {
    const struct ranges *have = chunks->ops->incoming_have(incoming, 0);
    for (uint64_t at = 0; at < sent->file.bytes;) {
        uint64_t left = sent->file.bytes - at;
        size_t bytes = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (!ranges_cover(have, at, at + bytes)) {
            TRY(chunks->ops->incoming_write(incoming, 0, at, sent->pack + at, bytes, error));
            have = chunks->ops->incoming_have(incoming, 0);
        }
        if (random_below(random, 16) == 0) {
            TRY(chunks->ops->incoming_sync(incoming, error));
            have = chunks->ops->incoming_have(incoming, 0);
        }
        at += bytes;
    }
    return chunks->ops->incoming_sync(incoming, error);
}

static enum satsync_status receive(const struct sent *sent, struct chunks *chunks,
                                   struct random *random, struct satsync_error *error) {
    struct incoming *incoming;
    TRY(chunks->ops->incoming_open(chunks, sent->digest, &sent->file, 1, &incoming, error));
    enum satsync_status status = receive_pieces(sent, chunks, incoming, random, error);
    if (status == SATSYNC_OK) {
        status = chunks->ops->incoming_commit(incoming, INCOMING + 1, sent->manifest,
                                              sent->manifest_bytes, error);
    }
    chunks->ops->incoming_close(incoming);
    return status;
}

/* Brings every step in that is not committed yet. */
static enum satsync_status live(struct trial *trial, struct satsync_store *store,
                                struct random *random, struct satsync_error *error) {
    for (unsigned i = 0; i < STEPS; i++) {
        if (trial->committed[i]) {
            continue;
        }
        TRY(i == INCOMING ? receive(&trial->sent, store->chunks, random, error)
                          : content_save(&trial->contents[i], store, i + 1, CHUNK_BYTES, error));
        trial->committed[i] = true;
    }
    return SATSYNC_OK;
}

static bool fail(struct trial *trial, const char *what, const struct satsync_error *error) {
    snprintf(trial->why, sizeof trial->why, "%s: %s: %.100s: %.100s", what,
             satsync_status_name(error->status), error->subject, error->message);
    return false;
}

/* What is listed is whole, and what was committed is listed. A commit that failed may have been
 * done all the same. */
static bool check(struct trial *trial, struct satsync_store *store) {
    uint64_t steps[STEPS + 1];
    size_t count = 0;
    struct satsync_error error = {0};
    if (satsync_store_steps(store, steps, STEPS + 1, &count, &error) != SATSYNC_OK) {
        return fail(trial, "listing", &error);
    }
    bool listed[STEPS] = {false};
    for (size_t i = 0; i < count; i++) {
        bool wrong = steps[i] < 1 || steps[i] > STEPS;
        enum satsync_status status =
            wrong ? SATSYNC_BUG
                  : content_check(&trial->contents[steps[i] - 1], store, steps[i], &wrong, &error);
        if (wrong || status != SATSYNC_OK) {
            return fail(trial, wrong ? "wrong bytes" : "reading a listed step", &error);
        }
        listed[steps[i] - 1] = true;
    }
    for (size_t i = 0; i < STEPS; i++) {
        if (trial->committed[i] && !listed[i]) {
            return fail(trial, "a committed step is lost", &error);
        }
        trial->committed[i] = listed[i];
    }
    struct satsync_verify_report report = {0};
    return satsync_store_verify(store, SATSYNC_ALL_STEPS, &report, &error) == SATSYNC_OK ||
           fail(trial, "verify", &error);
}

static bool open_and_check(struct trial *trial) {
    struct satsync_error error = {0};
    struct engine_world *world = trial->world;
    if (satsync_store_open(world->engine, world->root, world->key, &world->store, &error) !=
        SATSYNC_OK) {
        return fail(trial, "the store does not open", &error);
    }
    return check(trial, world->store);
}

/* One life with `cuts` power cuts, each at one of the next `operations` operations. */
static bool cut_and_live_on(struct trial *trial, struct random *random, uint64_t operations,
                            unsigned cuts) {
    struct engine_world *world = trial->world;
    struct satsync_error error = {0};
    for (unsigned i = 0; i < cuts; i++) {
        uint64_t at = faulty_disk_operations(world->faulty) + random_below(random, operations);
        faulty_disk_power_off_at(world->faulty, at);
        enum satsync_status status = live(trial, world->store, random, &error);
        if (status != SATSYNC_OK && status != SATSYNC_IO) {
            return fail(trial, "a cut gives another error", &error);
        }
        satsync_store_close(world->store);
        world->store = NULL;
        faulty_disk_power_off_at(world->faulty, UINT64_MAX);
        if (faulty_disk_crash(world->faulty) != SATSYNC_OK) {
            return fail(trial, "no memory for the disk", &error);
        }
        if (!open_and_check(trial)) {
            return false;
        }
        operations = operations / 2 + 1;
    }
    faulty_disk_power_off_at(world->faulty, UINT64_MAX);
    if (live(trial, world->store, random, &error) != SATSYNC_OK) {
        return fail(trial, "going on", &error);
    }
    return check(trial, world->store);
}

static void open_world(struct trial *trial, struct engine_world *world, uint64_t seed) {
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.memory_bytes = 8 << 20;
    engine_world_open_faulty(world, &options, seed);
    trial->world = world;
    memset(trial->committed, 0, sizeof trial->committed);
}

/* All steps in a world without faults: *operations is how many that takes. The incoming one is
 * signed by this world's key, so each world makes its own. */
static void make_sent(struct trial *trial, struct satsync_store *store) {
    struct satsync_error error = {0};
    struct store_manifest manifest;
    struct sent *sent = &trial->sent;
    engine_expect(
        content_save(&trial->contents[INCOMING], store, INCOMING + 1, CHUNK_BYTES, &error),
        SATSYNC_OK, &error);
    engine_expect(store_manifest_read(store, INCOMING + 1, &manifest, &error), SATSYNC_OK, &error);
    sent->manifest_bytes = manifest.bytes;
    sent->manifest = malloc(manifest.bytes);
    sent->pack = malloc(PACK_BYTES_MOST);
    if (!sent->manifest || !sent->pack) {
        abort();
    }
    memcpy(sent->manifest, manifest.data, manifest.bytes);
    memcpy(sent->digest, manifest.digest, sizeof sent->digest);
    memcpy(sent->file.id.bytes, manifest.root.packs[0].id, sizeof sent->file.id.bytes);
    sent->file.bytes = manifest.root.packs[0].bytes;
    assert(manifest.root.pack_count == 1 && sent->file.bytes <= PACK_BYTES_MOST);
    struct pack_reader *pack;
    struct chunks *chunks = store->chunks;
    engine_expect(chunks->ops->pack_open(chunks, &sent->file.id, &pack, &error), SATSYNC_OK,
                  &error);
    engine_expect(chunks->ops->pack_read(pack, 0, sent->pack, (size_t)sent->file.bytes, &error),
                  SATSYNC_OK, &error);
    chunks->ops->pack_close(pack);
    store_manifest_fini(&manifest);
}

/* The other store lies on the same disk. */
static void make_other_store(struct trial *trial) {
    struct engine_world *world = trial->world;
    struct satsync_error error = {0};
    struct satsync_store *other;
    engine_expect(satsync_store_create(world->engine, "/other", world->key, NULL, 0, &error),
                  SATSYNC_OK, &error);
    engine_expect(satsync_store_open(world->engine, "/other", world->key, &other, &error),
                  SATSYNC_OK, &error);
    make_sent(trial, other);
    satsync_store_close(other);
}

static void close_world(struct trial *trial) {
    free(trial->sent.manifest);
    free(trial->sent.pack);
    engine_world_close(trial->world);
}

static uint64_t operations_of_a_life(struct trial *trial) {
    struct engine_world world;
    struct satsync_error error = {0};
    struct random random = random_of(1, 2);
    open_world(trial, &world, 1);
    make_other_store(trial);
    uint64_t before = faulty_disk_operations(world.faulty);
    engine_expect(live(trial, world.store, &random, &error), SATSYNC_OK, &error);
    uint64_t operations = faulty_disk_operations(world.faulty) - before;
    if (!check(trial, world.store)) {
        printf("without any cut: %s\n", trial->why);
        exit(1);
    }
    close_world(trial);
    return operations;
}

int main(int argc, char **argv) {
    struct tally tally;
    struct trial trial = {.world = NULL};
    tally_begin(&tally, "powercut", 500, argc, argv);
    for (unsigned i = 0; i < STEPS; i++) {
        content_init(&trial.contents[i], 21 + i, 16384);
    }
    uint64_t operations = operations_of_a_life(&trial);
    printf("a life takes %d operations of the disk\n", (int)operations);
    uint64_t seed;
    while (tally_next(&tally, &seed)) {
        struct engine_world world;
        struct random random = random_of(seed, 2);
        open_world(&trial, &world, seed);
        make_other_store(&trial);
        unsigned cuts = 1 + (unsigned)random_below(&random, 3);
        bool good = cut_and_live_on(&trial, &random, operations, cuts);
        char word[32];
        snprintf(word, sizeof word, "cuts:%u", cuts);
        good ? tally_add(&tally, seed, word) : tally_fail(&tally, seed, trial.why);
        close_world(&trial);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        content_fini(&trial.contents[i]);
    }
    return tally_end(&tally);
}
