#include "engine/session.h"

#include "base/check.h"
#include "base/timers.h"
#include "engine/site.h"

#include <stdio.h>
#include <string.h>

struct session *session_new(struct site *site, struct link *link) {
    struct session *session = memory_new(site->engine->allocator, 1, sizeof *session);
    if (session) {
        session->site = site;
        session->link = link;
        link->user = session;
        mailbox_init(&session->mailbox, link, site->engine->allocator, &site->engine->link_memory);
    }
    return session;
}

void session_close(struct session *session, enum satsync_status why) {
    if (!session->down) {
        session->link->ops->close(session->link, why);
    }
}

static void stop_receiving(struct session *session) {
    if (session->receiving) {
        receiver_fini(&session->receiver);
        session->receiving = false;
    }
}

void session_free(struct session *session) {
    assert(session->down);
    stop_receiving(session);
    if (session->sending) {
        sender_fini(&session->sender);
    }
    mailbox_fini(&session->mailbox);
    memory_free(session->site->engine->allocator, session);
}

static enum satsync_status offer_packs(struct session *session,
                                       const struct store_manifest *manifest, bool plan_only) {
    const struct allocator *allocator = session->site->engine->allocator;
    const struct manifest *root = &manifest->root;
    struct sender_pack *packs = memory_new(allocator, root->pack_count, sizeof *packs);
    if (!packs) {
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < root->pack_count; i++) {
        memcpy(packs[i].id.bytes, root->packs[i].id, sizeof packs[i].id.bytes);
        packs[i].bytes = root->packs[i].bytes;
    }
    const struct sender_request request = {.step = root->step,
                                           .manifest = manifest->data,
                                           .manifest_bytes = manifest->bytes,
                                           .packs = packs,
                                           .pack_count = root->pack_count,
                                           .plan_only = plan_only};
    enum satsync_status status =
        sender_init(&session->sender, &request, &session->mailbox, session->site->store->chunks);
    memory_free(allocator, packs);
    session->sending = status == SATSYNC_OK;
    return status;
}

enum satsync_status session_offer(struct session *session, uint64_t step, bool plan_only,
                                  struct satsync_error *error) {
    if (session->sending && session->sender.slices_lent > 0) {
        return error_set(error, SATSYNC_BUSY, "peer", "the last checkpoint is still on its way");
    }
    if (session->sending) {
        sender_fini(&session->sender);
        session->sending = false;
    }
    struct store_manifest manifest;
    TRY(store_manifest_read(session->site->store, step, &manifest, error));
    enum satsync_status status = SATSYNC_LIMIT;
    if (manifest.bytes + 64 <= WIRE_MESSAGE_LIMIT) {
        status = offer_packs(session, &manifest, plan_only);
    }
    store_manifest_fini(&manifest);
    ENSURE(status == SATSYNC_OK, error, status, "push", "cannot send the offer");
    return SATSYNC_OK;
}

enum satsync_status session_ask(struct session *session, uint64_t step) {
    const struct wire_message ask = {.kind = WIRE_ASK, .step = step};
    size_t bytes = wire_encoded_bytes(&ask);
    uint8_t *data = memory_new(session->mailbox.allocator, 1, bytes);
    if (!data) {
        return SATSYNC_NO_MEMORY;
    }
    size_t encoded = wire_encode(&ask, data, bytes);
    assert(encoded == bytes);
    return mailbox_send(&session->mailbox, data, bytes, NULL);
}

static enum satsync_status refuse(struct session *session, enum satsync_status status,
                                  const char *text) {
    return receiver_answer(&session->mailbox, status, text);
}

/* The same peer offers the same checkpoint over a new link: it restarted, and the old link is dead
 * without knowing it. What came over that one is kept. */
static void supersede(struct session *session, const struct wire_message *offer) {
    uint8_t digest[DIGEST_BYTES];
    digest_of(offer->manifest, offer->manifest_bytes, digest);
    for (struct session *other = session->site->sessions; other; other = other->next) {
        bool same = other != session && other->receiving &&
                    memcmp(other->peer, session->peer, sizeof other->peer) == 0 &&
                    memcmp(other->receiver.manifest.digest, digest, sizeof digest) == 0;
        if (same) {
            other->down_status = SATSYNC_CANCELLED;
            site_transfer_cut(session->site, other);
            stop_receiving(other);
            session_close(other, SATSYNC_CANCELLED);
        }
    }
}

static enum satsync_status on_offer(struct session *session, const struct wire_message *offer,
                                    uint64_t message) {
    if (!(session->rights & SATSYNC_RIGHT_WRITE)) {
        return refuse(session, SATSYNC_REFUSED, "this site does not let you write (--allow-write)");
    }
    if (session->receiving && session->receiver.state != RECEIVER_FINISHED) {
        return SATSYNC_PROTOCOL;
    }
    stop_receiving(session);
    supersede(session, offer);
    TRY(receiver_init(&session->receiver, &session->mailbox, session->site->store, offer, message));
    session->receiving = true;
    session->receiver_reported = offer->plan_only; /* a question is no transfer */
    if (!offer->plan_only) {
        site_transfer_began(session->site, session, true);
    }
    return SATSYNC_OK;
}

static enum satsync_status on_ask(struct session *session, uint64_t step) {
    if (!(session->rights & SATSYNC_RIGHT_READ)) {
        return refuse(session, SATSYNC_REFUSED, "this site does not let you read (--allow-read)");
    }
    struct satsync_error error = {0};
    enum satsync_status status = session_offer(session, step, false, &error);
    if (status != SATSYNC_OK) {
        return refuse(session, status, error.message);
    }
    session->has_result = false;
    session->sender_reported = false;
    site_transfer_began(session->site, session, false);
    return SATSYNC_OK;
}

static enum satsync_status on_letter(struct session *session, const struct letter *letter) {
    struct wire_message message;
    TRY(wire_decode(letter->data, letter->bytes, &message, NULL));
    switch (message.kind) {
    case WIRE_OFFER:
        return on_offer(session, &message, letter->message);
    case WIRE_WANT:
        return session->sending ? sender_want(&session->sender, &message, NULL) : SATSYNC_PROTOCOL;
    case WIRE_RESULT:
        session->has_result = true;
        session->result = message.status;
        memcpy(session->result_text, message.text, sizeof session->result_text);
        return SATSYNC_OK;
    case WIRE_ASK:
        return on_ask(session, message.step);
    }
    return SATSYNC_PROTOCOL;
}

static enum satsync_status on_received(struct session *session, const struct link_event *event) {
    struct letter letter;
    if (!mailbox_received(&session->mailbox, event, &letter)) {
        return session->receiving ? receiver_received(&session->receiver, event) : SATSYNC_OK;
    }
    enum satsync_status status = on_letter(session, &letter);
    mailbox_drop(&session->mailbox, &letter);
    return status;
}

static enum satsync_status on_data(struct session *session, const struct link_event *event) {
    if (mailbox_data(&session->mailbox, event)) {
        return SATSYNC_OK;
    }
    enum satsync_status status =
        session->receiving ? receiver_data(&session->receiver, event) : SATSYNC_OK;
    session->link->ops->release(session->link, event->bytes);
    return status;
}

void session_event(struct session *session, const struct link_event *event) {
    enum satsync_status status = SATSYNC_OK;
    switch (event->kind) {
    case LINK_EVENT_UP:
        session->up = true;
        memcpy(session->peer, event->peer_key, sizeof session->peer);
        session->rights = site_rights(session->site, session->peer);
        break;
    case LINK_EVENT_DOWN:
        session->down = true;
        session->down_status = event->status;
        break;
    case LINK_EVENT_MESSAGE:
        if (event->class == LINK_CONTROL) {
            status = mailbox_begin(&session->mailbox, event);
        }
        break;
    case LINK_EVENT_DATA:
        status = on_data(session, event);
        break;
    case LINK_EVENT_RECEIVED:
        status = on_received(session, event);
        break;
    case LINK_EVENT_WRITABLE:
        if (session->sending) {
            sender_writable(&session->sender);
        }
        break;
    case LINK_EVENT_RETURNED:
        ((struct borrowed *)event->cookie)->returned(event->cookie);
        break;
    case LINK_EVENT_DELIVERED:
    case LINK_EVENT_URGENT:
        break;
    }
    if (status != SATSYNC_OK) {
        session->link->ops->close(session->link, status);
    }
}

void session_step(struct session *session, uint64_t now_ns, bool *more) {
    *more = false;
    if (session->down) {
        return;
    }
    session->link->ops->stats(session->link, &session->stats);
    if (session->sending) {
        bool sender_more;
        struct satsync_error error = {0};
        enum satsync_status status = sender_step(&session->sender, &sender_more, &error);
        *more |= sender_more;
        if (status != SATSYNC_OK) {
            site_transfer_failed(session->site, &error);
            session->link->ops->close(session->link, status);
        }
    }
    if (session->receiving) {
        bool receiver_more;
        receiver_step(&session->receiver, now_ns, &receiver_more);
        *more |= receiver_more;
    }
}

uint64_t session_deadline(const struct session *session) {
    return session->receiving ? receiver_deadline(&session->receiver) : TIME_NEVER;
}
