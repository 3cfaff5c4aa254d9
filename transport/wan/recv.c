#include "transport/wan/recv.h"

enum satsync_status recv_init(struct recv *recv, const struct recv_options *options) {
    const struct allocator *allocator = options->allocator;
    *recv = (struct recv){.options = *options};
    map_init(&recv->slots, allocator);
    ranges_init(&recv->done, options->max_messages + 2, allocator);
    enum satsync_status status = ranges_reserve(&recv->done);
    recv->messages = memory_new(allocator, options->max_messages, sizeof *recv->messages);
    recv->free_slots = memory_new(allocator, options->max_messages, sizeof *recv->free_slots);
    if (status != SATSYNC_OK || !recv->messages || !recv->free_slots) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t slot = options->max_messages; slot > 0; slot--) {
        recv->free_slots[recv->free_count++] = (uint32_t)(slot - 1);
        ranges_init(&recv->messages[slot - 1].got, options->max_ranges, allocator);
        if (ranges_reserve(&recv->messages[slot - 1].got) != SATSYNC_OK) {
            return SATSYNC_NO_MEMORY;
        }
    }
    /* A map that once held as many keys as it ever will allocates no more. */
    for (uint64_t key = 0; key <= options->max_messages; key++) {
        if (map_set(&recv->slots, key, 0) != SATSYNC_OK) {
            return SATSYNC_NO_MEMORY;
        }
    }
    for (uint64_t key = 0; key <= options->max_messages; key++) {
        map_remove(&recv->slots, key);
    }
    return SATSYNC_OK;
}

void recv_fini(struct recv *recv) {
    for (size_t slot = 0; recv->messages && slot < recv->options.max_messages; slot++) {
        ranges_fini(&recv->messages[slot].got);
    }
    memory_free(recv->options.allocator, recv->messages);
    memory_free(recv->options.allocator, recv->free_slots);
    ranges_fini(&recv->done);
    map_fini(&recv->slots);
}

static struct recv_message *find(const struct recv *recv, uint64_t number) {
    uint64_t *slot = map_get(&recv->slots, number ^ recv->options.secret);
    return slot ? &recv->messages[*slot] : NULL;
}

static struct recv_message *begin(struct recv *recv, const struct recv_part *part) {
    if (recv->free_count == 0) {
        return NULL;
    }
    uint32_t slot = recv->free_slots[--recv->free_count];
    struct recv_message *message = &recv->messages[slot];
    if (map_set(&recv->slots, part->message ^ recv->options.secret, slot) != SATSYNC_OK) {
        recv->free_count++;
        return NULL;
    }
    message->number = part->message;
    message->class = part->class;
    message->total = part->total;
    message->have = 0;
    ranges_clear(&message->got);
    return message;
}

static enum satsync_status finish(struct recv *recv, struct recv_message *message) {
    enum satsync_status status = ranges_add(&recv->done, message->number, message->number + 1);
    if (status != SATSYNC_OK) {
        /* An honest sender has no more gaps among its numbers than messages open. */
        return SATSYNC_PROTOCOL;
    }
    map_remove(&recv->slots, message->number ^ recv->options.secret);
    recv->free_slots[recv->free_count++] = (uint32_t)(message - recv->messages);
    return SATSYNC_OK;
}

enum satsync_status recv_take(struct recv *recv, const struct recv_part *part,
                              struct recv_news *news) {
    *news = (struct recv_news){0};
    struct recv_message *message = find(recv, part->message);
    if (!message) {
        if (ranges_has(&recv->done, part->message)) {
            return SATSYNC_OK;
        }
        message = begin(recv, part);
        if (!message) {
            return SATSYNC_LIMIT;
        }
        news->began = true;
    }
    if (message->class != part->class || message->total != part->total) {
        return SATSYNC_PROTOCOL;
    }
    struct range gap = ranges_first_gap(&message->got, part->offset, part->offset + part->bytes);
    if (gap.from == gap.to) {
        return SATSYNC_OK;
    }
    enum satsync_status status = ranges_add(&message->got, gap.from, gap.to);
    if (status != SATSYNC_OK) {
        return SATSYNC_LIMIT;
    }
    news->fresh = gap;
    message->have += gap.to - gap.from;
    recv->bytes += gap.to - gap.from;
    news->finished = message->have == message->total;
    return news->finished ? finish(recv, message) : SATSYNC_OK;
}

bool recv_has(const struct recv *recv, const struct recv_part *part) {
    const struct recv_message *message = find(recv, part->message);
    if (!message) {
        return ranges_has(&recv->done, part->message);
    }
    return ranges_cover(&message->got, part->offset, part->offset + part->bytes);
}
