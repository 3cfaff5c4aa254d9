/*
 * Which symbol leaves next, of what class: higher classes first, within their limits, and none
 * starves. Owner thread: the wan's.
 */
#ifndef TRANSPORT_WAN_WAN_PICK_H
#define TRANSPORT_WAN_WAN_PICK_H

#include "transport/wan/wan_state.h"

enum item_kind { ITEM_NEW, ITEM_REPEAT, ITEM_TAIL, ITEM_REPAIR };

struct wan_item {
    enum item_kind kind;
    enum link_class class;
    struct send_symbol symbol;  /* all but ITEM_REPAIR */
    struct repeat_entry repeat; /* ITEM_REPEAT, ITEM_TAIL */
    const uint8_t *repair;
    unsigned repair_index;
};

/* Sets item->symbol to that of item->repeat; false when it arrived meanwhile. */
bool wan_item_is_missing(struct wan *wan, struct wan_item *item);

/* New symbols of the class wait, for the next acknowledgement or for what is in flight. */
bool wan_is_held(const struct wan *wan, enum link_class class);

/* False when nothing may leave. What was picked is taken out of its line, unless it is new. */
bool wan_pick(struct wan *wan, struct wan_item *item);

/* What was picked left, in a datagram of so many bytes. */
void wan_picked(struct wan *wan, const struct wan_item *item, size_t ip_bytes);

#endif
