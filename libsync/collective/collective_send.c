#include "collective/collective_state.h"
#include "collective/reduce.h"

#include "base/check.h"

#include <string.h>

static uint32_t lent_bit(uint64_t chunk) {
    return 1u << (chunk % PLAN_DEPTH);
}

static uint8_t *slot(const struct collective *group, uint8_t *slots, uint64_t chunk) {
    return slots + (chunk % PLAN_DEPTH) * group->options.chunk_bytes;
}

/* The bytes of a small operation that travel in the letter to one peer. */
static void set_payload(const struct collective *group, uint32_t to, struct letter *letter) {
    const struct plan *plan = &group->plan;
    uint32_t rank = group->options.rank;
    struct collective_share share = {0, plan->count};
    if (plan->kind == COLLECTIVE_ALL_GATHER) {
        share = collective_share(plan->count, plan->ranks, rank);
    } else if (plan->kind == COLLECTIVE_REDUCE_SCATTER) {
        share = collective_share(plan->count, plan->ranks, to);
    }
    bool gives = plan->kind != COLLECTIVE_BROADCAST || plan->root == rank;
    if (plan_is_small(plan) && gives && share.count > 0) {
        letter->payload =
            (const uint8_t *)group->operation.buffer + share.first * plan->element_bytes;
        letter->payload_bytes = (size_t)share.count * plan->element_bytes;
    }
}

void collective_send_begin(struct collective *group) {
    const struct collective_operation *operation = &group->operation;
    const struct plan *plan = &group->plan;
    uint32_t rank = group->options.rank;
    group->chunks = plan_is_small(plan) ? 0 : plan_chunks(plan, rank);
    bool waits = plan_sums(plan) || (plan->kind == COLLECTIVE_BROADCAST && plan->root != rank);
    group->done = waits ? 0 : group->chunks;
    EACH_PEER(group, peer) {
        struct letter letter = {.kind = (uint8_t)operation->kind,
                                .dtype = (uint8_t)operation->dtype,
                                .root = (uint8_t)operation->root,
                                .ranks = (uint8_t)plan->ranks,
                                .sequence = group->sequence,
                                .count = plan->count,
                                .chunk_bytes = (uint32_t)group->options.chunk_bytes};
        set_payload(group, peer->rank, &letter);
        peer->out_bytes = letter_write(&letter, peer->out);
        peer->is_letter_out = false;
        peer->to_send = plan_items(plan, rank, peer->rank);
        peer->to_receive = plan_items(plan, peer->rank, rank);
        peer->sent = peer->received = peer->answers = 0;
        peer->full = 0;
        assert(!peer->lent && !peer->slices_out && !peer->deferred_count && !peer->present);
    }
}

bool collective_send_flush(struct collective *group, struct peer *peer) {
    if (peer->slice.bytes == 0) {
        return true;
    }
    enum satsync_status status =
        peer->link->ops->write(peer->link, peer->slice_message, &peer->slice);
    if (status == SATSYNC_OK) {
        peer->slice.bytes = 0;
    } else if (status != SATSYNC_AGAIN) {
        peer->slice.bytes = 0;
        peer->slices_out--;
        collective_fail(group, SATSYNC_NO_PATH, peer, "its link takes no more data");
    }
    return peer->slice.bytes == 0;
}

void collective_send_slice(struct collective *group, struct peer *peer, enum link_class class,
                           const struct link_slice *slice, bool *is_out) {
    const struct link_message message = {.class = class, .bytes = slice->bytes};
    *is_out = false;
    if (!peer->is_up || !collective_send_flush(group, peer)) {
        return;
    }
    enum satsync_status status =
        peer->link->ops->submit(peer->link, &message, &peer->slice_message);
    if (status == SATSYNC_OK) {
        *is_out = true;
        peer->slice = *slice;
        peer->slices_out++;
        (void)collective_send_flush(group, peer);
    } else if (status != SATSYNC_LIMIT && status != SATSYNC_AGAIN) {
        collective_fail(group, SATSYNC_NO_PATH, peer, "its link takes no more messages");
    }
}

static bool may_send(const struct collective *group, const struct peer *peer,
                     const struct plan_item *item) {
    if (peer->slices_out >= SLICES_OUT) {
        return false;
    }
    if (item->is_answer) {
        return item->chunk < group->done;
    }
    if (!plan_sums(&group->plan)) {
        return true;
    }
    bool has_place = item->chunk < PLAN_DEPTH || peer->answers > item->chunk - PLAN_DEPTH;
    return has_place && !(peer->lent & lent_bit(item->chunk));
}

/* Sends the item; false when the link is full. */
static bool send_item(struct collective *group, struct peer *peer, const struct plan_item *item) {
    bool is_sum = plan_sums(&group->plan);
    const uint8_t *data = (const uint8_t *)group->operation.buffer + item->offset;
    struct link_slice slice = {
        .data = data, .bytes = item->message_bytes, .cookie = (void *)(uintptr_t)COOKIE_ITEM};
    bool is_lent = is_sum && !item->is_answer;
    if (is_lent) {
        slice.cookie = (void *)(uintptr_t)(COOKIE_CONTRIBUTION + item->chunk);
        if (peer->copies) {
            slice.data = memcpy(slot(group, peer->copies, item->chunk), data, item->bytes);
        }
    }
    bool is_out;
    peer->lent |= is_lent ? lent_bit(item->chunk) : 0;
    collective_send_slice(group, peer, LINK_GRADIENT, &slice, &is_out);
    if (!is_out) {
        peer->lent &= is_lent ? ~lent_bit(item->chunk) : ~0u;
        return false;
    }
    peer->sent++;
    return true;
}

static void send_to(struct collective *group, struct peer *peer) {
    (void)collective_send_flush(group, peer);
    if (!peer->is_letter_out) {
        const struct link_slice slice = {.data = peer->out,
                                         .bytes = peer->out_bytes,
                                         .cookie = (void *)(uintptr_t)COOKIE_LETTER};
        collective_send_slice(group, peer, LINK_CONTROL, &slice, &peer->is_letter_out);
    }
    while (group->state == GROUP_RUNNING && peer->is_letter_out && peer->present &&
           peer->sent < peer->to_send) {
        struct plan_item item =
            plan_item(&group->plan, group->options.rank, peer->rank, peer->sent);
        if (!may_send(group, peer, &item) || !send_item(group, peer, &item)) {
            return;
        }
    }
}

static bool is_chunk_full(struct collective *group, uint64_t bit) {
    const struct plan *plan = &group->plan;
    if (!plan_sums(plan)) {
        return group->peers[plan->root].full & bit;
    }
    EACH_PEER(group, peer) {
        if (!(peer->full & bit)) {
            return false;
        }
    }
    return true;
}

static void sum_chunk(struct collective *group) {
    const struct plan *plan = &group->plan;
    uint32_t rank = group->options.rank;
    struct collective_share share = collective_share(plan->count, plan->ranks, rank);
    uint64_t first = group->done * plan->chunk_elements;
    uint64_t left = share.count - first;
    size_t count = (size_t)(left < plan->chunk_elements ? left : plan->chunk_elements);
    uint8_t *own = (uint8_t *)group->operation.buffer + (share.first + first) * plan->element_bytes;
    const void *in[COLLECTIVE_RANKS];
    in[rank] = own;
    EACH_PEER(group, peer) {
        in[peer->rank] = slot(group, peer->slots, group->done);
    }
    reduce_sum(group->operation.dtype, own, in, plan->ranks, count);
}

void collective_send_step(struct collective *group) {
    while (group->done < group->chunks &&
           is_chunk_full(group, UINT64_C(1) << (group->done % FULL_BITS))) {
        if (plan_sums(&group->plan)) {
            sum_chunk(group);
        }
        EACH_PEER(group, peer) {
            peer->full &= ~(UINT64_C(1) << (group->done % FULL_BITS));
        }
        group->done++;
    }
    EACH_PEER(group, peer) {
        if (group->state == GROUP_RUNNING && peer->is_up) {
            send_to(group, peer);
        }
    }
}

bool collective_needs(const struct collective *group, const struct peer *peer) {
    (void)group;
    return !peer->present || !peer->is_letter_out || peer->received < peer->to_receive ||
           peer->sent < peer->to_send || peer->slices_out > 0;
}

bool collective_send_is_done(const struct collective *group) {
    for (uint32_t rank = 0; rank < group->options.ranks; rank++) {
        if (rank != group->options.rank && collective_needs(group, &group->peers[rank])) {
            return false;
        }
    }
    return group->done == group->chunks;
}

static void finish_small(struct collective *group) {
    const struct plan *plan = &group->plan;
    uint32_t rank = group->options.rank;
    uint8_t *buffer = group->operation.buffer;
    if (plan_sums(plan)) {
        struct collective_share share = {0, plan->count};
        if (plan->kind == COLLECTIVE_REDUCE_SCATTER) {
            share = collective_share(plan->count, plan->ranks, rank);
        }
        const void *in[COLLECTIVE_RANKS];
        uint8_t *own = buffer + share.first * plan->element_bytes;
        in[rank] = own;
        EACH_PEER(group, peer) {
            in[peer->rank] = peer->letter.payload;
        }
        reduce_sum(group->operation.dtype, own, in, plan->ranks, (size_t)share.count);
        return;
    }
    EACH_PEER(group, peer) {
        struct collective_share share = {0, plan->count};
        if (plan->kind == COLLECTIVE_ALL_GATHER) {
            share = collective_share(plan->count, plan->ranks, peer->rank);
        }
        if (peer->letter.payload_bytes > 0) {
            memcpy(buffer + share.first * plan->element_bytes, peer->letter.payload,
                   peer->letter.payload_bytes);
        }
    }
}

void collective_send_finish(struct collective *group) {
    if (plan_is_small(&group->plan) && group->plan.count > 0) {
        finish_small(group);
    }
    EACH_PEER(group, peer) {
        ((struct letter_box *)peer->present)->state = BOX_FREE;
        peer->present = NULL;
        peer->base += peer->to_receive + 1;
    }
    group->sequence++;
}
