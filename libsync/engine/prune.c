/* Removing old checkpoints and the packs that no other one names. */
#include "base/check.h"
#include "engine/tags.h"

#include <stdlib.h>
#include <string.h>

/* A pack that a checkpoint names. */
struct use {
    struct pack_id id;
    uint64_t bytes;
    bool kept; /* by that checkpoint */
};

struct prune {
    struct satsync_store *store;
    struct satsync_prune_options options;
    uint64_t *steps; /* in ascending order */
    bool *tagged;    /* of each step */
    size_t step_count;
    struct use *uses; /* of all checkpoints */
    size_t use_count;
};

static void forget(struct prune *prune) {
    const struct allocator *allocator = prune->store->engine->allocator;
    memory_free(allocator, prune->steps);
    memory_free(allocator, prune->tagged);
    memory_free(allocator, prune->uses);
    prune->steps = NULL;
    prune->tagged = NULL;
    prune->uses = NULL;
    prune->step_count = prune->use_count = 0;
}

/* By tag, counting from the newest, and by number. */
static bool is_kept(const struct prune *prune, size_t index) {
    uint64_t every = prune->options.keep_every;
    return (prune->tagged[index] && !prune->options.drop_tagged) ||
           prune->step_count - index <= prune->options.keep_last ||
           (every > 0 && prune->steps[index] % every == 0);
}

static enum satsync_status read_steps(struct prune *prune, struct satsync_error *error) {
    size_t count;
    TRY(satsync_store_steps(prune->store, NULL, 0, &count, error));
    size_t room = count + 16; /* saves may go on meanwhile */
    prune->steps = memory_new(prune->store->engine->allocator, room, sizeof *prune->steps);
    prune->tagged = memory_new(prune->store->engine->allocator, room, sizeof *prune->tagged);
    ENSURE(prune->steps && prune->tagged, error, SATSYNC_NO_MEMORY, "prune", "out of memory");
    TRY(satsync_store_steps(prune->store, prune->steps, room, &count, error));
    ENSURE(count <= room, error, SATSYNC_BUSY, prune->store->path,
           "checkpoints come faster than they can be counted; run it again");
    prune->step_count = count;
    for (size_t i = 0; i < count; i++) {
        prune->tagged[i] = tags_keep(prune->store, prune->steps[i]);
    }
    return SATSYNC_OK;
}

static enum satsync_status add_uses(struct prune *prune, size_t index,
                                    struct satsync_error *error) {
    const struct allocator *allocator = prune->store->engine->allocator;
    struct store_manifest manifest;
    enum satsync_status status =
        store_manifest_read(prune->store, prune->steps[index], &manifest, error);
    if (status == SATSYNC_NOT_FOUND) {
        return SATSYNC_OK; /* another prune took it */
    }
    TRY(status);
    const struct manifest *root = &manifest.root;
    struct use *larger = memory_grow(allocator, prune->uses, prune->use_count * sizeof *larger,
                                     (prune->use_count + root->pack_count) * sizeof *larger);
    if (larger) {
        prune->uses = larger;
        for (size_t i = 0; i < root->pack_count; i++) {
            struct use *use = &prune->uses[prune->use_count++];
            memcpy(use->id.bytes, root->packs[i].id, sizeof use->id.bytes);
            use->bytes = root->packs[i].bytes;
            use->kept = is_kept(prune, index);
        }
    }
    store_manifest_fini(&manifest);
    ENSURE(larger, error, SATSYNC_NO_MEMORY, "prune", "out of memory");
    return SATSYNC_OK;
}

/* A manifest that cannot be read may name any pack: then nothing may go. */
static enum satsync_status look(struct prune *prune, struct satsync_error *error) {
    TRY(read_steps(prune, error));
    for (size_t i = 0; i < prune->step_count; i++) {
        TRY(add_uses(prune, i, error));
    }
    return SATSYNC_OK;
}

/* By id, kept ones first. */
static int compare_uses(const void *a, const void *b) {
    const struct use *left = a;
    const struct use *right = b;
    int order = memcmp(left->id.bytes, right->id.bytes, sizeof left->id.bytes);
    return order ? order : right->kept - left->kept;
}

static uint64_t bytes_to_free(struct prune *prune) {
    uint64_t bytes = 0;
    if (prune->use_count > 0) {
        qsort(prune->uses, prune->use_count, sizeof *prune->uses, compare_uses);
    }
    for (size_t i = 0; i < prune->use_count; i++) {
        const struct use *use = &prune->uses[i];
        bool first = i == 0 || memcmp(use[-1].id.bytes, use->id.bytes, sizeof use->id.bytes) != 0;
        bytes += first && !use->kept ? use->bytes : 0;
    }
    return bytes;
}

static enum satsync_status remove_manifests(struct prune *prune,
                                            struct satsync_prune_report *report,
                                            struct satsync_error *error) {
    struct chunks *chunks = prune->store->chunks;
    for (size_t i = 0; i < prune->step_count; i++) {
        if (is_kept(prune, i)) {
            report->kept++;
            continue;
        }
        if (!prune->options.dry_run) {
            enum satsync_status status =
                chunks->ops->manifest_remove(chunks, prune->steps[i], error);
            if (status != SATSYNC_NOT_FOUND) {
                TRY(status);
            }
            if (prune->tagged[i]) {
                TRY(tags_forget(prune->store, prune->steps[i], error));
            }
        }
        if (report->removed < report->capacity) {
            report->steps[report->removed] = prune->steps[i];
        }
        report->removed++;
    }
    return SATSYNC_OK;
}

/* Looks at the manifests once more, between the sweep's two halves: one that was committed
 * meanwhile keeps its packs. */
static enum satsync_status sweep(struct prune *prune, struct satsync_error *error) {
    struct chunks *chunks = prune->store->chunks;
    TRY(chunks->ops->sweep_begin(chunks, error));
    TRY(look(prune, error));
    const struct allocator *allocator = prune->store->engine->allocator;
    struct pack_id *live = memory_new(allocator, prune->use_count, sizeof *live);
    ENSURE(live, error, SATSYNC_NO_MEMORY, "prune", "out of memory");
    for (size_t i = 0; i < prune->use_count; i++) {
        live[i] = prune->uses[i].id;
    }
    enum satsync_status status = chunks->ops->sweep(chunks, live, prune->use_count, error);
    memory_free(allocator, live);
    return status;
}

static enum satsync_status run(struct prune *prune, struct satsync_prune_report *report,
                               struct satsync_error *error) {
    TRY(look(prune, error));
    report->freed_bytes = bytes_to_free(prune);
    TRY(remove_manifests(prune, report, error));
    forget(prune);
    return prune->options.dry_run ? SATSYNC_OK : sweep(prune, error);
}

enum satsync_status satsync_store_prune(struct satsync_store *store,
                                        const struct satsync_prune_options *given,
                                        struct satsync_prune_report *report,
                                        struct satsync_error *error) {
    engine_check_process(store->engine);
    struct prune prune = {.store = store};
    report->kept = report->removed = report->freed_bytes = 0;
    satsync_prune_options_init(&prune.options);
    TRY(options_size_check(given, given->size, sizeof prune.options, "prune options", error));
    memcpy(&prune.options, given,
           given->size < sizeof prune.options ? given->size : sizeof prune.options);
    ENSURE(prune.options.keep_last > 0, error, SATSYNC_INVALID, "keep_last",
           "the newest checkpoint is never removed; keep at least 1");
    enum satsync_status status = run(&prune, report, error);
    forget(&prune);
    return status;
}
