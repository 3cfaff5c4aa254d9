/*
 * Damage to a store's committed files, a different one each trial: flipped, cut, swapped, copied,
 * moved, lost and replayed bytes and files. Whatever it is, no wrong byte is ever given out, and
 * verify names it: with the key always, without the key wherever a manifest accounts for it.
 */
#include "base/random.h"
#include "campaign/damage.h"
#include "campaign/tally.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

enum { STEPS = 3, CHUNK_BYTES = 4096 };

struct trial {
    struct engine_world *world;
    struct content contents[STEPS];
    struct damage damage;
    char why[256];
    char outcome[48]; /* how the restores ended */
};

/* A checkpoint whose manifest somebody kept while the step was saved anew. */
static void make_store(struct trial *trial) {
    struct satsync_error error;
    struct content old;
    content_init(&old, 1000, 16384);
    engine_expect(content_save(&old, trial->world->store, 2, CHUNK_BYTES, &error), SATSYNC_OK,
                  &error);
    content_fini(&old);
    damage_forget_step(&trial->damage, trial->world->root, 2);
    for (unsigned i = 0; i < STEPS; i++) {
        content_init(&trial->contents[i], 11 + i, (size_t)16384 << (i == 1));
        engine_expect(
            content_save(&trial->contents[i], trial->world->store, i + 1, CHUNK_BYTES, &error),
            SATSYNC_OK, &error);
    }
    damage_read_files(&trial->damage, trial->world->root);
}

static bool fail(struct trial *trial, const char *what, uint64_t step,
                 const struct satsync_error *error) {
    snprintf(trial->why, sizeof trial->why, "%s: %s, step %d: %s: %.120s", trial->damage.what, what,
             (int)step, satsync_status_name(error->status), error->message);
    return false;
}

/* Only the file that says what a directory is may also be taken for that of a newer version. */
static bool is_clear(const struct trial *trial, const struct satsync_error *error) {
    enum satsync_status_class found = satsync_status_class(error->status);
    bool format = trial->damage.kind_of_file == DAMAGE_FORMAT;
    return *error->message &&
           (found == SATSYNC_CLASS_INTEGRITY || (format && error->status == SATSYNC_NEWER_VERSION));
}

static bool restores(struct trial *trial, struct satsync_store *store) {
    snprintf(trial->outcome, sizeof trial->outcome, "all_restored");
    for (uint64_t step = 1; step <= STEPS; step++) {
        bool wrong;
        struct satsync_error error = {0};
        enum satsync_status status =
            content_check(&trial->contents[step - 1], store, step, &wrong, &error);
        if (wrong) {
            return fail(trial, "wrong bytes were restored", step, &error);
        }
        if (status != SATSYNC_OK && !is_clear(trial, &error)) {
            return fail(trial, "a restore failed otherwise", step, &error);
        }
        if (status != SATSYNC_OK) {
            snprintf(trial->outcome, sizeof trial->outcome, "refused:%s",
                     satsync_status_name(status));
        }
    }
    return true;
}

static bool verifies(struct trial *trial, struct satsync_store *store, const char *how) {
    struct satsync_damage damages[64];
    struct satsync_verify_report report = {.damages = damages, .capacity = 64};
    struct satsync_error error = {0};
    enum satsync_status status = satsync_store_verify(store, SATSYNC_ALL_STEPS, &report, &error);
    error.status = status;
    if (!trial->damage.is_accounted) {
        return status == SATSYNC_OK || fail(trial, how, 0, &error);
    }
    bool named = report.damaged > 0 && *damages[0].what && damages[0].step > 0 &&
                 satsync_status_class(damages[0].status) == SATSYNC_CLASS_INTEGRITY;
    if (satsync_status_class(status) != SATSYNC_CLASS_INTEGRITY || !named) {
        return fail(trial, how, 0, &error);
    }
    return true;
}

static bool look(struct trial *trial, const struct satsync_key *key) {
    struct satsync_store *store;
    struct satsync_error error = {0};
    enum satsync_status status =
        satsync_store_open(trial->world->engine, trial->world->root, key, &store, &error);
    if (status != SATSYNC_OK) {
        snprintf(trial->outcome, sizeof trial->outcome, "not_opened:%s",
                 satsync_status_name(status));
        bool fair = !trial->damage.is_accounted && is_clear(trial, &error);
        return fair || fail(trial, "the store does not open", 0, &error);
    }
    bool good = !key || restores(trial, store);
    good = good && verifies(trial, store, key ? "verify with the key" : "verify without the key");
    satsync_store_close(store);
    return good;
}

int main(int argc, char **argv) {
    struct tally tally;
    struct engine_world world;
    struct satsync_engine_options options;
    tally_begin(&tally, "flips", 2000, argc, argv);
    satsync_engine_options_init(&options);
    options.manual = 1;
    options.memory_bytes = 8 << 20;
    engine_world_open(&world, &options);
    struct trial trial = {.world = &world, .damage.what = "nothing"};
    make_store(&trial);
    if (!look(&trial, world.key)) {
        tally_fail(&tally, 0, trial.why);
    }
    uint64_t seed;
    while (tally_next(&tally, &seed)) {
        struct random random = random_of(seed, 1);
        damage_do(&trial.damage, &random);
        bool good = look(&trial, NULL) && look(&trial, world.key);
        damage_undo(&trial.damage);
        char word[96];
        snprintf(word, sizeof word, "%.24s>%.22s", trial.damage.what, trial.outcome);
        good ? tally_add(&tally, seed, word) : tally_fail(&tally, seed, trial.why);
    }
    /* Undoing works, or the trials were of something else. */
    trial.damage.is_accounted = false;
    if (!look(&trial, world.key)) {
        tally_fail(&tally, 0, "the store is not whole again");
    }
    damage_fini(&trial.damage);
    for (size_t i = 0; i < STEPS; i++) {
        content_fini(&trial.contents[i]);
    }
    engine_world_close(&world);
    return tally_end(&tally);
}
