/*
 * What a group is made of; for the folder's own files.
 *
 *            start            all done
 *     IDLE ---------> RUNNING ---------> IDLE
 *      |                 | deadline, a broken link, a peer's roll call, a mismatch
 *      '-----------------+----> ROLL_CALL ---------> BROKEN
 *                                       all answered, or grace is over
 */
#ifndef COLLECTIVE_COLLECTIVE_STATE_H
#define COLLECTIVE_COLLECTIVE_STATE_H

#include "collective/letter.h"
#include "collective/plan.h"

#include <stdalign.h>

enum { LETTER_BOXES = 2 }; /* this operation's and the next one's */
enum { SLICES_OUT = 2 * PLAN_DEPTH, FULL_BITS = 64 };

enum group_state { GROUP_IDLE, GROUP_RUNNING, GROUP_ROLL_CALL, GROUP_BROKEN };
enum box_state { BOX_FREE, BOX_ARRIVING, BOX_FULL };

struct letter_box {
    alignas(16) uint8_t bytes[LETTER_BYTES];
    enum box_state state;
    uint64_t message;
    size_t size;
};

struct peer {
    uint32_t rank;
    struct link *link; /* NULL before it was made and after it is gone */
    bool is_up;
    bool is_down;  /* was up once, or could not be made */
    bool answered; /* the roll call: it gave up too, so it is there */

    struct letter_box boxes[LETTER_BOXES];
    alignas(16) uint8_t out[LETTER_BYTES]; /* the letter of this operation */
    size_t out_bytes;
    bool is_letter_out;
    bool is_told; /* that we gave up */

    const struct letter_box *present; /* its letter of this operation; NULL: it has not begun it */
    struct letter letter;
    uint64_t sequence; /* operations of which it has sent the letter */
    uint64_t base;     /* the number of the first item that it sends in this operation */
    uint64_t to_receive;
    uint64_t received;
    uint64_t to_send;
    uint64_t sent;
    uint64_t answers;        /* received */
    uint64_t full;           /* bit c % 64: its contribution c is here, and not yet used */
    uint32_t lent;           /* bit c % depth: our contribution c is the link's */
    unsigned slices_out;     /* that the link has not returned */
    struct link_slice slice; /* that the link would not take yet; bytes 0: none */
    uint64_t slice_message;
    uint64_t deferred[PLAN_DEPTH]; /* chunks whose answers wait for `lent` */
    unsigned deferred_count;

    uint8_t *slots;  /* depth chunks: its contributions to our share */
    uint8_t *copies; /* likewise, of what we send; only for links without `place` */
    uint8_t word;    /* a one-byte answer lands here */
};

struct collective {
    struct collective_options options;
    enum group_state state;
    struct collective_operation operation;
    struct plan plan;
    uint64_t sequence; /* of the present or next operation */
    uint64_t chunks;   /* of our share */
    uint64_t done;     /* of them, in order */
    uint64_t roll_until_ns;
    uint32_t owing; /* after a failure: ranks that others, or we, wait for */
    uint32_t missing;
    struct satsync_error failure;
    struct peer peers[COLLECTIVE_RANKS]; /* ours is not used */
    uint8_t *slots;
};

/* Every rank but our own. */
#define EACH_PEER(group, peer)                                                                     \
    for (struct peer *peer = (group)->peers; peer < (group)->peers + (group)->options.ranks;       \
         peer++)                                                                                   \
        if (peer->rank != (group)->options.rank)

/* collective_send.c: letters and items go out, chunks are summed, small results are made. */
void collective_send_begin(struct collective *group);
void collective_send_step(struct collective *group);
bool collective_send_is_done(const struct collective *group);
void collective_send_finish(struct collective *group);
/* Hands a slice of a message to the link, at once or when it takes it. */
void collective_send_slice(struct collective *group, struct peer *peer, enum link_class class,
                           const struct link_slice *slice, bool *is_out);
/* True when the link has taken all that it was given. */
bool collective_send_flush(struct collective *group, struct peer *peer);

/* collective_take.c: what comes in. */
void collective_take_event(struct collective *group, const struct link_event *event);
/* Where the bytes of an item go. */
uint8_t *collective_take_target(struct collective *group, struct peer *peer,
                                const struct plan_item *item);
/* Looks for letters of the present operation among those that came early. */
void collective_take_letters(struct collective *group);

/* collective_roll.c: the end of a group. `blame` may be NULL. */
void collective_fail(struct collective *group, enum satsync_status status, const struct peer *blame,
                     const char *message);
void collective_roll_step(struct collective *group, uint64_t now_ns);
void collective_roll_take(struct collective *group, struct peer *peer,
                          const struct link_event *event);

/* A peer that still owes us something of the present operation, or we it. */
bool collective_needs(const struct collective *group, const struct peer *peer);

enum { COOKIE_LETTER = 1, COOKIE_ITEM = 2, COOKIE_CONTRIBUTION = 3 }; /* and above: chunk + 3 */

#endif
