/* What leaves next. */
#include "transport/wan/wan_pick.h"
#include "base/timers.h"

enum {
    SHARE = 16,        /* a lower class gets at least one datagram in so many */
    CONTROL_ROOM = 64, /* packet numbers kept free for control datagrams */
};

/* A limit holds over any time longer than some of these. */
static const uint64_t LIMIT_BURST_NS = 5000000;

static bool is_limited(struct wan *wan, enum link_class class) {
    return wan->options.limit_bps[class] > 0 &&
           !pacer_is_open(&wan->limits[class], wan->now_ns, LIMIT_BURST_NS);
}

void wan_picked(struct wan *wan, const struct wan_item *item, size_t ip_bytes) {
    uint64_t limit_bps = wan->options.limit_bps[item->class];
    if (limit_bps > 0) {
        pacer_sent(&wan->limits[item->class], wan->now_ns, ip_bytes, limit_bps);
    }
}

bool wan_item_is_missing(struct wan *wan, struct wan_item *item) {
    struct send_symbol key = {.slot = item->repeat.slot,
                              .slice = item->repeat.slice,
                              .message = item->repeat.message,
                              .index = item->repeat.symbol};
    return send_again(&wan->send, &key, &item->symbol);
}

/* Message bytes that leave within the last round trip, with a margin: they cannot be repaired by
 * sending them again without a round trip more. */
static uint64_t tail_bytes(const struct wan *wan) {
    if (!wan->options.parity) {
        return 0;
    }
    uint64_t span = wan->rtt.smoothed_ns + wan->rtt.smoothed_ns / 4 + 20000000;
    uint64_t bytes = wan->cc.ops->rate_bps(&wan->cc) / 8000 * (span / 1000) / 1000;
    uint64_t least = (uint64_t)REPAIR_BLOCK_SYMBOLS * wan->options.max_datagram_bytes;
    return bytes > least ? bytes : least;
}

/* Bulk waits when the peer may be gone; what is urgent leaves all the same. */
static bool is_hushed(const struct wan *wan, enum link_class class) {
    uint64_t open = wan->sent.open_count;
    const struct sent_packet *oldest = open > 0 ? sent_find(&wan->sent, wan->sent.low) : NULL;
    return class == LINK_CHECKPOINT && oldest &&
           outage_is_hushed(&wan->outage, wan->now_ns, &wan->rtt, oldest->sent_ns, open);
}

/* New bulk waits also for what is in flight beyond the path; but where others make a queue, a
 * share of it is how cubic comes to its share of the path. */
bool wan_is_held(const struct wan *wan, enum link_class class) {
    if (wan->options.controller == LINK_CONTROLLER_CUBIC) {
        return is_hushed(wan, class);
    }
    uint64_t rate_bps = wan->cc.ops->rate_bps(&wan->cc);
    uint64_t most = bulk_limit_bytes(&wan->bulk_limit, rate_bps, wan->rtt.smoothed_ns);
    return class == LINK_CHECKPOINT && (wan->sent.open_bytes >= most || is_hushed(wan, class));
}

static bool new_symbol(struct wan *wan, enum link_class class, struct send_symbol *symbol) {
    if (wan_is_held(wan, class) || !send_peek(&wan->send, class, tail_bytes(wan), symbol)) {
        return false;
    }
    bool may = flow_may_send(&wan->flow_out, class, symbol->bytes);
    wan->flow_blocked = !may;
    return may;
}

/* Drops lost symbols that arrived meanwhile; true when one is left that did not. */
static bool has_lost(struct wan *wan, enum link_class class) {
    if (is_hushed(wan, class)) {
        return false;
    }
    struct ring *lost = &wan->repeat.lost[class];
    struct wan_item item;
    while (lost->count > 0) {
        item.repeat = *(struct repeat_entry *)ring_at(lost, 0);
        if (wan_item_is_missing(wan, &item)) {
            return true;
        }
        (void)repeat_pop(&wan->repeat, class, &item.repeat);
    }
    return false;
}

static bool has_tail(struct wan *wan) {
    struct wan_item item;
    while (wan->repeat.tail.count > 0) {
        item.repeat = *(struct repeat_entry *)ring_at(&wan->repeat.tail, 0);
        enum link_class class = (enum link_class)item.repeat.class;
        if (is_hushed(wan, class) || is_limited(wan, class)) {
            return false;
        }
        if (item.repeat.copies > 0 && wan_item_is_missing(wan, &item)) {
            return true;
        }
        (void)repeat_pop_tail(&wan->repeat, &item.repeat);
    }
    return false;
}

static bool class_has_work(struct wan *wan, enum link_class class) {
    struct send_symbol symbol;
    unsigned index;
    return has_lost(wan, class) || repair_out_peek(&wan->repair_out, class, &index) ||
           new_symbol(wan, class, &symbol);
}

bool wan_has_work(struct wan *wan) {
    if (wan->outage.stops_new || wan->phase == WAN_CLOSED) {
        return false;
    }
    for (int class = 0; class < LINK_CLASSES; class ++) {
        if (!is_limited(wan, (enum link_class) class) &&
            class_has_work(wan, (enum link_class) class)) {
            return true;
        }
    }
    return has_tail(wan);
}

uint64_t wan_limits_open_at(struct wan *wan) {
    uint64_t at_ns = TIME_NEVER;
    for (int class = 0; class < LINK_CLASSES && !wan->outage.stops_new; class ++) {
        uint64_t opens_ns = pacer_opens_at(&wan->limits[class]);
        if (opens_ns < at_ns && is_limited(wan, (enum link_class) class) &&
            (wan->repeat.tail.count > 0 || class_has_work(wan, (enum link_class) class))) {
            at_ns = opens_ns;
        }
    }
    return at_ns;
}

bool wan_window_is_open(const struct wan *wan) {
    return wan->sent.open_bytes < wan->cc.ops->window_bytes(&wan->cc, &wan->rtt) &&
           wan->sent.next - wan->sent.low + CONTROL_ROOM <= wan->sent.mask;
}

static bool pick_of_class(struct wan *wan, enum link_class class, struct wan_item *item) {
    item->class = class;
    if (is_limited(wan, class)) {
        return false;
    }
    if (has_lost(wan, class) && repeat_pop(&wan->repeat, class, &item->repeat)) {
        item->kind = ITEM_REPEAT;
        return wan_item_is_missing(wan, item);
    }
    item->repair = repair_out_peek(&wan->repair_out, class, &item->repair_index);
    if (item->repair) {
        item->kind = ITEM_REPAIR;
        return true;
    }
    item->kind = ITEM_NEW;
    return new_symbol(wan, class, &item->symbol);
}

/* Higher classes first; but a class with work that was passed over often enough comes before. */
bool wan_pick(struct wan *wan, struct wan_item *item) {
    if (wan->outage.stops_new) {
        return false;
    }
    for (int class = LINK_CLASSES - 1; class > 0; class --) {
        if (wan->passed_over[class] >= SHARE) {
            wan->passed_over[class] = 0;
            if (pick_of_class(wan, (enum link_class) class, item)) {
                return true;
            }
        }
    }
    for (int class = 0; class < LINK_CLASSES; class ++) {
        if (pick_of_class(wan, (enum link_class) class, item)) {
            for (int lower = class + 1; lower < LINK_CLASSES; lower++) {
                wan->passed_over[lower]++;
            }
            wan->passed_over[class] = 0;
            return true;
        }
    }
    if (!has_tail(wan)) {
        return false;
    }
    item->kind = ITEM_TAIL;
    (void)repeat_pop_tail(&wan->repeat, &item->repeat);
    item->class = (enum link_class)item->repeat.class;
    return wan_item_is_missing(wan, item);
}
