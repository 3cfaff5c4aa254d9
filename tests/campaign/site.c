/* One site of a group as a process of its own, for campaigns, and what all sites have to come to in
 * plain loops. What "training" does is a function of seed, site and step. Writes its parameters.
 *
 *     campaign_site oracle SEED SITES CODEC FRAGMENTS ELEMENTS INNER OVERLAP STEPS OUT.%zu
 *     campaign_site run (the same words) SITE LIST KEY LISTEN PROMISES WORKERS
 */
#include "support/rounds_oracle.h"

#include <satsync/group.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_ORACLE = 12, WORDS_RUN = 18, LINGER_TENTHS = 100 };
#define WAIT_NS UINT64_C(120000000000)

struct trial {
    struct rounds_world_plan plan;
    uint64_t elements;
    uint64_t steps;
    const char *out; /* with %zu for the site */
};

static uint64_t number(const char *text) {
    return strtoull(text, NULL, 10);
}

static void read_trial(struct trial *trial, char **words) {
    struct rounds_world_plan *plan = &trial->plan;
    plan->seed = number(words[2]);
    plan->sites = number(words[3]);
    plan->codec = (enum quantise_codec)number(words[4]);
    plan->exchange = (enum rounds_exchange)number(words[5]);
    plan->fragments = number(words[6]);
    trial->elements = number(words[7]);
    plan->inner_steps = number(words[8]);
    plan->overlap_steps = number(words[9]);
    trial->steps = number(words[10]);
    trial->out = words[11];
    plan->rate = 0.7f;
    plan->momentum = 0.9f;
    for (size_t f = 0; f < plan->fragments; f++) {
        plan->fragment_elements[f] =
            trial->elements / plan->fragments + (f < trial->elements % plan->fragments);
    }
}

static float *initial_of(const struct trial *trial) {
    float *values = calloc(trial->elements, sizeof *values);
    for (uint64_t i = 0; values && i < trial->elements; i++) {
        values[i] = (float)(i % 1000) / 999.0f;
    }
    return values;
}

static int write_out(const struct trial *trial, size_t site, const float *values) {
    char path[512];
    int cut = (int)(strstr(trial->out, "%zu") - trial->out);
    snprintf(path, sizeof path, "%.*s%zu%s", cut, trial->out, site, trial->out + cut + 3);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(values, sizeof *values, trial->elements, file) == trial->elements;
    good = file && fclose(file) == 0 && good;
    return good ? 0 : 1;
}

static int run_oracle(const struct trial *trial) {
    float *initial = initial_of(trial), *agreed = initial_of(trial), *local[ROUNDS_SITES_MAX];
    int failed = 0;
    for (size_t i = 0; i < trial->plan.sites; i++) {
        local[i] = initial_of(trial);
    }
    rounds_oracle(&trial->plan, initial, trial->steps, agreed, local);
    for (size_t i = 0; i < trial->plan.sites; i++) {
        failed |= write_out(trial, i, local[i]);
        free(local[i]);
    }
    free(initial);
    free(agreed);
    return failed;
}

struct site {
    struct trial trial;
    size_t number;
    struct satsync_engine *engine;
    struct satsync_key *key;
    struct satsync_group *group;
    struct satsync_group_site listed[SATSYNC_GROUP_SITES];
    char addresses[SATSYNC_GROUP_SITES][64];
    float *parameters;
};

static void expect(enum satsync_status status, const struct satsync_error *error) {
    if (status != SATSYNC_OK) {
        fprintf(stderr, "%s: %s\n", error->subject, error->message);
        exit(1);
    }
}

/* Lines of ADDRESS KEY.pub, as tinylm reads them. */
static void read_list(struct site *site, const char *path) {
    struct satsync_error error = {0};
    char key[256];
    FILE *file = fopen(path, "r");
    for (size_t i = 0; file && i < site->trial.plan.sites; i++) {
        if (fscanf(file, "%63s %255s", site->addresses[i], key) != 2) {
            break;
        }
        site->listed[i].address = site->addresses[i];
        expect(satsync_public_key_load(key, &site->listed[i].key, &error), &error);
    }
    if (file) {
        fclose(file);
    }
}

static void open_group(struct site *site, char **words) {
    static const enum satsync_group_codec codecs[] = {[QUANTISE_FP32] = SATSYNC_GROUP_FP32,
                                                      [QUANTISE_BF16] = SATSYNC_GROUP_BF16,
                                                      [QUANTISE_INT8] = SATSYNC_GROUP_INT8};
    struct satsync_error error = {0};
    struct satsync_engine_options engine;
    satsync_engine_options_init(&engine);
    engine.workers = (uint32_t)number(words[5]);
    expect(satsync_engine_open(&engine, &site->engine, &error), &error);
    expect(satsync_key_load(words[2], &site->key, &error), &error);
    read_list(site, words[1]);
    const struct satsync_tensor tensor = {.name = "parameters",
                                          .dtype = SATSYNC_F32,
                                          .dimensions = 1,
                                          .shape = {site->trial.elements},
                                          .data = site->parameters};
    struct satsync_group_options options;
    satsync_group_options_init(&options);
    options.key = site->key;
    options.sites = site->listed;
    options.site_count = site->trial.plan.sites;
    options.site = site->number;
    options.listen = words[3];
    options.promises = words[4];
    options.tensors = &tensor;
    options.tensor_count = 1;
    options.codec = codecs[site->trial.plan.codec];
    options.exchange = (enum satsync_group_exchange)site->trial.plan.exchange;
    options.fragments = (uint32_t)site->trial.plan.fragments;
    options.inner_steps = site->trial.plan.inner_steps;
    options.overlap_steps = site->trial.plan.overlap_steps;
    options.collect_ns = WAIT_NS / 2; /* nothing is late here: the bits depend on who takes part */
    options.deadline_ns = WAIT_NS;
    expect(satsync_group_open(site->engine, &options, &site->group, &error), &error);
}

static struct satsync_group_stats stats_of(const struct site *site) {
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(site->group, &stats);
    return stats;
}

static void train(struct site *site) {
    struct satsync_error error = {0};
    for (uint64_t step = 1; stats_of(site).applied_steps < site->trial.steps; step++) {
        rounds_world_train(&site->trial.plan, site->number, step, site->trial.elements,
                           site->parameters);
        enum satsync_status status = satsync_group_tick(site->group, step, &error);
        if (status == SATSYNC_AGAIN) {
            status = satsync_group_wait(site->group, WAIT_NS, &error);
        }
        expect(status, &error);
    }
}

/* Others may need what this one has. */
static void linger(const struct site *site) {
    for (int i = 0; i < LINGER_TENTHS && stats_of(site).behind; i++) {
        usleep(100000);
    }
    usleep(500000);
}

static int run_site(struct site *site, char **words) {
    site->number = number(words[0]);
    site->parameters = initial_of(&site->trial);
    open_group(site, words);
    train(site);
    linger(site);
    int failed = write_out(&site->trial, site->number, site->parameters);
    struct satsync_group_stats stats = stats_of(site);
    printf("%s %" PRIu64 "\n", stats.exchange, stats.sent_bytes);
    satsync_group_close(site->group);
    satsync_key_free(site->key);
    satsync_engine_close(site->engine);
    free(site->parameters);
    return failed;
}

int main(int argc, char **argv) {
    static struct site site;
    if (argc != WORDS_ORACLE && argc != WORDS_RUN) {
        return 2;
    }
    read_trial(&site.trial, argv);
    return argc == WORDS_ORACLE ? run_oracle(&site.trial) : run_site(&site, argv + WORDS_ORACLE);
}
