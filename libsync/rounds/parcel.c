#include "rounds/parcel.h"

#include "base/check.h"

struct parcel *parcel_new(const struct allocator *allocator, enum link_class class, size_t bytes) {
    struct parcel *parcel = memory_new(allocator, 1, sizeof *parcel + bytes);
    if (parcel) {
        parcel->allocator = allocator;
        parcel->references = 1;
        parcel->class = class;
        parcel->bytes = bytes;
    }
    return parcel;
}

struct parcel *parcel_share(struct parcel *parcel) {
    parcel->references++;
    return parcel;
}

void parcel_drop(struct parcel *parcel) {
    if (!parcel) {
        return;
    }
    assert(parcel->references > 0);
    if (--parcel->references == 0) {
        memory_free(parcel->allocator, parcel);
    }
}

void parcel_lend(struct lent_parcels *lent, struct parcel *parcel) {
    if (parcel->lent++ > 0) {
        return;
    }
    parcel->previous_lent = NULL;
    parcel->next_lent = lent->first;
    if (lent->first) {
        lent->first->previous_lent = parcel;
    }
    lent->first = parcel;
}

static void unlink_lent(struct lent_parcels *lent, struct parcel *parcel) {
    if (parcel->next_lent) {
        parcel->next_lent->previous_lent = parcel->previous_lent;
    }
    if (parcel->previous_lent) {
        parcel->previous_lent->next_lent = parcel->next_lent;
    } else {
        lent->first = parcel->next_lent;
    }
}

void parcel_take_back(struct lent_parcels *lent, struct parcel *parcel) {
    assert(parcel->lent > 0);
    if (--parcel->lent == 0) {
        unlink_lent(lent, parcel);
    }
    parcel_drop(parcel);
}

void parcel_take_back_all(struct lent_parcels *lent) {
    while (lent->first) {
        parcel_take_back(lent, lent->first);
    }
}

enum satsync_status outbox_init(struct outbox *outbox, const struct allocator *allocator) {
    TRY(ring_init(&outbox->control, OUTBOX_CONTROL, sizeof(struct parcel *), allocator));
    return ring_init(&outbox->gradient, OUTBOX_GRADIENT, sizeof(struct parcel *), allocator);
}

void outbox_fini(struct outbox *outbox) {
    outbox_clear(outbox);
    ring_fini(&outbox->control);
    ring_fini(&outbox->gradient);
}

static struct ring *ring_of(struct outbox *outbox, const struct parcel *parcel) {
    return parcel->class == LINK_CONTROL ? &outbox->control : &outbox->gradient;
}

bool outbox_push(struct outbox *outbox, struct parcel *parcel) {
    if (!ring_push(ring_of(outbox, parcel), &parcel)) {
        return false;
    }
    parcel_share(parcel);
    return true;
}

static struct parcel *pop(struct ring *ring) {
    struct parcel *parcel;
    return ring->count > 0 && ring_pop(ring, &parcel) ? parcel : NULL;
}

struct parcel *outbox_pop(struct outbox *outbox, uint64_t applied) {
    struct parcel *parcel = pop(&outbox->control);
    while (!parcel && outbox->gradient.count > 0) {
        parcel = pop(&outbox->gradient);
        if (parcel->step <= applied) {
            parcel_drop(parcel);
            parcel = NULL;
        }
    }
    return parcel;
}

void outbox_clear(struct outbox *outbox) {
    struct parcel *parcel;
    while ((parcel = outbox_pop(outbox, 0)) != NULL) {
        parcel_drop(parcel);
    }
}
