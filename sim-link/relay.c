#include "sim-link/relay.h"

#include "base/check.h"
#include "sim-link/relay_out.h"
#include "sim-link/sim.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { READY_LIMIT = 16, BATCHES_BETWEEN_RUNS = 16, LISTEN_TAG = RELAY_CLIENTS_LIMIT };

static const uint64_t CLIENT_IDLE_NS = 120000000000u;

struct client {
    struct net *upstream; /* NULL: free */
    struct net_address address;
    uint64_t seen_ns;
};

struct relay {
    struct relay_options options;
    struct profile profile;
    struct sim *sim;
    struct lane *up;
    struct lane *down;
    struct net_address target;
    struct client clients[RELAY_CLIENTS_LIMIT];
    size_t last_client;
    int epoll_fd;
    uint64_t origin_ns; /* the listening net's clock less the sim's */
    uint64_t shut_until_ns;
    uint64_t refused_packets;
    struct record record;
    struct relay_out out;
};

static uint64_t now_of(const struct relay *relay) {
    struct net *net = relay->options.listen;
    return net->ops->now_ns(net) - relay->origin_ns;
}

static void send_up(void *context, uint64_t now_ns, struct packet *packet) {
    struct relay *relay = context;
    struct client *client = &relay->clients[packet->flow];
    struct relay_out_to to = {client->upstream, &relay->target};
    if (client->upstream != NULL) {
        relay_out_add(&relay->out, &to, packet, now_ns);
    }
    sim_release(relay->sim, packet);
}

static void send_down(void *context, uint64_t now_ns, struct packet *packet) {
    struct relay *relay = context;
    struct client *client = &relay->clients[packet->flow];
    struct relay_out_to to = {relay->options.listen, &client->address};
    if (client->upstream != NULL) {
        relay_out_add(&relay->out, &to, packet, now_ns);
    }
    sim_release(relay->sim, packet);
}

static enum satsync_status watch(struct relay *relay, struct net *net, uint32_t tag,
                                 struct satsync_error *error) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = tag};
    if (epoll_ctl(relay->epoll_fd, EPOLL_CTL_ADD, net->ops->fd(net), &event) != 0) {
        return error_set_errno(error, errno, "relay", "watching a socket");
    }
    return SATSYNC_OK;
}

/* The slot of a new client: a free one, else that of a client long silent. */
static size_t find_slot(const struct relay *relay, uint64_t now_ns) {
    size_t oldest = 0;
    for (size_t i = 0; i < RELAY_CLIENTS_LIMIT; i++) {
        if (relay->clients[i].upstream == NULL) {
            return i;
        }
        if (relay->clients[i].seen_ns < relay->clients[oldest].seen_ns) {
            oldest = i;
        }
    }
    bool stale = now_ns - relay->clients[oldest].seen_ns > CLIENT_IDLE_NS;
    return stale ? oldest : RELAY_CLIENTS_LIMIT;
}

static void drop_client(struct relay *relay, struct client *client) {
    if (client->upstream == NULL) {
        return;
    }
    relay_out_flush(&relay->out);
    struct net *net = client->upstream;
    epoll_ctl(relay->epoll_fd, EPOLL_CTL_DEL, net->ops->fd(net), NULL);
    net->ops->close(net);
    client->upstream = NULL;
}

static enum satsync_status add_client(struct relay *relay, size_t slot,
                                      const struct net_address *address,
                                      struct satsync_error *error) {
    struct client *client = &relay->clients[slot];
    drop_client(relay, client);
    TRY(relay->options.open_upstream(relay->options.context, &client->upstream, error));
    client->address = *address;
    client->seen_ns = now_of(relay);
    enum satsync_status status = watch(relay, client->upstream, (uint32_t)slot, error);
    if (status != SATSYNC_OK) {
        drop_client(relay, client);
    }
    return status;
}

/* RELAY_CLIENTS_LIMIT when there is none and none can be made. */
static size_t client_of(struct relay *relay, const struct net_address *address, uint64_t now_ns) {
    for (size_t i = 0; i < RELAY_CLIENTS_LIMIT; i++) {
        size_t at = (relay->last_client + i) % RELAY_CLIENTS_LIMIT;
        if (relay->clients[at].upstream != NULL &&
            net_address_equal(&relay->clients[at].address, address)) {
            relay->last_client = at;
            return at;
        }
    }
    size_t slot = find_slot(relay, now_ns);
    struct satsync_error error = {.status = SATSYNC_OK};
    if (slot == RELAY_CLIENTS_LIMIT || add_client(relay, slot, address, &error) != SATSYNC_OK) {
        log_line(relay->options.log, LOG_WARNING, "relay", "a client is refused: %s",
                 slot == RELAY_CLIENTS_LIMIT ? "too many" : error.message);
        return RELAY_CLIENTS_LIMIT;
    }
    relay->last_client = slot;
    return slot;
}

static size_t batch_packets(const struct net_batch *batch) {
    return (batch->bytes + batch->segment_bytes - 1) / batch->segment_bytes;
}

static void push(struct relay *relay, struct lane *lane, const struct net_batch *batch,
                 size_t client) {
    struct packet header = {.flow = (uint32_t)client, .ecn = batch->ecn};
    relay->clients[client].seen_ns = sim_now_ns(relay->sim);
    for (size_t at = 0; at < batch->bytes; at += header.bytes) {
        size_t left = batch->bytes - at;
        header.bytes = (uint32_t)(left < batch->segment_bytes ? left : batch->segment_bytes);
        sim_push(relay->sim, lane, &header, batch->data + at);
    }
}

static void take_in(struct relay *relay, size_t tag) {
    bool listening = tag == LISTEN_TAG;
    struct net *net = listening ? relay->options.listen : relay->clients[tag].upstream;
    struct net_batch batch;
    if (net == NULL) {
        return;
    }
    net->ops->wait(net, 0);
    for (unsigned i = 1; net->ops->receive(net, &batch); i++) {
        sim_run_until(relay->sim, batch.time_ns - relay->origin_ns);
        size_t client = tag;
        if (listening) {
            client = client_of(relay, &batch.peer, sim_now_ns(relay->sim));
        } else if (!net_address_equal(&batch.peer, &relay->target)) {
            continue;
        }
        if (client == RELAY_CLIENTS_LIMIT) {
            relay->refused_packets += batch_packets(&batch);
            continue;
        }
        push(relay, listening ? relay->up : relay->down, &batch, client);
        if (i % BATCHES_BETWEEN_RUNS == 0) {
            relay_out_flush(&relay->out);
        }
    }
}

void relay_poll(struct relay *relay) {
    struct epoll_event events[READY_LIMIT];
    sim_run_until(relay->sim, now_of(relay));
    int count = epoll_wait(relay->epoll_fd, events, READY_LIMIT, 0);
    for (int i = 0; i < count; i++) {
        take_in(relay, events[i].data.u32);
    }
    sim_run_until(relay->sim, now_of(relay));
    relay_out_flush(&relay->out);
}

uint64_t relay_next_ns(const struct relay *relay) {
    uint64_t next_ns = sim_next_ns(relay->sim);
    return next_ns == TIME_NEVER ? TIME_NEVER : next_ns + relay->origin_ns;
}

int relay_fd(const struct relay *relay) {
    return relay->epoll_fd;
}

void relay_shut(struct relay *relay, uint64_t for_ns) {
    uint64_t now_ns = now_of(relay);
    sim_run_until(relay->sim, now_ns);
    relay->shut_until_ns = for_ns < TIME_NEVER - now_ns ? now_ns + for_ns : TIME_NEVER;
    lane_shut(relay->up, relay->shut_until_ns);
    lane_shut(relay->down, relay->shut_until_ns);
}

enum satsync_status relay_set(struct relay *relay, const char *options,
                              struct satsync_error *error) {
    TRY(profile_change(&relay->profile, options, error));
    sim_run_until(relay->sim, now_of(relay));
    lane_set(relay->up, &relay->profile.there);
    lane_set(relay->down, &relay->profile.back);
    return SATSYNC_OK;
}

bool relay_is_shut(const struct relay *relay) {
    return now_of(relay) < relay->shut_until_ns;
}

static enum satsync_status open_lanes(struct relay *relay, struct satsync_error *error) {
    struct sim_options options = {.start_ns = relay->profile.start_ns,
                                  .payload_bytes_limit = profile_payload_bytes(&relay->profile),
                                  .live = true,
                                  .untraced = true,
                                  .allocator = relay->options.allocator};
    TRY(sim_open(&options, &relay->sim, error));
    struct sim_lane up = {.plan = &relay->profile.there,
                          .identity = {.seed = relay->profile.seed, .direction = 0, .name = "up"},
                          .sink = send_up,
                          .context = relay};
    struct sim_lane down = {
        .plan = &relay->profile.back,
        .identity = {.seed = relay->profile.seed, .direction = 1, .name = "down"},
        .sink = send_down,
        .context = relay};
    TRY(sim_add(relay->sim, &up, &relay->up, error));
    TRY(sim_add(relay->sim, &down, &relay->down, error));
    return record_open(&relay->options.record, relay->sim, &relay->record, error);
}

/* Finds out now, not at the first datagram, whether the target can be named. */
static enum satsync_status find_target(struct relay *relay, struct satsync_error *error) {
    struct net *net;
    TRY(relay->options.open_upstream(relay->options.context, &net, error));
    enum satsync_status status =
        net->ops->resolve(net, relay->options.target, &relay->target, error);
    net->ops->close(net);
    return status;
}

static enum satsync_status open_parts(struct relay *relay, struct satsync_error *error) {
    relay->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (relay->epoll_fd < 0) {
        return error_set_errno(error, errno, "relay", "making an event descriptor");
    }
    TRY(open_lanes(relay, error));
    TRY(find_target(relay, error));
    return watch(relay, relay->options.listen, LISTEN_TAG, error);
}

enum satsync_status relay_open(const struct relay_options *options, struct relay **out,
                               struct satsync_error *error) {
    *out = NULL;
    struct relay *relay = memory_new(options->allocator, 1, sizeof *relay);
    ENSURE(relay != NULL, error, SATSYNC_NO_MEMORY, "relay", "no memory for a relay");
    relay->options = *options;
    relay->profile = *options->profile;
    relay->epoll_fd = -1;
    struct net *listen = options->listen;
    relay->origin_ns = listen->ops->now_ns(listen) - relay->profile.start_ns;
    relay->out.origin_ns = relay->origin_ns;
    enum satsync_status status = open_parts(relay, error);
    if (status != SATSYNC_OK) {
        relay->options.listen = NULL;
        relay_close(relay);
        return status;
    }
    *out = relay;
    return SATSYNC_OK;
}

enum satsync_status relay_close_record(struct relay *relay, struct satsync_error *error) {
    sim_run_until(relay->sim, now_of(relay));
    relay_out_flush(&relay->out);
    return record_close(&relay->record, error);
}

void relay_close(struct relay *relay) {
    if (relay == NULL) {
        return;
    }
    if (record_close(&relay->record, NULL) != SATSYNC_OK) {
        log_line(relay->options.log, LOG_WARNING, "relay", "the record is not whole");
    }
    for (size_t i = 0; i < RELAY_CLIENTS_LIMIT; i++) {
        drop_client(relay, &relay->clients[i]);
    }
    if (relay->options.listen != NULL) {
        relay->options.listen->ops->close(relay->options.listen);
    }
    if (relay->epoll_fd >= 0) {
        close(relay->epoll_fd);
    }
    sim_close(relay->sim);
    memory_free(relay->options.allocator, relay);
}

void relay_report(const struct relay *relay, struct relay_report *report) {
    memset(report, 0, sizeof *report);
    report->running_ns = now_of(relay) - relay->profile.start_ns;
    for (size_t i = 0; i < RELAY_CLIENTS_LIMIT; i++) {
        report->clients += relay->clients[i].upstream != NULL;
    }
    report->refused_packets = relay->refused_packets;
    report->unsent_packets = relay->out.unsent_packets;
    lane_counts(relay->up, &report->up);
    lane_counts(relay->down, &report->down);
    lane_state(relay->up, now_of(relay), &report->up_state);
    lane_state(relay->down, now_of(relay), &report->down_state);
    report->late = relay->out.late;
    relay_report_judge(report, relay->profile.rtt_ns);
}
