#include "bench/outer_site.h"

#include "base/check.h"
#include "base/timers.h"
#include "transport/link/endpoint.h"
#include "transport/wan/noise.h"

#include <stdio.h>
#include <string.h>

static void key_of(size_t site, uint8_t key[LINK_KEY_BYTES]) {
    const uint8_t seed[LINK_KEY_BYTES] = {(uint8_t)(site + 1)};
    noise_ed25519_of_seed(seed, key);
}

static enum satsync_status keep(void *context, const void *data, size_t bytes) {
    (void)context, (void)data, (void)bytes;
    return SATSYNC_OK; /* no site dies here */
}

static enum satsync_status open_rounds(struct outer_site *site,
                                       const struct outer_site_options *options,
                                       struct satsync_error *error) {
    const struct rounds_options rounds = {.sites = OUTER_SITES,
                                          .site = options->number,
                                          .now_ns = options->now_ns,
                                          .seed = options->seed,
                                          .incarnation = 1,
                                          .fragments = options->fragments,
                                          .fragment_elements = options->fragment_elements,
                                          .initial = options->local,
                                          .codec = options->codec,
                                          .site_bps = options->site_bps,
                                          .delay_ns = options->delay_ns,
                                          .inner_steps = options->inner_steps,
                                          .overlap_steps = options->overlap_steps,
                                          .collect_ns = 60000000000,
                                          .deadline_ns = 90000000000,
                                          .port = {keep, NULL}};
    return rounds_open(&rounds, &site->rounds, error);
}

static enum satsync_status open_endpoint(struct outer_site *site,
                                         const struct outer_site_options *options,
                                         struct satsync_error *error) {
    uint8_t seed[LINK_KEY_BYTES] = {(uint8_t)(options->number + 1)};
    uint8_t peers[OUTER_SITES][LINK_KEY_BYTES];
    for (size_t i = 0; i < OUTER_SITES; i++) {
        key_of(i, peers[i]);
    }
    const struct endpoint_options endpoint = {.net = options->net,
                                              .seed = seed,
                                              .peers = (const uint8_t(*)[LINK_KEY_BYTES])peers,
                                              .peer_count = OUTER_SITES,
                                              .accept = true,
                                              .rate_bps = options->rate_bps,
                                              .parity = options->parity,
                                              .random_seed = OUTER_SITES * options->seed +
                                                             options->number + 1};
    return endpoint_open(&endpoint, &site->endpoint, error);
}

/* Of two sites the later one connects. */
static enum satsync_status connect_all(struct outer_site *site, struct satsync_error *error) {
    for (size_t i = 0; i < site->number; i++) {
        char address[32];
        uint8_t key[LINK_KEY_BYTES];
        struct link *link;
        snprintf(address, sizeof address, "sim:%zu", i);
        key_of(i, key);
        const struct link_target target = {
            .address = address, .peer_key = key, .rate_bps = site->rate_bps};
        TRY(site->endpoint->ops->connect(site->endpoint, &target, &link, error));
    }
    return SATSYNC_OK;
}

enum satsync_status outer_site_open(struct outer_site *site,
                                    const struct outer_site_options *options,
                                    struct satsync_error *error) {
    *site = (struct outer_site){.number = options->number,
                                .rate_bps = options->rate_bps,
                                .inner_ns = options->inner_ns,
                                .next_inner_ns = TIME_NEVER,
                                .local = options->local,
                                .fragments = options->fragments,
                                .fragment_elements = options->fragment_elements};
    TRY(open_rounds(site, options, error));
    TRY(open_endpoint(site, options, error));
    return connect_all(site, error);
}

void outer_site_close(struct outer_site *site) {
    rounds_close(site->rounds);
    if (site->endpoint) {
        site->endpoint->ops->close(site->endpoint);
    }
    for (size_t i = 0; i < OUTER_SITES; i++) {
        for (size_t k = 0; k < OUTER_INCOMING; k++) {
            memory_free(NULL, site->peer[i].incoming[k].data);
        }
    }
}

/* Receiving. */

static size_t peer_of(const struct outer_site *site, const struct link_event *event) {
    for (size_t i = 0; i < OUTER_SITES; i++) {
        uint8_t key[LINK_KEY_BYTES];
        key_of(i, key);
        if (site->peer[i].link == event->link ||
            (event->peer_key && memcmp(event->peer_key, key, sizeof key) == 0)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static struct outer_incoming *incoming_of(struct outer_peer *peer, uint64_t message, bool is_new) {
    for (size_t k = 0; k < OUTER_INCOMING; k++) {
        struct outer_incoming *incoming = &peer->incoming[k];
        if (is_new ? !incoming->data : incoming->data && incoming->message == message) {
            return incoming;
        }
    }
    return NULL;
}

static void begin_message(struct outer_site *site, struct outer_peer *peer,
                          const struct link_event *event) {
    struct outer_incoming *incoming = incoming_of(peer, 0, true);
    bool fits = event->message_bytes <= rounds_message_bytes_max(site->rounds);
    if (!incoming || !fits) {
        site->is_wrong = true;
        return;
    }
    incoming->message = event->message;
    incoming->bytes = (size_t)event->message_bytes;
    incoming->data = memory_new(NULL, 1, incoming->bytes);
    site->is_wrong |= !incoming->data;
}

static void take_data(struct outer_site *site, struct outer_peer *peer,
                      const struct link_event *event) {
    struct outer_incoming *incoming = incoming_of(peer, event->message, false);
    if (incoming) {
        memcpy(incoming->data + event->offset, event->data, event->bytes);
    } else {
        site->is_wrong = true;
    }
    event->link->ops->release(event->link, event->bytes);
}

static void end_message(struct outer_site *site, size_t from, const struct link_event *event) {
    struct outer_incoming *incoming = incoming_of(&site->peer[from], event->message, false);
    uint64_t now_ns = site->endpoint->ops->now_ns(site->endpoint);
    if (!incoming ||
        rounds_recv(site->rounds, now_ns, from, incoming->data, incoming->bytes) != SATSYNC_OK) {
        site->is_wrong = true;
        return;
    }
    memory_free(NULL, incoming->data);
    incoming->data = NULL;
}

static void handle(struct outer_site *site, const struct link_event *event) {
    size_t from = peer_of(site, event);
    if (from == SIZE_MAX && event->kind != LINK_EVENT_RETURNED) {
        site->is_wrong = true;
        return;
    }
    switch (event->kind) {
    case LINK_EVENT_UP:
        site->peer[from].link = event->link;
        rounds_peer_up(site->rounds, site->endpoint->ops->now_ns(site->endpoint), from);
        return;
    case LINK_EVENT_MESSAGE:
        begin_message(site, &site->peer[from], event);
        return;
    case LINK_EVENT_DATA:
        take_data(site, &site->peer[from], event);
        return;
    case LINK_EVENT_RECEIVED:
        end_message(site, from, event);
        return;
    case LINK_EVENT_RETURNED:
        rounds_returned(site->rounds, event->cookie);
        return;
    case LINK_EVENT_DOWN:
        site->is_wrong = true;
        return;
    case LINK_EVENT_WRITABLE:
    case LINK_EVENT_DELIVERED:
    case LINK_EVENT_URGENT:
        return;
    }
}

/* Sending. */

/* True when the waiting message is the link's now. */
static bool hand_over(struct outer_site *site, struct outer_peer *peer) {
    const struct link_message message = {peer->waiting.class, peer->waiting.bytes,
                                         peer->waiting.more_follows};
    if (!peer->is_submitted) {
        if (peer->link->ops->submit(peer->link, &message, &peer->number) != SATSYNC_OK) {
            return false;
        }
        peer->is_submitted = true;
    }
    const struct link_slice slice = {peer->waiting.data, peer->waiting.bytes, peer->waiting.cookie};
    enum satsync_status status = peer->link->ops->write(peer->link, peer->number, &slice);
    site->is_wrong |= status != SATSYNC_OK && status != SATSYNC_AGAIN;
    peer->has_waiting = peer->is_submitted = status != SATSYNC_OK;
    return status == SATSYNC_OK;
}

static void send_to(struct outer_site *site, size_t to) {
    struct outer_peer *peer = &site->peer[to];
    while (peer->link) {
        peer->has_waiting = peer->has_waiting || rounds_send(site->rounds, to, &peer->waiting);
        if (!peer->has_waiting || !hand_over(site, peer)) {
            return;
        }
    }
}

/* Training. */

static float *part_of(struct outer_site *site, size_t fragment) {
    float *part = site->local;
    for (size_t f = 0; f < fragment; f++) {
        part += site->fragment_elements[f];
    }
    return part;
}

static void take_event(struct outer_site *site, const struct rounds_event *event) {
    uint64_t now_ns = site->endpoint->ops->now_ns(site->endpoint);
    if (event->kind == ROUNDS_EVENT_GIVE) {
        site->is_wrong |= rounds_give(site->rounds, now_ns, event->fragment,
                                      part_of(site, event->fragment), NULL) != SATSYNC_OK;
    } else if (event->kind == ROUNDS_EVENT_READY) {
        for (size_t f = 0; f < site->fragments; f++) {
            site->is_wrong |= rounds_apply(site->rounds, now_ns, f, part_of(site, f)) != SATSYNC_OK;
        }
    } else if (event->kind == ROUNDS_EVENT_APPLIED) {
        site->applied = event->step;
        site->applied_ns = now_ns;
    } else if (event->kind != ROUNDS_EVENT_DECIDED) {
        site->is_wrong = true;
    }
}

/* An inner step ends, and the next one begins. */
static void train_by_time(struct outer_site *site) {
    uint64_t now_ns = site->endpoint->ops->now_ns(site->endpoint);
    if (now_ns >= site->next_inner_ns) {
        outer_site_train(site);
        site->next_inner_ns = now_ns + site->inner_ns;
    }
}

/* Not while an outer step is due and not here: once it is, the inner step begins that was put off.
 */
static void wait_or_go_on(struct outer_site *site) {
    bool waited = site->waits;
    site->waits = site->next_inner_ns != TIME_NEVER && rounds_is_due(site->rounds);
    if (waited && !site->waits) {
        site->next_inner_ns = site->endpoint->ops->now_ns(site->endpoint) + site->inner_ns;
    }
}

void outer_site_pump(struct outer_site *site) {
    struct link_event event;
    struct rounds_event told;
    while (site->endpoint->ops->poll(site->endpoint, &event)) {
        handle(site, &event);
    }
    rounds_run(site->rounds, site->endpoint->ops->now_ns(site->endpoint));
    if (!site->waits) {
        train_by_time(site);
    }
    while (rounds_event(site->rounds, &told)) {
        take_event(site, &told);
    }
    wait_or_go_on(site);
    for (size_t i = 0; i < OUTER_SITES; i++) {
        send_to(site, i);
    }
    while (site->endpoint->ops->poll(site->endpoint, &event)) {
        handle(site, &event);
    }
    uint64_t next_ns = rounds_next_timeout(site->rounds);
    bool trains_first = !site->waits && site->next_inner_ns < next_ns;
    site->endpoint->ops->wait(site->endpoint, trains_first ? site->next_inner_ns : next_ns);
}

void outer_site_begin(struct outer_site *site) {
    site->next_inner_ns = site->endpoint->ops->now_ns(site->endpoint) + site->inner_ns;
}

void outer_site_train(struct outer_site *site) {
    rounds_tick(site->rounds, site->endpoint->ops->now_ns(site->endpoint), ++site->inner);
}

bool outer_site_is_connected(const struct outer_site *site) {
    struct rounds_status status;
    rounds_status(site->rounds, &status);
    return status.present == (1u << OUTER_SITES) - 1 && status.leader != SIZE_MAX;
}
