/*
 * A session: one link to one peer, with its letters, and at most one checkpoint on the way out and
 * one on the way in. Owner thread: the site's.
 */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/receiver.h"
#include "engine/sender.h"

struct site;

struct session {
    struct session *next;
    struct site *site;
    struct link *link;
    struct mailbox mailbox;
    uint8_t peer[LINK_KEY_BYTES];
    uint32_t rights; /* of the peer, enum satsync_right */
    bool up;
    bool down; /* the link is gone; to be freed */
    bool sending;
    struct sender sender; /* while sending */
    bool receiving;
    struct receiver receiver; /* while receiving */
    bool receiver_reported;
    bool sender_reported;
    bool has_result; /* the peer's receiver has spoken: */
    enum satsync_status result;
    char result_text[WIRE_TEXT_LIMIT + 1];
    enum satsync_status down_status;
    struct link_stats stats; /* the last taken */
};

/* Takes over a link that was opened or came in; NULL: no memory. */
struct session *session_new(struct site *site, struct link *link);

/* Closes the session's link, if it still has one: after LINK_EVENT_DOWN the link is gone, though
 * the session stays in the site's list until the end of the turn. */
void session_close(struct session *session, enum satsync_status why);

/* The link must be down. */
void session_free(struct session *session);

/* Offers a checkpoint of the site's store to the peer. */
enum satsync_status session_offer(struct session *session, uint64_t step, bool plan_only,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Asks the peer for a checkpoint. */
enum satsync_status session_ask(struct session *session, uint64_t step) SATSYNC_MUST_CHECK;

/* One event of its link. What the peer must not do closes the link. */
void session_event(struct session *session, const struct link_event *event);

/* Bounded work; *more: there is more to do at once. */
void session_step(struct session *session, uint64_t now_ns, bool *more);

uint64_t session_deadline(const struct session *session);

#endif
