/*
 * Checkpoints with random parity, harmed at random and repaired, on the disk in memory: up to as
 * many packs as there is parity are made again, and with one more no wrong byte is given out.
 */
#include "campaign/tally.h"
#include "support/content.h"
#include "support/harm.h"

#include <stdio.h>
#include <string.h>

struct trial {
    struct engine_world *world;
    struct random random;
    struct content content;
    struct satsync_save_options options;
    unsigned harmed;
    char why[256];
};

static bool fail(struct trial *trial, const char *what, const struct satsync_error *error) {
    snprintf(trial->why, sizeof trial->why, "%u+%u packs, %u harmed: %s: %.100s",
             trial->options.data_packs, trial->options.parity_packs, trial->harmed, what,
             error->message);
    return false;
}

static bool save(struct trial *trial, uint64_t step) {
    static const uint32_t chunk_bytes[] = {4096, 65536, 0};
    struct satsync_save_options *options = &trial->options;
    struct satsync_error error = {0};
    satsync_save_options_init(options);
    options->step = step;
    options->chunk_bytes = chunk_bytes[random_below(&trial->random, 3)];
    options->base = (enum satsync_base)random_below(&trial->random, 2); /* none or auto */
    options->data_packs = 1 + (uint32_t)random_below(&trial->random, 8);
    options->parity_packs = 1 + (uint32_t)random_below(&trial->random, 3);
    content_init(&trial->content, random_below(&trial->random, 3),
                 64 * (1 + random_below(&trial->random, 20000)));
    return content_save_with(&trial->content, trial->world->store, options, &error) == SATSYNC_OK ||
           fail(trial, "not saved", &error);
}

/* `harmed` different packs of the checkpoint's own, each up to three times. */
static void harm(struct trial *trial, const struct manifest *root) {
    unsigned count = trial->options.data_packs + trial->options.parity_packs;
    bool done[MANIFEST_ARRAY_PACKS_MAX] = {false};
    trial->harmed = (unsigned)random_below(&trial->random, trial->options.parity_packs + 2);
    trial->harmed = trial->harmed > count ? count : trial->harmed;
    for (unsigned i = 0; i < trial->harmed;) {
        unsigned pack = (unsigned)random_below(&trial->random, count);
        if (done[pack]) {
            continue;
        }
        enum harm_kind kind = (enum harm_kind)random_below(&trial->random, HARM_KINDS);
        uint64_t times = kind == HARM_FLIP ? 1 + random_below(&trial->random, 3) : 1;
        uint64_t stride = root->packs[pack].bytes / 4;
        for (uint64_t k = 0; k < times; k++) {
            kind == HARM_FLIP ? harm_flip(trial->world, &root->packs[pack], k * stride)
                              : harm_pack(trial->world, &root->packs[pack], kind, &trial->random);
        }
        done[pack] = true;
        i++;
    }
}

static bool content_is_given(struct trial *trial, uint64_t step, bool *wrong,
                             struct satsync_error *error) {
    return content_check(&trial->content, trial->world->store, step, wrong, error) == SATSYNC_OK;
}

static bool repairs(struct trial *trial, uint64_t step) {
    struct satsync_error error = {0};
    struct satsync_repair_options options;
    struct satsync_repair_report report = {0};
    struct satsync_verify_report verified = {0};
    bool wrong = false;
    satsync_repair_options_init(&options);
    enum satsync_status status =
        satsync_store_repair(trial->world->store, step, &options, &report, &error);
    if (report.damaged != trial->harmed) {
        return fail(trial, "not all harm was found", &error);
    }
    if (status == SATSYNC_OK) {
        bool whole =
            report.mended == trial->harmed &&
            satsync_store_verify(trial->world->store, step, &verified, &error) == SATSYNC_OK &&
            content_is_given(trial, step, &wrong, &error) && !wrong;
        return whole || fail(trial, "not whole after repair", &error);
    }
    if (trial->harmed <= trial->options.parity_packs ||
        satsync_status_class(status) != SATSYNC_CLASS_INTEGRITY) {
        return fail(trial, "not mended", &error);
    }
    (void)content_is_given(trial, step, &wrong, &error);
    return !wrong || fail(trial, "a wrong byte was given out", &error);
}

/* The first one is there to be a base, often of the same content. */
static bool run(struct trial *trial) {
    struct store_manifest manifest;
    bool saved = save(trial, 1);
    content_fini(&trial->content);
    saved = save(trial, 2) && saved;
    if (!saved) {
        return false;
    }
    harm_manifest(trial->world, 2, &manifest);
    harm(trial, &manifest.root);
    store_manifest_fini(&manifest);
    return repairs(trial, 2);
}

int main(int argc, char **argv) {
    struct tally tally;
    uint64_t seed;
    tally_begin(&tally, "repair", 5000, argc, argv);
    while (tally_next(&tally, &seed)) {
        struct engine_world world;
        struct trial trial = {.world = &world, .random = random_of(seed, 1)};
        char word[48];
        engine_world_open_faulty(&world, NULL, seed);
        bool good = run(&trial);
        content_fini(&trial.content);
        engine_world_close(&world);
        snprintf(word, sizeof word, "harmed_%u_parity_%u", trial.harmed,
                 trial.options.parity_packs);
        good ? tally_add(&tally, seed, word) : tally_fail(&tally, seed, trial.why);
    }
    return tally_end(&tally);
}
