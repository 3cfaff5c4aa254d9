/*
 * Everything is wired here: the engine is handed the disk, the store and the long haul. The only
 * file that may include all folders.
 */
#include "base/check.h"
#include "ckpt/store/disk_choose.h"
#include "ckpt/store/store.h"
#include "engine/engine.h"
#include "port/carrier.h"
#include "transport/link/endpoint.h"
#include "transport/udp/udp.h"

#include <time.h>
#include <unistd.h>

static enum satsync_status open_disk(const struct allocator *allocator, struct disk **disk,
                                     struct satsync_error *error) {
    return disk_choose(NULL, allocator, disk, error);
}

static enum satsync_status create_store(struct disk *disk, const char *path,
                                        const struct allocator *allocator,
                                        struct satsync_error *error) {
    const struct store_options options = {.allocator = allocator};
    return store_create(disk, path, &options, error);
}

static enum satsync_status open_store(struct disk *disk, const char *path,
                                      const struct allocator *allocator, struct chunks **chunks,
                                      struct satsync_error *error) {
    const struct store_options options = {.allocator = allocator};
    return store_open(disk, path, &options, chunks, error);
}

static enum satsync_status open_net(const struct endpoint_request *request, struct net **net,
                                    struct satsync_error *error) {
    if (request->carrier) {
        return request->carrier->open(request->carrier, net, error);
    }
    const struct udp_options options = {
        .listen = request->listen, .allocator = request->allocator, .log = request->log};
    return udp_open(&options, net, error);
}

static enum satsync_status open_endpoint(const struct endpoint_request *request,
                                         struct endpoint **endpoint, struct satsync_error *error) {
    *endpoint = NULL;
    struct net *net;
    TRY(open_net(request, &net, error));
    const struct endpoint_options options = {.net = net,
                                             .seed = request->secret_seed,
                                             .peers = request->allowed,
                                             .peer_count = request->allowed_count,
                                             .accept = request->listen != NULL,
                                             .rate_bps = request->rate_bps,
                                             .keepalive_ns = request->give_up_ns,
                                             .parity = request->parity,
                                             .allocator = request->allocator,
                                             .log = request->log};
    enum satsync_status status = endpoint_open(&options, endpoint, error);
    if (status != SATSYNC_OK) {
        net->ops->close(net);
    }
    return status;
}

static enum satsync_status open_ranks(const struct ranks_request *request,
                                      struct ranks_meeting *meeting, struct satsync_error *error) {
    (void)request;
    (void)meeting;
    return error_set(error, SATSYNC_UNSUPPORTED, "ranks", "this build has no UCX");
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t monotonic_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t unix_ns(void) {
    return clock_ns(CLOCK_REALTIME);
}

static size_t cores(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (size_t)online : 1;
}

enum satsync_status satsync_engine_open(const struct satsync_engine_options *options,
                                        struct satsync_engine **engine,
                                        struct satsync_error *error) {
    static const struct engine_ports ports = {.disk_open = open_disk,
                                              .store_create = create_store,
                                              .store_open = open_store,
                                              .endpoint_open = open_endpoint,
                                              .ranks_open = open_ranks,
                                              .now_ns = monotonic_ns,
                                              .unix_ns = unix_ns,
                                              .cores = cores};
    return engine_open(options, &ports, engine, error);
}

const char *satsync_version(void) {
    return SATSYNC_VERSION_TEXT;
}
