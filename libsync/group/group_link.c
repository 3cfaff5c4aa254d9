#include "group/group_link.h"

#include <assert.h>
#include <string.h>

struct group_link *group_link_new(struct link *link, size_t peer, struct rounds *rounds,
                                  const struct allocator *allocator) {
    struct group_link *made = memory_new(allocator, 1, sizeof *made);
    if (made) {
        made->link = link;
        made->peer = peer;
        made->rounds = rounds;
        made->allocator = allocator;
        made->message_bytes_max = rounds_message_bytes_max(rounds);
        link->user = made;
    }
    return made;
}

static void give_back(struct group_link *link, struct group_lent *lent) {
    if (lent->own) {
        memory_free(link->allocator, lent->own);
    } else {
        rounds_returned(link->rounds, lent->machine);
    }
    *lent = (struct group_lent){0};
}

void group_link_free(struct group_link *link) {
    assert(!link->link);
    for (size_t i = 0; i < GROUP_LINK_LENT; i++) {
        if (link->lent[i].taken) {
            give_back(link, &link->lent[i]);
        }
    }
    for (size_t i = 0; i < GROUP_LINK_INBOUND; i++) {
        memory_free(link->allocator, link->inbound[i].data);
    }
    memory_free(link->allocator, link);
}

void group_link_close(struct group_link *link, enum satsync_status why) {
    if (link->link) {
        link->link->ops->close(link->link, why);
    }
}

static struct group_lent *free_lent(struct group_link *link) {
    for (size_t i = 0; i < GROUP_LINK_LENT; i++) {
        if (!link->lent[i].taken) {
            return &link->lent[i];
        }
    }
    return NULL;
}

/* SATSYNC_AGAIN: the link takes it later. */
static enum satsync_status hand_over(struct group_link *link, struct group_lent *lent) {
    const struct link_ops *ops = link->link->ops;
    if (!lent->submitted) {
        enum satsync_status status = ops->submit(link->link, &lent->message, &lent->number);
        if (status != SATSYNC_OK) {
            return status == SATSYNC_LIMIT ? SATSYNC_AGAIN : status;
        }
        lent->submitted = true;
    }
    enum satsync_status status = ops->write(link->link, lent->number, &lent->slice);
    if (status == SATSYNC_OK) {
        lent->slice.bytes = 0;
    }
    return status;
}

static void begin(struct group_link *link, struct group_lent *lent) {
    enum satsync_status status = hand_over(link, lent);
    link->blocked = status == SATSYNC_AGAIN ? lent : NULL;
    if (status != SATSYNC_OK && status != SATSYNC_AGAIN) {
        group_link_close(link, status);
    }
}

static void lend(struct group_link *link, struct group_lent *lent,
                 const struct link_message *message, const uint8_t *data) {
    lent->owner = link;
    lent->taken = true;
    lent->message = *message;
    lent->slice =
        (struct link_slice){.data = data, .bytes = (size_t)message->bytes, .cookie = lent};
    begin(link, lent);
}

void group_link_send(struct group_link *link) {
    if (link->blocked) {
        begin(link, link->blocked);
    }
    struct rounds_message message;
    struct group_lent *lent;
    while (link->link && link->up && !link->blocked && (lent = free_lent(link)) != NULL &&
           rounds_send(link->rounds, link->peer, &message)) {
        lent->machine = message.cookie;
        const struct link_message head = {message.class, message.bytes, message.more_follows};
        lend(link, lent, &head, message.data);
    }
    if (link->link) {
        struct link_stats stats;
        link->link->ops->stats(link->link, &stats);
        link->wire_bytes = stats.wire_bytes;
    }
}

enum satsync_status group_link_post(struct group_link *link, enum link_class class, uint8_t *data,
                                    size_t bytes) {
    struct group_lent *lent = link->link && !link->blocked ? free_lent(link) : NULL;
    if (!lent) {
        memory_free(link->allocator, data);
        return SATSYNC_BUSY;
    }
    lent->own = data;
    lend(link, lent, &(struct link_message){.class = class, .bytes = bytes}, data);
    return SATSYNC_OK;
}

static struct group_inbound *find(struct group_link *link, uint64_t message) {
    for (size_t i = 0; i < GROUP_LINK_INBOUND; i++) {
        if (link->inbound[i].data && link->inbound[i].message == message) {
            return &link->inbound[i];
        }
    }
    return NULL;
}

static enum satsync_status make_room(struct group_link *link, const struct link_event *event) {
    size_t limit =
        event->class == LINK_CHECKPOINT ? link->state_bytes_max : link->message_bytes_max;
    if (event->message_bytes > limit) {
        return SATSYNC_PROTOCOL;
    }
    for (size_t i = 0; i < GROUP_LINK_INBOUND; i++) {
        struct group_inbound *inbound = &link->inbound[i];
        if (!inbound->data) {
            *inbound = (struct group_inbound){
                .data = memory_new(link->allocator, 1, (size_t)event->message_bytes),
                .class = event->class,
                .message = event->message,
                .bytes = (size_t)event->message_bytes};
            return inbound->data ? SATSYNC_OK : SATSYNC_NO_MEMORY;
        }
    }
    return SATSYNC_PROTOCOL;
}

static void take_data(struct group_link *link, const struct link_event *event) {
    struct group_inbound *inbound = find(link, event->message);
    if (inbound) {
        assert(event->offset + event->bytes <= inbound->bytes);
        memcpy(inbound->data + event->offset, event->data, event->bytes);
    }
    link->link->ops->release(link->link, event->bytes);
}

enum satsync_status group_link_event(struct group_link *link, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_MESSAGE:
        return make_room(link, event);
    case LINK_EVENT_DATA:
        take_data(link, event);
        return SATSYNC_OK;
    case LINK_EVENT_WRITABLE:
        group_link_send(link);
        return SATSYNC_OK;
    case LINK_EVENT_RETURNED: {
        struct group_lent *lent = event->cookie;
        if (link->blocked == lent) {
            link->blocked = NULL;
        }
        give_back(link, lent);
        return SATSYNC_OK;
    }
    case LINK_EVENT_UP:
    case LINK_EVENT_DOWN:
    case LINK_EVENT_RECEIVED:
    case LINK_EVENT_DELIVERED:
    case LINK_EVENT_URGENT:
        return SATSYNC_OK;
    }
    return SATSYNC_OK;
}

struct group_inbound group_link_received(struct group_link *link, const struct link_event *event) {
    struct group_inbound *inbound = find(link, event->message);
    struct group_inbound whole = {0};
    if (inbound) {
        whole = *inbound;
        *inbound = (struct group_inbound){0};
    }
    return whole;
}
