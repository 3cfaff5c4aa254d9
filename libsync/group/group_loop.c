/* The group's own thread: links to the other sites, messages, time. */
#include "base/check.h"
#include "base/timers.h"
#include "group/group.h"
#include "group/state_letter.h"

#include <stdio.h>
#include <string.h>

enum {
    TURN_NS = 100000000,     /* cancelling is looked at so often at least */
    RETRY_NS = 1000000000,   /* between two attempts to connect */
    CLOSING_NS = 1000000000, /* to tell the peers goodbye */
};

/* The endpoint's own clock belongs to the group's thread; on a manual engine there is no other. */
uint64_t group_now_ns(const struct satsync_group *group) {
    return group->engine->manual ? group->endpoint->ops->now_ns(group->endpoint)
                                 : group->engine->ports.now_ns();
}

/* Waits on the endpoint until a time of the group's clock. */
static void rest_until(struct satsync_group *group, uint64_t until_ns) {
    struct endpoint *endpoint = group->endpoint;
    uint64_t now_ns = group_now_ns(group);
    if (until_ns > now_ns) {
        uint64_t until = endpoint->ops->now_ns(endpoint) + (until_ns - now_ns);
        endpoint->ops->wait(endpoint, until);
    }
}

static void tell_link(struct satsync_group *group, enum satsync_group_event_kind kind, size_t peer,
                      const char *message) {
    struct satsync_group_event event = {.kind = kind, .peer = (uint32_t)peer};
    snprintf(event.message, sizeof event.message, "%.255s", message);
    group_tell(group, &event);
}

static struct group_link *adopt_link(struct satsync_group *group, struct link *link, size_t peer) {
    struct group_link *made = group_link_new(link, peer, group->rounds, group->engine->allocator);
    if (!made) {
        link->ops->close(link, SATSYNC_NO_MEMORY);
        return NULL;
    }
    made->next = group->links;
    group->links = made;
    return made;
}

/* A site connects to those with lower numbers. */
static void connect_due(struct satsync_group *group, uint64_t now_ns) {
    for (size_t i = 0; i < group->site; i++) {
        struct group_peer *peer = &group->peers[i];
        if (now_ns < peer->retry_ns) {
            continue;
        }
        const struct link_target target = {.address = peer->address,
                                           .peer_key = group->keys[i],
                                           .rate_bps = peer->rate_bps,
                                           .keepalive_ns = group->give_up_ns};
        struct link *link;
        struct satsync_error error = {0};
        enum satsync_status status =
            group->endpoint->ops->connect(group->endpoint, &target, &link, &error);
        if (status == SATSYNC_OK) {
            peer->link = adopt_link(group, link, i);
        } else {
            tell_link(group, SATSYNC_GROUP_DOWN, i, error.message);
        }
        peer->retry_ns = peer->link ? TIME_NEVER : now_ns + RETRY_NS;
    }
}

static void lose(struct satsync_group *group, struct group_peer *peer, uint64_t now_ns) {
    size_t number = (size_t)(peer - group->peers);
    if (peer->up) {
        peer->up = false;
        rounds_peer_down(group->rounds, now_ns, number);
        tell_link(group, SATSYNC_GROUP_DOWN, number, "the link is down");
    }
    if (group->fetch.peer == number) {
        group->fetch.asked = false;
    }
    peer->link = NULL;
    peer->retry_ns = number < group->site ? now_ns + RETRY_NS : TIME_NEVER;
}

/* A link of the same peer that is newer takes the place of the former: the peer was restarted. */
static void on_up(struct satsync_group *group, struct link *link, const uint8_t *key,
                  uint64_t now_ns) {
    size_t number = 0;
    while (number < group->site_count && memcmp(group->keys[number], key, LINK_KEY_BYTES) != 0) {
        number++;
    }
    struct group_link *made = link->user;
    if (number == group->site_count || number == group->site) {
        link->ops->close(link, SATSYNC_REFUSED);
        return;
    }
    made = made ? made : adopt_link(group, link, number);
    if (!made) {
        return;
    }
    struct group_peer *peer = &group->peers[number];
    if (peer->link != made) {
        struct group_link *former = peer->link;
        lose(group, peer, now_ns);
        if (former) {
            group_link_close(former, SATSYNC_CANCELLED);
        }
    }
    made->up = true;
    peer->link = made;
    peer->up = true;
    peer->retry_ns = TIME_NEVER;
    rounds_peer_up(group->rounds, now_ns, number);
    tell_link(group, SATSYNC_GROUP_UP, number, "the link is up");
}

static void on_down(struct satsync_group *group, struct group_link *link, uint64_t now_ns) {
    link->link = NULL;
    group->wire_bytes += link->wire_bytes;
    struct group_peer *peer = &group->peers[link->peer];
    if (peer->link == link) {
        lose(group, peer, now_ns);
    }
}

static enum satsync_status on_whole(struct satsync_group *group, struct group_link *link,
                                    struct group_inbound *whole, uint64_t now_ns) {
    if (!link->up || group->peers[link->peer].link != link) {
        return SATSYNC_OK; /* replaced by a newer one */
    }
    if (whole->class == LINK_CHECKPOINT) {
        group_fetch_received(group, whole);
        return SATSYNC_OK;
    }
    if (whole->class == LINK_CONTROL && state_letter_is_request(whole->data, whole->bytes)) {
        group_fetch_serve(group, link);
        return SATSYNC_OK;
    }
    enum satsync_status status =
        rounds_recv(group->rounds, now_ns, link->peer, whole->data, whole->bytes);
    if (status == SATSYNC_CONFLICT) {
        tell_link(group, SATSYNC_GROUP_REFUSED, link->peer,
                  "the site has other options or another model; make them equal on all sites");
    }
    return status;
}

static void on_event(struct satsync_group *group, const struct link_event *event) {
    uint64_t now_ns = group_now_ns(group);
    if (event->kind == LINK_EVENT_UP) {
        on_up(group, event->link, event->peer_key, now_ns);
        return;
    }
    struct group_link *link = event->link->user;
    if (!link) {
        return; /* refused when it came */
    }
    if (event->kind == LINK_EVENT_DOWN) {
        on_down(group, link, now_ns);
        return;
    }
    enum satsync_status status = group_link_event(link, event);
    if (status == SATSYNC_OK && event->kind == LINK_EVENT_RECEIVED) {
        struct group_inbound whole = group_link_received(link, event);
        status = whole.data ? on_whole(group, link, &whole, now_ns) : SATSYNC_OK;
        memory_free(group->engine->allocator, whole.data);
    }
    if (status != SATSYNC_OK) {
        group_link_close(link, status);
    }
}

static void free_links(struct satsync_group *group, bool all) {
    struct group_link **at = &group->links;
    while (*at) {
        struct group_link *link = *at;
        if (link->link && !all) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        link->link = NULL;
        group_link_free(link);
    }
}

static uint64_t next_deadline(const struct satsync_group *group, uint64_t now_ns) {
    uint64_t deadline_ns = now_ns + TURN_NS;
    uint64_t machine_ns = rounds_next_timeout(group->rounds);
    deadline_ns = machine_ns < deadline_ns ? machine_ns : deadline_ns;
    for (size_t i = 0; i < group->site_count; i++) {
        uint64_t retry_ns = group->peers[i].retry_ns;
        deadline_ns = retry_ns < deadline_ns ? retry_ns : deadline_ns;
    }
    return deadline_ns;
}

static uint64_t turn(struct satsync_group *group) {
    monitor_lock(group->monitor);
    struct link_event event;
    while (group->endpoint->ops->poll(group->endpoint, &event)) {
        on_event(group, &event);
    }
    uint64_t now_ns = group_now_ns(group);
    connect_due(group, now_ns);
    rounds_run(group->rounds, now_ns);
    group_take_events(group, now_ns);
    for (struct group_link *link = group->links; link; link = link->next) {
        group_link_send(link);
    }
    free_links(group, false);
    uint64_t deadline_ns = next_deadline(group, now_ns);
    monitor_wake_all(group->monitor);
    monitor_unlock(group->monitor);
    return deadline_ns;
}

static void close_endpoint(struct satsync_group *group) {
    struct endpoint *endpoint = group->endpoint;
    if (!endpoint) {
        return;
    }
    monitor_lock(group->job.operation->monitor);
    group->endpoint = NULL;
    monitor_unlock(group->job.operation->monitor);
    endpoint->ops->close(endpoint);
    free_links(group, true);
}

/* Goodbye on every link, for a bounded time. */
static void say_goodbye(struct satsync_group *group) {
    for (struct group_link *link = group->links; link; link = link->next) {
        link->up = false;
        group_link_close(link, SATSYNC_OK);
    }
    struct endpoint *endpoint = group->endpoint;
    uint64_t until_ns = group_now_ns(group) + CLOSING_NS;
    while (group->links && group_now_ns(group) < until_ns) {
        struct link_event event;
        while (endpoint->ops->poll(endpoint, &event)) {
            on_event(group, &event);
        }
        free_links(group, false);
        if (group->links) {
            rest_until(group, until_ns);
        }
    }
}

enum satsync_status group_loop_open(struct satsync_group *group, struct satsync_error *error) {
    const struct endpoint_request request = {.listen = group->listen,
                                             .secret_seed = group->key->seed,
                                             .allowed =
                                                 (const uint8_t(*)[LINK_KEY_BYTES])group->keys,
                                             .allowed_count = group->site_count,
                                             .give_up_ns = group->give_up_ns,
                                             .carrier = group->carrier,
                                             .parity = group->parity,
                                             .memory = &group->engine->link_memory,
                                             .allocator = group->engine->allocator,
                                             .log = group->engine->log};
    return group->engine->ports.endpoint_open(&request, &group->endpoint, error);
}

enum satsync_status group_loop_run(struct job *job, struct satsync_error *error) {
    (void)error;
    struct satsync_group *group = (struct satsync_group *)job;
    while (!operation_cancelled(job->operation)) {
        rest_until(group, turn(group));
    }
    say_goodbye(group);
    close_endpoint(group);
    return SATSYNC_CANCELLED;
}

/* On an emulated link `wait` does not block: it tells the simulator when this end is due. */
enum satsync_status group_loop_poll(struct job *job, struct satsync_error *error) {
    (void)error;
    struct satsync_group *group = (struct satsync_group *)job;
    uint64_t deadline_ns = turn(group);
    group->endpoint->ops->wait(group->endpoint, deadline_ns);
    return SATSYNC_AGAIN;
}

void group_loop_abandon(struct job *job) {
    close_endpoint((struct satsync_group *)job);
}

void group_loop_wake(struct job *job) {
    struct satsync_group *group = (struct satsync_group *)job;
    monitor_lock(job->operation->monitor);
    if (group->endpoint) {
        group->endpoint->ops->wake(group->endpoint);
    }
    monitor_unlock(job->operation->monitor);
}
