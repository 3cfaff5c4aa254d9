#include "support/sites.h"

#include "sim-link/profile.h"
#include "transport/wan/noise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_BYTES = 256 << 10, STEP_EVENTS_LIMIT = 1 << 22 };

/* Every message is a prefix of this. */
static uint8_t pattern[SITE_MESSAGE_BYTES];

static void must(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "sites: %s\n", what);
        abort();
    }
}

static void fill_pattern(void) {
    for (size_t i = 0; pattern[1] == 0 && i < sizeof pattern; i++) {
        size_t at = sizeof pattern - 1 - i;
        pattern[at] = (uint8_t)((at * 2654435761u) >> 13 | 1);
    }
}

static void seed_of(size_t n, uint8_t seed[LINK_KEY_BYTES]) {
    memset(seed, 0, LINK_KEY_BYTES);
    seed[0] = (uint8_t)(n + 1);
}

void sites_open(struct sites *sites, size_t count, const char *profile_text, uint64_t seed) {
    struct satsync_error error = {0};
    struct profile profile;
    fill_pattern();
    memset(sites, 0, sizeof *sites);
    sites->count = count;
    sites->seed = seed;
    must(profile_parse(profile_text, &profile, &error) == SATSYNC_OK, error.message);
    const struct net_sim_options options = {.seed = seed, .start_ns = 1000000000};
    must(net_sim_open(&options, &sites->world, &error) == SATSYNC_OK, error.message);
    for (size_t n = 0; n < count; n++) {
        uint8_t key_seed[LINK_KEY_BYTES];
        seed_of(n, key_seed);
        noise_ed25519_of_seed(key_seed, sites->at[n].key);
        must(net_sim_add(sites->world, &sites->at[n].net, &error) == SATSYNC_OK, error.message);
        if (n > 0) {
            const struct net_sim_join join = {
                .a = n, .b = 0, .there = &profile.there, .back = &profile.back};
            must(net_sim_join(sites->world, &join, &sites->links[n][0], &error) == SATSYNC_OK,
                 error.message);
        }
    }
    must(net_sim_add(sites->world, &sites->watch, &error) == SATSYNC_OK, error.message);
}

void sites_close(struct sites *sites) {
    for (size_t n = 0; n < sites->count; n++) {
        sites_kill(sites, n);
    }
    net_sim_close(sites->world);
}

void sites_start(struct sites *sites, size_t n, struct endpoint_options *options) {
    struct satsync_error error = {0};
    struct site *site = &sites->at[n];
    uint8_t seed[LINK_KEY_BYTES];
    uint8_t keys[SITES][LINK_KEY_BYTES];
    seed_of(n, seed);
    for (size_t i = 0; i < sites->count; i++) {
        memcpy(keys[i], sites->at[i].key, LINK_KEY_BYTES);
    }
    if (options->accept && !options->peers) {
        options->peers = (const uint8_t(*)[LINK_KEY_BYTES])keys;
        options->peer_count = sites->count;
    }
    site->net = net_sim_take(sites->world, n);
    options->net = sites->wrap ? sites->wrap(sites->wrap_context, n, site->net) : site->net;
    options->seed = seed;
    options->random_seed = ++sites->seed;
    must(endpoint_open(options, &site->endpoint, &error) == SATSYNC_OK, error.message);
}

void sites_kill(struct sites *sites, size_t n) {
    struct site *site = &sites->at[n];
    if (site->endpoint) {
        site->endpoint->ops->close(site->endpoint);
        site->endpoint = NULL;
        site->link = NULL;
        memset(site->sends, 0, sizeof site->sends);
        site->slices_out = 0;
    }
}

struct link *sites_connect(struct sites *sites, size_t from, size_t to, size_t holder) {
    struct satsync_error error = {0};
    struct endpoint *endpoint = sites->at[from].endpoint;
    struct link *link;
    char address[16];
    snprintf(address, sizeof address, "sim:%zu", to);
    const struct link_target target = {.address = address, .peer_key = sites->at[holder].key};
    must(endpoint->ops->connect(endpoint, &target, &link, &error) == SATSYNC_OK, error.message);
    return link;
}

static void write_more(struct site *site, struct site_send *send) {
    while (send->link && send->written < send->bytes) {
        uint64_t left = send->bytes - send->written;
        const struct link_slice slice = {.data = pattern + send->written,
                                         .bytes = left < SLICE_BYTES ? left : SLICE_BYTES,
                                         .cookie = send};
        enum satsync_status status = send->link->ops->write(send->link, send->number, &slice);
        if (status != SATSYNC_OK) {
            site->wrong += status != SATSYNC_AGAIN;
            return;
        }
        send->written += slice.bytes;
        site->slices_out++;
    }
}

void sites_send(struct sites *sites, size_t from, struct link *link, uint64_t bytes) {
    struct site *site = &sites->at[from];
    must(bytes > 0 && bytes <= sizeof pattern, "message size");
    for (size_t i = 0; i < SITE_SENDS; i++) {
        struct site_send *send = &site->sends[i];
        if (!send->link) {
            const struct link_message message = {.class = LINK_CHECKPOINT, .bytes = bytes};
            *send = (struct site_send){.link = link, .bytes = bytes};
            must(link->ops->submit(link, &message, &send->number) == SATSYNC_OK, "submit");
            write_more(site, send);
            return;
        }
    }
    must(false, "too many messages at once");
}

static void take_data(struct site *site, const struct link_event *event) {
    bool right = event->offset + event->bytes <= event->message_bytes &&
                 event->message_bytes <= sizeof pattern &&
                 memcmp(event->data, pattern + event->offset, event->bytes) == 0;
    site->wrong += !right;
    site->received_bytes += event->bytes;
    event->link->ops->release(event->link, event->bytes);
}

static void link_went(struct site *site, const struct link_event *event) {
    site->downs++;
    site->down_status = event->status;
    site->wrong += site->slices_out != 0 && site->link == event->link;
    for (size_t i = 0; i < SITE_SENDS; i++) {
        if (site->sends[i].link == event->link) {
            site->sends[i].link = NULL;
        }
    }
    if (site->link == event->link) {
        site->link = NULL;
    }
}

static void handle(struct site *site, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_UP:
        site->ups++;
        site->link = event->link;
        memcpy(site->peer_key, event->peer_key, LINK_KEY_BYTES);
        break;
    case LINK_EVENT_DOWN:
        link_went(site, event);
        break;
    case LINK_EVENT_MESSAGE:
        break;
    case LINK_EVENT_DATA:
        take_data(site, event);
        break;
    case LINK_EVENT_RECEIVED:
        site->received++;
        break;
    case LINK_EVENT_WRITABLE:
        for (size_t i = 0; i < SITE_SENDS; i++) {
            if (site->sends[i].link == event->link) {
                write_more(site, &site->sends[i]);
            }
        }
        break;
    case LINK_EVENT_RETURNED:
        site->wrong += site->slices_out == 0;
        site->slices_out--;
        break;
    case LINK_EVENT_URGENT:
        break;
    case LINK_EVENT_DELIVERED:
        site->delivered++;
        for (size_t i = 0; i < SITE_SENDS; i++) {
            if (site->sends[i].link == event->link && site->sends[i].number == event->message) {
                site->sends[i].link = NULL;
            }
        }
        break;
    }
}

bool sites_step(struct sites *sites) {
    for (size_t n = 0; n < sites->count; n++) {
        struct site *site = &sites->at[n];
        struct link_event event;
        int events = 0;
        while (site->endpoint && site->endpoint->ops->poll(site->endpoint, &event)) {
            handle(site, &event);
            must(++events < STEP_EVENTS_LIMIT, "events without end");
        }
        if (site->endpoint) {
            site->endpoint->ops->wait(site->endpoint, UINT64_MAX);
        }
    }
    sites->watch->ops->wait(sites->watch, sites->alarm_ns ? sites->alarm_ns : UINT64_MAX);
    return net_sim_advance(sites->world);
}

void sites_run(struct sites *sites, uint64_t until_ns) {
    while (net_sim_now_ns(sites->world) < until_ns && sites_step(sites)) {
    }
}

bool sites_run_until(struct sites *sites, const unsigned *value, unsigned wanted,
                     uint64_t limit_ns) {
    uint64_t end_ns = net_sim_now_ns(sites->world) + limit_ns;
    uint64_t last_ns = 0;
    unsigned still = 0;
    while (*value < wanted && net_sim_now_ns(sites->world) < end_ns && sites_step(sites)) {
        /* A pump that spins would never let time go on. */
        uint64_t now_ns = net_sim_now_ns(sites->world);
        still = now_ns == last_ns ? still + 1 : 0;
        last_ns = now_ns;
        must(still < 10000, "time stands still");
    }
    return *value >= wanted;
}
