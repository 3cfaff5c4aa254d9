#include "sites.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What serves this model at 20 inner steps: see README.md. */
static const double outer_rate = 0.5;
static const double outer_momentum = 0.3;
#define SECOND_NS UINT64_C(1000000000)
#define MS_NS UINT64_C(1000000)
#define MBPS UINT64_C(1000000)
#define WAIT_NS UINT64_C(120000000000)
enum { LINE_BYTES = 1024, LINGER_SECONDS = 10 };

static int report(enum satsync_status status, const struct satsync_error *error) {
    if (status == SATSYNC_OK) {
        return 0;
    }
    fprintf(stderr, "tinylm: %s%s%s\n", error->subject, error->subject[0] ? ": " : "",
            error->message);
    return (int)satsync_status_class(status);
}

static int add_site(struct sites *sites, char *line, const char *path) {
    char address[256];
    char key[512];
    struct satsync_error error = {0};
    if (line[strspn(line, " \t\r\n")] == '\0' || *line == '#') {
        return 0;
    }
    if (sites->count == SITES_MAX || sscanf(line, "%255s %511s", address, key) != 2) {
        return options_refuse(path, "a line is not ADDRESS KEY.pub, or there are too many");
    }
    struct satsync_group_site *site = &sites->listed[sites->count];
    sites->addresses[sites->count] = strdup(address);
    site->address = sites->addresses[sites->count];
    sites->count++;
    return site->address ? report(satsync_public_key_load(key, &site->key, &error), &error)
                         : EXIT_RESOURCE;
}

static int read_list(struct sites *sites, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return EXIT_USAGE;
    }
    char line[LINE_BYTES];
    int failed = 0;
    while (!failed && fgets(line, sizeof line, file)) {
        failed = add_site(sites, line, path);
    }
    fclose(file);
    return failed;
}

static bool has_ranks(void) {
    const char *count = getenv("WORLD_SIZE");
    count = count ? count : getenv("OMPI_COMM_WORLD_SIZE");
    return count && atoi(count) > 1;
}

static int meet(struct sites *sites, const struct options *options) {
    struct satsync_error error = {0};
    sites->rank_count = 1;
    if (has_ranks()) {
        int failed = report(satsync_ranks_open(sites->engine, NULL, &sites->ranks, &error), &error);
        if (failed) {
            return failed;
        }
        sites->rank = satsync_ranks_rank(sites->ranks);
        sites->rank_count = satsync_ranks_count(sites->ranks);
    }
    return options->lanes % sites->rank_count == 0
               ? 0
               : options_refuse("--lanes", "the site's processes must share them evenly");
}

int sites_open(struct sites *sites, const struct options *options) {
    *sites = (struct sites){.inner = options->inner, .quiet = options->quiet, .leader = UINT32_MAX};
    struct satsync_error error = {0};
    struct satsync_engine_options engine;
    satsync_engine_options_init(&engine);
    engine.workers = 1;
    int failed = report(satsync_engine_open(&engine, &sites->engine, &error), &error);
    if (!failed) {
        failed = report(satsync_key_load(options->key, &sites->key, &error), &error);
    }
    failed = failed ? failed : read_list(sites, options->sites);
    if (!failed && options->site >= sites->count) {
        failed = options_refuse("--site", "the list has no such number");
    }
    failed = failed ? failed : meet(sites, options);
    if (failed) {
        sites_close(sites);
    }
    return failed;
}

void sites_close(struct sites *sites) {
    satsync_ranks_close(sites->ranks);
    satsync_group_close(sites->group);
    satsync_key_free(sites->key);
    satsync_engine_close(sites->engine);
    for (size_t i = 0; i < sites->count; i++) {
        free(sites->addresses[i]);
    }
    *sites = (struct sites){0};
}

void sites_share(const struct sites *sites, const struct options *options,
                 struct trainer_options *trainer) {
    trainer->shape.batch = (size_t)options->lanes / sites->rank_count;
    trainer->parts = (size_t)options->lanes * sites->count;
    trainer->first = (size_t)(options->lanes * options->site) + sites->rank * trainer->shape.batch;
}

/* The index of a name among `count`, which are the values of an enumeration. */
static int value_of(const char *option, const char *name, const char *const *names, size_t count,
                    int *value) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            *value = (int)i;
            return 0;
        }
    }
    return options_refuse(option, "no such name");
}

static int read_rule(const struct options *options, struct satsync_group_options *group) {
    static const char *const codecs[] = {[SATSYNC_GROUP_INT8] = "int8",
                                         [SATSYNC_GROUP_BF16] = "bf16",
                                         [SATSYNC_GROUP_FP32] = "fp32"};
    static const char *const exchanges[] = {[SATSYNC_GROUP_CHEAPEST] = "cheapest",
                                            [SATSYNC_GROUP_ALL_GATHER] = "all-gather",
                                            [SATSYNC_GROUP_OWNER_REDUCE] = "owner-reduce"};
    int codec = 0, exchange = 0;
    int failed = value_of("--codec", options->codec, codecs, 3, &codec);
    failed = failed ? failed : value_of("--exchange", options->exchange, exchanges, 3, &exchange);
    group->codec = (enum satsync_group_codec)codec;
    group->exchange = (enum satsync_group_exchange)exchange;
    group->site_bps = options->site_mbps * MBPS;
    group->delay_ns = options->delay_ms * MS_NS;
    return failed;
}

int sites_join(struct sites *sites, const struct options *options, struct trainer *trainer) {
    const struct satsync_tensor master = {.name = "master",
                                          .dtype = SATSYNC_F32,
                                          .dimensions = 1,
                                          .shape = {trainer->optimizer.count},
                                          .data = trainer->optimizer.master};
    struct satsync_error error = {0};
    struct satsync_group_options group;
    satsync_group_options_init(&group);
    group.key = sites->key;
    group.sites = sites->listed;
    group.site_count = sites->count;
    group.site = (size_t)options->site;
    group.listen = options->listen;
    group.promises = options->promises;
    group.ranks = sites->ranks;
    group.tensors = &master;
    group.tensor_count = 1;
    group.fragments = (uint32_t)options->fragments;
    group.inner_steps = options->inner;
    group.overlap_steps = options->overlap;
    group.deadline_ns = options->deadline * SECOND_NS;
    group.collect_ns = group.deadline_ns / 3 * 2;
    group.outer_rate = outer_rate;
    group.outer_momentum = outer_momentum;
    int failed = read_rule(options, &group);
    return failed
               ? failed
               : report(satsync_group_open(sites->engine, &group, &sites->group, &error), &error);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void tell_news(struct sites *sites) {
    struct satsync_group_event event;
    while (satsync_group_next(sites->group, &event) == SATSYNC_OK) {
        if (sites->quiet) {
            continue;
        }
        if (event.kind == SATSYNC_GROUP_DECIDED || event.kind == SATSYNC_GROUP_LATE) {
            fprintf(stderr, "outer step %" PRIu64 ", sites %x: %s\n", event.step, event.sites,
                    event.message);
        } else {
            fprintf(stderr, "site %u: %s\n", event.peer, event.message);
        }
    }
}

static void tell_leader(struct sites *sites) {
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(sites->group, &stats);
    if (!sites->quiet && stats.leader != sites->leader && stats.leader != UINT32_MAX) {
        sites->leader = stats.leader;
        fprintf(stderr, "site %u: it leads the majority\n", stats.leader);
    }
}

/* The site's mean gradient, with the same bits in each of its processes. */
static int average_gradients(struct sites *sites, struct trainer *trainer) {
    if (!sites->ranks) {
        return 0;
    }
    struct satsync_error error = {0};
    float *gradients = trainer->model->gradients;
    const size_t count = trainer->model->count;
    const struct satsync_ranks_buffer buffer = {
        .dtype = SATSYNC_F32, .data = gradients, .count = count};
    int failed = report(satsync_ranks_all_reduce(sites->ranks, &buffer, WAIT_NS, &error), &error);
    for (size_t i = 0; i < count; i++) {
        gradients[i] /= (float)sites->rank_count;
    }
    return failed;
}

/* A state that came from elsewhere is further on than the steps made here. */
static void follow(struct sites *sites, struct trainer *trainer) {
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(sites->group, &stats);
    if (stats.applied_steps == sites->applied) {
        return;
    }
    sites->applied = stats.applied_steps;
    uint64_t *step = &trainer->progress[PROGRESS_STEP];
    if (*step < sites->applied * sites->inner) {
        *step = sites->applied * sites->inner;
    }
    optimizer_round(&trainer->optimizer, trainer->model->weights);
}

int sites_step(struct sites *sites, struct trainer *trainer, double *loss) {
    struct satsync_error error = {0};
    *loss = trainer_gradients(trainer);
    int failed = average_gradients(sites, trainer);
    if (failed) {
        return failed;
    }
    trainer_update(trainer);
    enum satsync_status status =
        satsync_group_tick(sites->group, trainer->progress[PROGRESS_STEP], &error);
    if (status == SATSYNC_AGAIN) {
        uint64_t began_ns = now_ns();
        status = satsync_group_wait(sites->group, WAIT_NS, &error);
        uint64_t waited_ns = now_ns() - began_ns;
        sites->longest_ns = waited_ns > sites->longest_ns ? waited_ns : sites->longest_ns;
    }
    follow(sites, trainer);
    tell_news(sites);
    tell_leader(sites);
    return status == SATSYNC_TIMED_OUT ? 0 : report(status, &error);
}

bool sites_done(const struct sites *sites, uint64_t steps) {
    return sites->applied >= steps / sites->inner;
}

void sites_linger(struct sites *sites) {
    const struct timespec tenth = {.tv_nsec = 100000000};
    struct satsync_group_stats stats = {.size = sizeof stats};
    for (int i = 0; i < 10 * LINGER_SECONDS; i++) {
        satsync_group_stats(sites->group, &stats);
        if (!stats.behind) {
            return;
        }
        nanosleep(&tenth, NULL);
    }
}

static void hash_text(const struct sites *sites, char out[2 * SATSYNC_STATE_HASH_BYTES + 1]) {
    uint8_t hash[SATSYNC_STATE_HASH_BYTES];
    satsync_group_state_hash(sites->group, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

void sites_print_json(const struct sites *sites) {
    char hash[2 * SATSYNC_STATE_HASH_BYTES + 1];
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(sites->group, &stats);
    hash_text(sites, hash);
    printf(",\"outer_steps\":%" PRIu64 ",\"late_steps\":%" PRIu64 ",\"fetched_states\":%" PRIu64
           ",\"sent_bytes\":%" PRIu64 ",\"wire_bytes\":%" PRIu64 ",\"exposed_ns\":%" PRIu64
           ",\"longest_exposed_ns\":%" PRIu64 ",\"state_hash\":\"%s\"",
           stats.applied_steps, stats.late_steps, stats.fetched_states, stats.sent_bytes,
           stats.wire_bytes, stats.waited_ns, sites->longest_ns, hash);
}

void sites_print(const struct sites *sites) {
    char hash[2 * SATSYNC_STATE_HASH_BYTES + 1];
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(sites->group, &stats);
    hash_text(sites, hash);
    printf("%" PRIu64 " outer steps, %" PRIu64 " of them late here; state %.16s\n",
           stats.applied_steps, stats.late_steps, hash);
    fprintf(stderr, "%.2f MB of contributions sent, %.2f MB on the wire; %.1f s spent waiting\n",
            (double)stats.sent_bytes / 1e6, (double)stats.wire_bytes / 1e6,
            (double)stats.waited_ns / 1e9);
}
