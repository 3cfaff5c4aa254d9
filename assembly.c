/*
 * Everything is wired here: the engine is handed the disk, the store and the long haul. The only
 * file that may include all folders.
 */
#include "base/bytes.h"
#include "base/check.h"
#include "ckpt/store/disk_choose.h"
#include "ckpt/store/store.h"
#include "codec/checksum.h"
#include "engine/engine.h"
#include "port/carrier.h"
#include "transport/link/endpoint.h"
#include "transport/link/ucx_loader.h"
#include "transport/rendezvous/rendezvous.h"
#include "transport/udp/udp.h"

#include <satsync/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Of libsatsync-sim, which a program may bring or not. */
#pragma weak satsync_sim_find_carrier

static struct satsync_carrier *find_carrier(const char *address, int end) {
    return satsync_sim_find_carrier ? satsync_sim_find_carrier(address, end) : NULL;
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
                                             .controller = request->controller,
                                             .limit_bps = {[LINK_CHECKPOINT] = request->limit_bps},
                                             .keepalive_ns = request->give_up_ns,
                                             .parity = request->parity,
                                             .memory = request->memory,
                                             .allocator = request->allocator,
                                             .log = request->log};
    enum satsync_status status = endpoint_open(&options, endpoint, error);
    if (status != SATSYNC_OK) {
        net->ops->close(net);
    }
    return status;
}

static const char *environment(const char *name) {
    return getenv(name);
}

/* HOST:PORT, of the caller; everything else of the seat is there. */
static enum satsync_status seat_at(const char *address, struct rendezvous_seat *seat,
                                   struct satsync_error *error) {
    const char *colon = strrchr(address, ':');
    ENSURE(colon && colon != address && (size_t)(colon - address) < sizeof seat->host &&
               strlen(colon + 1) < sizeof seat->port,
           error, SATSYNC_ADDRESS, address, "it is not HOST:PORT");
    snprintf(seat->host, sizeof seat->host, "%.*s", (int)(colon - address), address);
    snprintf(seat->port, sizeof seat->port, "%s", colon + 1);
    return SATSYNC_OK;
}

/* Where it is met tells one job from another on the same machines. */
static uint64_t job_of(const struct rendezvous_seat *seat) {
    char text[sizeof seat->host + sizeof seat->port];
    int bytes = snprintf(text, sizeof text, "%s:%s", seat->host, seat->port);
    uint8_t checksum[CHECKSUM_BYTES];
    checksum_of(text, (size_t)bytes, checksum);
    return load_le64(checksum);
}

static enum satsync_status meet(const struct ranks_request *request,
                                const struct rendezvous_seat *seat, struct ranks_meeting *meeting,
                                struct satsync_error *error) {
    struct endpoint *endpoint = meeting->endpoint;
    struct rendezvous_job *job = memory_new(request->allocator, 1, sizeof *job);
    ENSURE(job, error, SATSYNC_NO_MEMORY, "ranks", "out of memory");
    char address[RENDEZVOUS_TEXT_BYTES];
    endpoint->ops->local(endpoint, address, sizeof address);
    enum satsync_status status = rendezvous_meet(seat, address, request->timeout_ns, job, error);
    for (uint32_t i = 0; i < seat->ranks && status == SATSYNC_OK; i++) {
        meeting->addresses[i] = memory_string(request->allocator, job->addresses[i]);
        status = meeting->addresses[i]
                     ? SATSYNC_OK
                     : error_set(error, SATSYNC_NO_MEMORY, "ranks", "out of memory");
    }
    memory_free(request->allocator, job);
    return status;
}

static enum satsync_status open_ranks(const struct ranks_request *request,
                                      struct ranks_meeting *meeting, struct satsync_error *error) {
    struct rendezvous_seat seat = {.rank = meeting->rank, .ranks = meeting->count};
    if (meeting->count == 0) {
        TRY(rendezvous_seat(environment, &seat, error));
    } else {
        TRY(seat_at(request->address, &seat, error));
    }
    meeting->rank = seat.rank;
    meeting->count = seat.ranks;
    const struct ucx_module *module;
    TRY(ucx_loader_open(&module, error));
    const struct ucx_options options = {
        .rank = seat.rank, .job = job_of(&seat), .allocator = request->allocator};
    TRY(module->open(&options, &meeting->endpoint, error));
    return meet(request, &seat, meeting, error);
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
                                              .carrier_find = find_carrier,
                                              .ranks_open = open_ranks,
                                              .now_ns = monotonic_ns,
                                              .unix_ns = unix_ns,
                                              .cores = cores};
    return engine_open(options, &ports, engine, error);
}

const char *satsync_version(void) {
    return SATSYNC_VERSION_TEXT;
}
