#include "support/group_world.h"

#include "support/cmocka.h"
#include "support/engine_world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So that a site which comes back has a phase of its own. */
enum { INNER_STEP_US = 500 };
#define WAIT_NS UINT64_C(60000000000)

void group_world_init(struct group_world *world, size_t count) {
    memset(world, 0, sizeof *world);
    world->count = count;
    snprintf(world->folder, sizeof world->folder, "/tmp/satsync-group-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    satsync_group_options_init(&world->options);
    for (size_t i = 0; i < count; i++) {
        struct group_site *site = &world->sites[i];
        struct satsync_error error;
        char path[128];
        site->world = world;
        site->number = i;
        snprintf(path, sizeof path, "%s/%zu.key", world->folder, i);
        snprintf(site->promises, sizeof site->promises, "%s/%zu.promises", world->folder, i);
        engine_expect(satsync_key_generate(path, &world->listed[i].key, &error), SATSYNC_OK,
                      &error);
        engine_expect(satsync_key_load(path, &site->key, &error), SATSYNC_OK, &error);
        snprintf(world->addresses[i], sizeof world->addresses[i], "127.0.0.1:0");
        world->listed[i].address = world->addresses[i];
    }
}

void group_world_fini(struct group_world *world) {
    for (size_t i = 0; i < world->count; i++) {
        group_world_close(world, i);
        satsync_key_free(world->sites[i].key);
    }
    engine_world_remove(world->folder);
}

float group_world_move(size_t site, uint64_t step, size_t parameter) {
    uint32_t mixed = (uint32_t)(site * 7919 + step * 104729 + parameter * 15485863);
    mixed ^= mixed >> 15;
    mixed *= 2654435761u;
    return (float)(int)(mixed >> 16 & 0xff) / 1024.0f - 0.125f;
}

void group_world_open(struct group_world *world, size_t number) {
    struct group_site *site = &world->sites[number];
    struct satsync_error error;
    struct satsync_engine_options engine;
    satsync_engine_options_init(&engine);
    engine.workers = 1;
    engine_expect(satsync_engine_open(&engine, &site->engine, &error), SATSYNC_OK, &error);
    for (size_t i = 0; i < GROUP_WORLD_PARAMETERS; i++) {
        site->parameters[i] = (float)i / 512.0f;
    }
    /* Three tensors of uneven size, so that fragments cross their borders. */
    const struct satsync_tensor tensors[3] = {
        {.name = "a", .dtype = SATSYNC_F32, .dimensions = 2, .shape = {7, 100}},
        {.name = "b", .dtype = SATSYNC_F32, .dimensions = 1, .shape = {1}},
        {.name = "c",
         .dtype = SATSYNC_F32,
         .dimensions = 1,
         .shape = {GROUP_WORLD_PARAMETERS - 701}},
    };
    struct satsync_tensor views[3];
    memcpy(views, tensors, sizeof views);
    views[0].data = site->parameters;
    views[1].data = site->parameters + 700;
    views[2].data = site->parameters + 701;
    struct satsync_group_options options = world->options;
    options.key = site->key;
    options.sites = world->listed;
    options.site_count = world->count;
    options.site = number;
    options.listen = world->addresses[number];
    options.promises = site->promises;
    options.tensors = views;
    options.tensor_count = 3;
    enum satsync_status status;
    /* The kernel gives a closed ring's port back when it comes to it, later on a busy machine. */
    for (int i = 0; (status = satsync_group_open(site->engine, &options, &site->group, &error)) ==
                        SATSYNC_ADDRESS &&
                    i < 1000;
         i++) {
        usleep(10000);
    }
    engine_expect(status, SATSYNC_OK, &error);
    satsync_group_address(site->group, world->addresses[number], sizeof world->addresses[number]);
    site->step = 0;
}

void group_world_open_all(struct group_world *world) {
    for (size_t i = 0; i < world->count; i++) {
        group_world_open(world, i);
    }
}

void group_world_close(struct group_world *world, size_t number) {
    struct group_site *site = &world->sites[number];
    satsync_group_close(site->group);
    satsync_engine_close(site->engine);
    site->group = NULL;
    site->engine = NULL;
}

struct training {
    struct group_site *site;
    uint64_t to;
    pthread_t thread;
};

uint64_t group_world_applied(const struct group_site *site) {
    struct satsync_group_stats stats = {.size = sizeof stats};
    satsync_group_stats(site->group, &stats);
    return stats.applied_steps;
}

static void *train(void *argument) {
    struct training *training = argument;
    struct group_site *site = training->site;
    site->status = SATSYNC_OK;
    while (group_world_applied(site) < training->to &&
           (site->status == SATSYNC_OK || site->status == SATSYNC_TIMED_OUT)) {
        site->step++;
        usleep(INNER_STEP_US);
        for (size_t i = 0; i < GROUP_WORLD_PARAMETERS; i++) {
            site->parameters[i] += group_world_move(site->number, site->step, i);
        }
        site->status = satsync_group_tick(site->group, site->step, &site->error);
        if (site->status == SATSYNC_AGAIN) {
            site->status = satsync_group_wait(site->group, WAIT_NS, &site->error);
        }
    }
    return NULL;
}

void group_world_train(struct group_world *world, uint32_t sites, uint64_t to) {
    struct training trainings[GROUP_WORLD_SITES];
    for (size_t i = 0; i < world->count; i++) {
        trainings[i] = (struct training){.site = &world->sites[i], .to = to};
        if (sites >> i & 1) {
            assert_int_equal(pthread_create(&trainings[i].thread, NULL, train, &trainings[i]), 0);
        }
    }
    for (size_t i = 0; i < world->count; i++) {
        if (sites >> i & 1) {
            struct group_site *site = &world->sites[i];
            assert_int_equal(pthread_join(trainings[i].thread, NULL), 0);
            if (site->status != SATSYNC_TIMED_OUT) {
                engine_expect(site->status, SATSYNC_OK, &site->error);
            }
        }
    }
}

void group_world_agree(const struct group_world *world, uint32_t sites,
                       uint8_t hash[SATSYNC_STATE_HASH_BYTES]) {
    bool have = false;
    for (size_t i = 0; i < world->count; i++) {
        uint8_t own[SATSYNC_STATE_HASH_BYTES];
        if (!(sites >> i & 1)) {
            continue;
        }
        satsync_group_state_hash(world->sites[i].group, own);
        if (have) {
            assert_memory_equal(own, hash, sizeof own);
        }
        memcpy(hash, own, sizeof own);
        have = true;
    }
}
