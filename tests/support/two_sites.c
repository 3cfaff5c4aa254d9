#include "support/two_sites.h"

#include "base/random.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ok(struct two_sites *sites, enum satsync_status status) {
    if (status != SATSYNC_OK) {
        fail_msg("%s: %s: %s", satsync_status_name(status), sites->error.subject,
                 sites->error.message);
    }
}

static void path_of(const struct two_sites *sites, const char *name, char out[128]) {
    snprintf(out, 128, "%s/%s", sites->folder, name);
}

void two_sites_open(struct two_sites *sites, const char *link) {
    memset(sites, 0, sizeof *sites);
    snprintf(sites->folder, sizeof sites->folder, "/tmp/satsync-sites-XXXXXX");
    assert_non_null(mkdtemp(sites->folder));
    ok(sites, satsync_sim_open(link, &sites->sim, &sites->error));
    struct satsync_engine_options options;
    satsync_engine_options_init(&options);
    options.manual = 1;
    options.memory_bytes = 16 << 20;
    ok(sites, satsync_engine_open(&options, &sites->engine, &sites->error));
    struct satsync_public_key public_key[2];
    for (int i = 0; i < 2; i++) {
        char path[128];
        path_of(sites, i == 0 ? "a.key" : "b.key", path);
        ok(sites, satsync_key_generate(path, &public_key[i], &sites->error));
        ok(sites, satsync_key_load(path, &sites->key[i], &sites->error));
    }
    for (int i = 0; i < 2; i++) {
        char path[128];
        path_of(sites, i == 0 ? "a.store" : "b.store", path);
        ok(sites, satsync_store_create(sites->engine, path, sites->key[i],
                                       i == 0 ? &public_key[1] : NULL, i == 0, &sites->error));
        ok(sites,
           satsync_store_open(sites->engine, path, sites->key[i], &sites->store[i], &sites->error));
    }
}

void two_sites_close(struct two_sites *sites) {
    two_sites_stop_serving(sites);
    for (int i = 0; i < 2; i++) {
        satsync_store_close(sites->store[i]);
        satsync_key_free(sites->key[i]);
    }
    satsync_engine_close(sites->engine);
    satsync_sim_close(sites->sim);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", sites->folder);
    assert_int_equal(system(command), 0);
}

void two_sites_save(struct two_sites *sites, uint64_t step, size_t bytes) {
    uint8_t *data = malloc(bytes ? bytes : 1);
    struct random random = random_of(step, 0);
    random_bytes(&random, data, bytes);
    const struct satsync_tensor tensor = {
        .name = "weights", .dtype = SATSYNC_U8, .dimensions = 1, .shape = {bytes}, .data = data};
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    struct satsync_save *save;
    struct satsync_operation *operation;
    ok(sites, satsync_save_begin(sites->store[0], &options, &save, &sites->error));
    ok(sites, satsync_save_put(save, &tensor, &sites->error));
    ok(sites, satsync_save_commit(save, &operation, &sites->error));
    ok(sites, satsync_operation_wait(operation, UINT64_MAX, &sites->error));
    satsync_operation_free(operation);
    free(data);
}

void two_sites_serve(struct two_sites *sites, uint32_t rights) {
    struct satsync_peer peer = {.rights = rights};
    satsync_key_public(sites->key[0], &peer.key);
    struct satsync_site_options options;
    satsync_site_options_init(&options);
    options.key = sites->key[1];
    options.address = "sim:1";
    options.peers = &peer;
    options.peer_count = 1;
    options.carrier = satsync_sim_carrier(sites->sim, 1);
    ok(sites, satsync_serve(sites->store[1], &options, &sites->serve, &sites->error));
    ok(sites, satsync_operation_wait(sites->serve, 0, &sites->error) == SATSYNC_AGAIN
                  ? SATSYNC_OK
                  : SATSYNC_BUG);
}

void two_sites_stop_serving(struct two_sites *sites) {
    satsync_operation_free(sites->serve);
    sites->serve = NULL;
}

struct satsync_site_options two_sites_options(struct two_sites *sites) {
    struct satsync_site_options options;
    satsync_site_options_init(&options);
    options.key = sites->key[0];
    options.address = "sim:1";
    satsync_key_public(sites->key[1], &options.peer);
    options.carrier = satsync_sim_carrier(sites->sim, 0);
    return options;
}

enum satsync_status two_sites_run(struct two_sites *sites, struct satsync_operation *operation,
                                  uint64_t until_ns) {
    enum satsync_status status;
    for (;;) {
        while (satsync_engine_poll(sites->engine)) {
        }
        status = satsync_operation_result(operation, &sites->error);
        bool late = until_ns > 0 && satsync_sim_now_ns(sites->sim) >= until_ns;
        if (status != SATSYNC_AGAIN || late || !satsync_sim_step(sites->sim)) {
            break;
        }
    }
    if (status != SATSYNC_AGAIN) {
        satsync_operation_free(operation);
    }
    return status;
}

void two_sites_assert_equal(struct two_sites *sites, uint64_t step) {
    struct satsync_checkpoint_info info[2];
    struct satsync_verify_report report = {0};
    for (int i = 0; i < 2; i++) {
        ok(sites, satsync_store_info(sites->store[i], step, &info[i], &sites->error));
        ok(sites, satsync_store_verify(sites->store[i], step, &report, &sites->error));
    }
    assert_memory_equal(info[0].digest, info[1].digest, sizeof info[0].digest);
    struct satsync_reader *reader;
    struct satsync_tensor tensor;
    ok(sites, satsync_reader_open(sites->store[1], step, &reader, &sites->error));
    satsync_reader_tensor(reader, 0, &tensor);
    size_t bytes = (size_t)tensor.shape[0];
    uint8_t *got = malloc(bytes ? bytes : 1);
    uint8_t *expected = malloc(bytes ? bytes : 1);
    struct random random = random_of(step, 0);
    random_bytes(&random, expected, bytes);
    ok(sites, satsync_reader_read(reader, 0, 0, got, bytes, &sites->error));
    assert_memory_equal(got, expected, bytes);
    free(got);
    free(expected);
    satsync_reader_close(reader);
}
