#include "collective/collective_state.h"

#include "base/check.h"

#include <string.h>

static struct letter_box *box_of(struct peer *peer, uint64_t message) {
    for (size_t i = 0; i < LETTER_BOXES; i++) {
        if (peer->boxes[i].state == BOX_ARRIVING && peer->boxes[i].message == message) {
            return &peer->boxes[i];
        }
    }
    return NULL;
}

static struct letter_box *free_box(struct peer *peer) {
    for (size_t i = 0; i < LETTER_BOXES; i++) {
        if (peer->boxes[i].state == BOX_FREE) {
            return &peer->boxes[i];
        }
    }
    return NULL;
}

static void place(struct peer *peer, uint64_t message, uint8_t *into) {
    if (peer->link->ops->place) {
        peer->link->ops->place(peer->link, message, into);
    }
}

uint8_t *collective_take_target(struct collective *group, struct peer *peer,
                                const struct plan_item *item) {
    const struct plan *plan = &group->plan;
    if (item->is_answer && plan->kind == COLLECTIVE_REDUCE_SCATTER) {
        return &peer->word;
    }
    if (!item->is_answer && plan_sums(plan)) {
        return peer->slots + (item->chunk % PLAN_DEPTH) * group->options.chunk_bytes;
    }
    return (uint8_t *)group->operation.buffer + item->offset;
}

/* The answer would overwrite our contribution, which the link may still read. */
static bool must_wait(const struct collective *group, const struct peer *peer,
                      const struct plan_item *item) {
    return item->is_answer && group->plan.kind == COLLECTIVE_ALL_REDUCE &&
           (peer->lent >> (item->chunk % PLAN_DEPTH) & 1) && !peer->copies;
}

static struct plan_item item_of(struct collective *group, struct peer *peer, uint64_t message) {
    return plan_item(&group->plan, peer->rank, group->options.rank, message - peer->base);
}

static bool is_item(const struct collective *group, const struct peer *peer, uint64_t message) {
    return group->state == GROUP_RUNNING && message - peer->base < peer->to_receive;
}

static void take_item_message(struct collective *group, struct peer *peer,
                              const struct link_event *event) {
    if (!is_item(group, peer, event->message)) {
        place(peer, event->message, NULL);
        if (group->state == GROUP_RUNNING) {
            collective_fail(group, SATSYNC_PROTOCOL, peer, "it sent data that is not due");
        }
        return;
    }
    struct plan_item item = item_of(group, peer, event->message);
    uint64_t ahead = plan_sums(&group->plan) ? PLAN_DEPTH : FULL_BITS;
    bool fits = item.is_answer || item.chunk - group->done < ahead;
    if (event->message_bytes != item.message_bytes || !fits) {
        place(peer, event->message, NULL);
        collective_fail(group, SATSYNC_PROTOCOL, peer, "it sent a chunk of the wrong size or time");
    } else if (must_wait(group, peer, &item)) {
        assert(peer->deferred_count < PLAN_DEPTH);
        peer->deferred[peer->deferred_count++] = item.chunk;
    } else {
        place(peer, event->message, collective_take_target(group, peer, &item));
    }
}

static void take_letter_message(struct collective *group, struct peer *peer,
                                const struct link_event *event) {
    struct letter_box *box = free_box(peer);
    if (!box || event->message_bytes > LETTER_BYTES) {
        place(peer, event->message, NULL);
        collective_fail(group, SATSYNC_PROTOCOL, peer, "it sent a letter that is not due");
        return;
    }
    box->state = BOX_ARRIVING;
    box->message = event->message;
    box->size = (size_t)event->message_bytes;
    place(peer, event->message, box->bytes);
}

static void take_data(struct collective *group, struct peer *peer, const struct link_event *event) {
    uint8_t *target = NULL;
    struct letter_box *box = box_of(peer, event->message);
    if (box) {
        target = box->bytes;
    } else if (is_item(group, peer, event->message)) {
        struct plan_item item = item_of(group, peer, event->message);
        assert(event->offset + event->bytes <= item.message_bytes);
        target = collective_take_target(group, peer, &item);
    }
    if (target && target + event->offset != event->data) {
        memcpy(target + event->offset, event->data, event->bytes);
    }
    peer->link->ops->release(peer->link, event->bytes);
}

static const char *mismatch(const struct collective *group, const struct letter *letter,
                            const struct peer *peer) {
    const struct plan *plan = &group->plan;
    struct letter expected = {0};
    if (letter->kind != (uint8_t)group->operation.kind) {
        return "it called another operation than this rank";
    }
    if (letter->count != plan->count) {
        return "it gave another count than this rank";
    }
    if (letter->dtype != (uint8_t)group->operation.dtype ||
        letter->root != (uint8_t)group->operation.root || letter->ranks != plan->ranks) {
        return "it gave another dtype, root or number of ranks than this rank";
    }
    if (letter->chunk_bytes != (uint32_t)group->options.chunk_bytes) {
        return "its group was opened with another chunk_bytes";
    }
    struct collective_share share = {0, plan->count};
    if (plan->kind == COLLECTIVE_ALL_GATHER) {
        share = collective_share(plan->count, plan->ranks, peer->rank);
    } else if (plan->kind == COLLECTIVE_REDUCE_SCATTER) {
        share = collective_share(plan->count, plan->ranks, group->options.rank);
    } else if (plan->kind == COLLECTIVE_BROADCAST && plan->root != peer->rank) {
        share.count = 0;
    }
    expected.payload_bytes = plan_is_small(plan) ? (size_t)share.count * plan->element_bytes : 0;
    return letter->payload_bytes == expected.payload_bytes ? NULL : "its letter has another size";
}

static void open_letter(struct collective *group, struct peer *peer, struct letter_box *box) {
    struct letter letter;
    if (!letter_read(&letter, box->bytes, box->size) || letter.kind == LETTER_ROLL_CALL) {
        box->state = BOX_FREE;
        collective_fail(group, SATSYNC_PROTOCOL, peer, "it sent something that is no letter");
        return;
    }
    if (group->state != GROUP_RUNNING || letter.sequence != group->sequence || peer->present) {
        return; /* it is for the next operation */
    }
    const char *why = mismatch(group, &letter, peer);
    if (why) {
        collective_fail(group, SATSYNC_PROTOCOL, peer, why);
        return;
    }
    peer->present = box;
    peer->letter = letter;
}

void collective_take_letters(struct collective *group) {
    EACH_PEER(group, peer) {
        for (size_t i = 0; i < LETTER_BOXES; i++) {
            if (peer->boxes[i].state == BOX_FULL && peer->present != &peer->boxes[i]) {
                open_letter(group, peer, &peer->boxes[i]);
            }
        }
    }
}

static void take_received(struct collective *group, struct peer *peer,
                          const struct link_event *event) {
    struct letter_box *box = box_of(peer, event->message);
    if (box) {
        box->state = BOX_FULL;
        open_letter(group, peer, box);
    } else if (is_item(group, peer, event->message)) {
        struct plan_item item = item_of(group, peer, event->message);
        peer->received++;
        if (item.is_answer) {
            peer->answers++;
        } else {
            peer->full |= UINT64_C(1) << (item.chunk % FULL_BITS);
        }
    }
}

static void take_returned(struct collective *group, struct peer *peer, uintptr_t cookie) {
    assert(peer->slices_out > 0);
    peer->slices_out--;
    if (cookie < COOKIE_CONTRIBUTION) {
        return;
    }
    uint64_t chunk = cookie - COOKIE_CONTRIBUTION;
    peer->lent &= ~(1u << (chunk % PLAN_DEPTH));
    for (unsigned i = 0; i < peer->deferred_count && group->state == GROUP_RUNNING; i++) {
        if (peer->deferred[i] == chunk) {
            uint64_t index =
                plan_answer_index(&group->plan, peer->rank, group->options.rank, chunk);
            struct plan_item item = item_of(group, peer, peer->base + index);
            peer->deferred[i] = peer->deferred[--peer->deferred_count];
            place(peer, peer->base + index, collective_take_target(group, peer, &item));
            return;
        }
    }
}

/* False when the peer cannot be let in. */
static bool welcome(struct collective *group, struct link *link, uint32_t rank) {
    if (rank >= group->options.ranks || rank == group->options.rank || !link->ops->urge) {
        return false;
    }
    struct peer *peer = &group->peers[rank];
    if (peer->is_up || peer->is_down || (peer->link && peer->link != link)) {
        return false;
    }
    if (!link->ops->place && !peer->copies) {
        peer->copies = memory_new(group->options.allocator, PLAN_DEPTH, group->options.chunk_bytes);
        if (!peer->copies) {
            return false;
        }
    }
    peer->link = link;
    link->user = peer;
    peer->is_up = true;
    return true;
}

static void take_down(struct collective *group, struct peer *peer, const struct link_event *event) {
    peer->link->user = NULL;
    peer->link = NULL;
    peer->is_up = false;
    peer->is_down = true;
    peer->slice.bytes = 0;
    if (group->state == GROUP_RUNNING && collective_needs(group, peer)) {
        collective_fail(group, event->status, peer, "its link broke");
    }
}

void collective_take_event(struct collective *group, const struct link_event *event) {
    struct link *link = event->link;
    struct peer *peer = link->user;
    if (event->kind == LINK_EVENT_UP) {
        if (!welcome(group, link, event->peer_rank)) {
            link->ops->close(link, SATSYNC_REFUSED);
        }
        return;
    }
    if (!peer || peer->link != link) {
        return;
    }
    switch (event->kind) {
    case LINK_EVENT_DOWN:
        take_down(group, peer, event);
        break;
    case LINK_EVENT_MESSAGE:
        if (event->class == LINK_CONTROL) {
            take_letter_message(group, peer, event);
        } else {
            take_item_message(group, peer, event);
        }
        break;
    case LINK_EVENT_DATA:
        take_data(group, peer, event);
        break;
    case LINK_EVENT_RECEIVED:
        take_received(group, peer, event);
        break;
    case LINK_EVENT_RETURNED:
        take_returned(group, peer, (uintptr_t)event->cookie);
        break;
    case LINK_EVENT_URGENT:
        collective_roll_take(group, peer, event);
        break;
    case LINK_EVENT_UP:
    case LINK_EVENT_WRITABLE:
    case LINK_EVENT_DELIVERED:
        break;
    }
}
