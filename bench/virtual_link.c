#include "bench/virtual_link.h"

#include "base/check.h"
#include "base/memory.h"
#include "base/random.h"
#include "bench/flood.h"
#include "bench/floor.h"
#include "codec/parity.h"
#include "sim-link/net_sim.h"
#include "sim-link/profile.h"
#include "transport/link/endpoint.h"
#include "transport/wan/noise.h"

#include <stdlib.h>
#include <string.h>

enum { CONTENT_BYTES = 1 << 20, SLICE_BYTES = 1 << 20 };
#define GIVE_UP_NS (3600 * UINT64_C(1000000000))

/* Two endpoints joined by one emulated link. */
struct pair {
    const struct scenario *scenario;
    struct profile profile;
    struct net_sim *world;
    struct endpoint *ends[2]; /* 0 sends */
    struct parity *parity;
    uint8_t *content; /* message byte i is content[i % CONTENT_BYTES] */
    struct link *link;
    uint64_t message;
    uint64_t written; /* of the present message */
    uint64_t received;
    uint64_t up_ns;
    uint64_t begun_ns;                        /* when the present message was */
    uint64_t took_ns[SCENARIO_MESSAGES_MOST]; /* each message, sorted at the end */
    uint64_t messages;                        /* complete */
    bool done;
    bool wrong;
    enum satsync_status down;
};

/* Counts of one run, for the row's figures. */
struct effort {
    uint64_t message_ns[4]; /* the first, the median one, one of a hundred, the slowest */
    struct link_stats stats;
    double up_ms;
    uint64_t flood_ns;
    uint64_t time_ns;
    uint64_t dropped;
    uint64_t wire_bytes_back;
};

static void submit(struct pair *pair) {
    const struct link_message message = {.class = LINK_CHECKPOINT, .bytes = pair->scenario->bytes};
    pair->written = 0;
    pair->begun_ns = net_sim_now_ns(pair->world);
    pair->wrong |= pair->link->ops->submit(pair->link, &message, &pair->message) != SATSYNC_OK;
}

static void write_more(struct pair *pair) {
    while (pair->written < pair->scenario->bytes) {
        uint64_t left = pair->scenario->bytes - pair->written;
        const struct link_slice slice = {.data = pair->content,
                                         .bytes = left < SLICE_BYTES ? left : SLICE_BYTES};
        enum satsync_status status = pair->link->ops->write(pair->link, pair->message, &slice);
        if (status != SATSYNC_OK) {
            pair->wrong |= status != SATSYNC_AGAIN;
            return;
        }
        pair->written += slice.bytes;
    }
}

static void take_data(struct pair *pair, const struct link_event *event) {
    for (size_t done = 0; done < event->bytes;) {
        size_t at = (size_t)((event->offset + done) % CONTENT_BYTES);
        size_t bytes = event->bytes - done;
        bytes = bytes < CONTENT_BYTES - at ? bytes : CONTENT_BYTES - at;
        pair->wrong |= memcmp(event->data + done, pair->content + at, bytes) != 0;
        done += bytes;
    }
    pair->received += event->bytes;
    event->link->ops->release(event->link, event->bytes);
}

static void handle(struct pair *pair, int end, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_UP:
        pair->up_ns = end == 0 ? net_sim_now_ns(pair->world) : pair->up_ns;
        break;
    case LINK_EVENT_DATA:
        take_data(pair, event);
        break;
    case LINK_EVENT_RECEIVED:
        pair->took_ns[pair->messages++] = net_sim_now_ns(pair->world) - pair->begun_ns;
        pair->done = pair->messages == pair->scenario->messages;
        break;
    case LINK_EVENT_WRITABLE:
        write_more(pair);
        break;
    case LINK_EVENT_DOWN:
        pair->down = event->status;
        pair->wrong = true;
        break;
    case LINK_EVENT_MESSAGE:
    case LINK_EVENT_RETURNED:
    case LINK_EVENT_URGENT:
        break;
    case LINK_EVENT_DELIVERED:
        if (!pair->done) {
            submit(pair);
            write_more(pair);
        }
        break;
    }
}

static enum satsync_status open_end(struct pair *pair, int end, uint64_t seed,
                                    struct satsync_error *error) {
    const uint8_t seeds[2][LINK_KEY_BYTES] = {{1}, {2}};
    uint8_t peer[1][LINK_KEY_BYTES];
    noise_ed25519_of_seed(seeds[!end], peer[0]);
    const struct endpoint_options options = {
        .net = net_sim_take(pair->world, (size_t)end),
        .seed = seeds[end],
        .peers = (const uint8_t(*)[LINK_KEY_BYTES])peer,
        .peer_count = 1,
        .accept = end == 1,
        .parity = pair->parity,
        .random_seed = 2 * seed + (uint64_t)end + 1,
    };
    return endpoint_open(&options, &pair->ends[end], error);
}

static enum satsync_status open_world(struct pair *pair, uint64_t seed,
                                      struct satsync_error *error) {
    struct net *net;
    TRY(profile_parse(pair->scenario->link, &pair->profile, error));
    const struct net_sim_options options = {.seed = seed,
                                            .start_ns = pair->profile.start_ns,
                                            .payload_bytes_limit =
                                                profile_payload_bytes(&pair->profile)};
    TRY(net_sim_open(&options, &pair->world, error));
    TRY(net_sim_add(pair->world, &net, error));
    TRY(net_sim_add(pair->world, &net, error));
    const struct net_sim_join join = {
        .a = 0, .b = 1, .there = &pair->profile.there, .back = &pair->profile.back};
    TRY(net_sim_join(pair->world, &join, NULL, error));
    TRY(open_end(pair, 0, seed, error));
    return open_end(pair, 1, seed, error);
}

static enum satsync_status begin(struct pair *pair, struct satsync_error *error) {
    const struct scenario *scenario = pair->scenario;
    const uint8_t seed[LINK_KEY_BYTES] = {2};
    uint8_t key[LINK_KEY_BYTES];
    noise_ed25519_of_seed(seed, key);
    struct link_target target = {.address = "sim:1", .peer_key = key};
    if (scenario->controller == CONTROLLER_RATED) {
        target.rate_bps = scenario->rate_bps ? scenario->rate_bps : pair->profile.there.rate_bps;
    }
    if (scenario->controller == CONTROLLER_REMEMBERED) {
        target.remembered = (struct link_path){pair->profile.there.rate_bps, pair->profile.rtt_ns};
    }
    TRY(pair->ends[0]->ops->connect(pair->ends[0], &target, &pair->link, error));
    submit(pair);
    write_more(pair);
    return SATSYNC_OK;
}

static void move(struct pair *pair, uint64_t until_ns) {
    bool goes_on = true;
    while (!pair->done && !pair->wrong && goes_on && net_sim_now_ns(pair->world) < until_ns) {
        for (int end = 0; end < 2; end++) {
            struct link_event event;
            while (pair->ends[end]->ops->poll(pair->ends[end], &event)) {
                handle(pair, end, &event);
            }
            pair->ends[end]->ops->wait(pair->ends[end], UINT64_MAX);
        }
        goes_on = net_sim_advance(pair->world);
    }
}

static int by_value(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static void sum_up(struct pair *pair, uint64_t message_ns[4]) {
    size_t last = pair->messages - 1;
    message_ns[0] = pair->took_ns[0];
    qsort(pair->took_ns, pair->messages, sizeof *pair->took_ns, by_value);
    message_ns[1] = pair->took_ns[last / 2];
    message_ns[2] = pair->took_ns[(last * 99 + 99) / 100];
    message_ns[3] = pair->took_ns[last];
}

static enum satsync_status transfer(struct pair *pair, struct row_run *run, struct effort *effort,
                                    struct satsync_error *error) {
    struct lane_counts there;
    struct lane_counts back;
    uint64_t start_ns = net_sim_now_ns(pair->world);
    TRY(begin(pair, error));
    move(pair, start_ns + GIVE_UP_NS);
    uint64_t wanted = pair->scenario->bytes * pair->scenario->messages;
    ENSURE(pair->done && !pair->wrong && pair->received == wanted, error, SATSYNC_BUG,
           pair->scenario->name,
           "seed %llu of \"%s\" did not deliver its message (%llu of %llu bytes, link status %d)",
           (unsigned long long)run->seed, pair->scenario->name, (unsigned long long)pair->received,
           (unsigned long long)wanted, (int)pair->down);
    sum_up(pair, effort->message_ns);
    /* The nearest rank from above of the 99th percentile: of one message, that one. */
    run->time_ns = effort->message_ns[2];
    run->floor_ns = floor_ns(&pair->profile, pair->scenario->bytes);
    if (pair->scenario->controller == CONTROLLER_MODEL) {
        run->floor_ns += pair->profile.rtt_ns; /* before it can know anything of the path */
    }
    run->share_ppm = row_share(run->floor_ns, run->time_ns);
    pair->link->ops->stats(pair->link, &effort->stats);
    net_sim_counts(pair->world, 0, 0, &there);
    net_sim_counts(pair->world, 0, 1, &back);
    effort->time_ns = net_sim_now_ns(pair->world) - start_ns;
    effort->up_ms = (double)(pair->up_ns - start_ns) / 1e6;
    effort->dropped = there.entered_packets - there.delivered_packets;
    effort->wire_bytes_back = back.entered_bytes;
    return flood_ns(&pair->profile, run->seed, wanted, &effort->flood_ns, error);
}

static enum satsync_status run_seed(const struct scenario *scenario, struct row_run *run,
                                    struct effort *effort, struct satsync_error *error) {
    static struct pair pair; /* large */
    memset(&pair, 0, sizeof pair);
    pair.scenario = scenario;
    struct random random = random_of(run->seed, 1);
    pair.content = memory_new(NULL, 1, CONTENT_BYTES);
    pair.parity = parity_open(NULL);
    enum satsync_status status = SATSYNC_NO_MEMORY;
    if (pair.content && pair.parity) {
        random_bytes(&random, pair.content, CONTENT_BYTES);
        status = open_world(&pair, run->seed, error);
    }
    if (status == SATSYNC_OK) {
        status = transfer(&pair, run, effort, error);
    }
    for (int end = 0; end < 2; end++) {
        if (pair.ends[end]) {
            pair.ends[end]->ops->close(pair.ends[end]);
        }
    }
    if (pair.world) {
        net_sim_close(pair.world);
    }
    parity_close(pair.parity);
    memory_free(NULL, pair.content);
    return status;
}

static void add_figures(struct row *row, const struct effort *effort, uint64_t messages) {
    double bytes = (double)row->bytes;
    row_figure(row, "goodput_mbps", 8e3 * bytes / (double)effort->time_ns);
    if (messages > 1) {
        static const char *const names[] = {"first_ms", "p50_ms", "p99_ms", "max_ms"};
        for (int i = 0; i < 4; i++) {
            row_figure(row, names[i], (double)effort->message_ns[i] / 1e6);
        }
        return;
    }
    row_figure(row, "carried_share_percent",
               100 * (double)effort->flood_ns / (double)effort->time_ns);
    row_figure(row, "up_ms", effort->up_ms);
    row_figure(row, "repeated_percent", 100 * (double)effort->stats.repeated_bytes / bytes);
    row_figure(row, "repair_percent", 100 * (double)effort->stats.repair_bytes / bytes);
    row_figure(row, "wire_percent", 100 * (double)effort->stats.wire_bytes / bytes);
    row_figure(row, "feedback_percent", 100 * (double)effort->wire_bytes_back / bytes);
    row_figure(row, "dropped_packets", (double)effort->dropped);
    row_figure(row, "sending_s", (double)effort->stats.sending_ns / 1e9);
    row_figure(row, "repairing_s", (double)effort->stats.repairing_ns / 1e9);
    row_figure(row, "waiting_s", (double)effort->stats.waiting_ns / 1e9);
    row_figure(row, "idle_s", (double)effort->stats.idle_ns / 1e9);
}

enum satsync_status virtual_link_run(const struct scenario *scenario, struct row *row,
                                     struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    static struct effort efforts[ROW_RUNS];
    row->clock = ROW_VIRTUAL;
    row->bytes = scenario->bytes * scenario->messages;
    row->limit = "least time by the formula of floor.h";
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        runs[i] = (struct row_run){.seed = i + 1};
        TRY(run_seed(scenario, &runs[i], &efforts[i], error));
    }
    row_settle(row, runs, (size_t)scenario->seeds);
    add_figures(row, &efforts[row->median.seed - 1], scenario->messages);
    return SATSYNC_OK;
}
