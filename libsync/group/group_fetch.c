/* The agreed state's way to a site that has fallen behind. */
#include "base/check.h"
#include "group/group.h"
#include "group/state_letter.h"

enum { FETCH_RETRY_NS = 1000000000, FETCH_SLACK_BYTES = 4096 };

static void ask(struct satsync_group *group, uint64_t now_ns) {
    struct group_fetch *fetch = &group->fetch;
    const struct group_peer *peer = &group->peers[fetch->peer];
    uint8_t *letter =
        peer->up ? memory_new(group->engine->allocator, 1, STATE_LETTER_REQUEST_BYTES) : NULL;
    fetch->retry_ns = now_ns + FETCH_RETRY_NS;
    if (letter) {
        state_letter_put_request(letter);
        peer->link->state_bytes_max =
            (size_t)group->parameters.elements * 2 * sizeof(float) + FETCH_SLACK_BYTES;
        fetch->asked = group_link_post(peer->link, LINK_CONTROL, letter,
                                       STATE_LETTER_REQUEST_BYTES) == SATSYNC_OK;
    }
}

static void drop_letter(struct satsync_group *group) {
    memory_free(group->engine->allocator, group->fetch.letter);
    group->fetch.letter = NULL;
}

static void adopt(struct satsync_group *group, uint64_t now_ns) {
    struct group_fetch *fetch = &group->fetch;
    struct rounds_blob blobs[STATE_LETTER_BLOBS];
    struct satsync_error error = {0};
    enum satsync_status status = state_letter_read(fetch->letter, fetch->letter_bytes, blobs);
    if (status == SATSYNC_OK) {
        status = rounds_adopt(group->rounds, now_ns, blobs, STATE_LETTER_BLOBS, &error);
    }
    drop_letter(group);
    fetch->asked = false;
    fetch->retry_ns = now_ns + FETCH_RETRY_NS;
    if (status == SATSYNC_OK) {
        group->adopted = true;
        group->fetched_states++;
        const struct satsync_group_event event = {.kind = SATSYNC_GROUP_FETCHED,
                                                  .step = fetch->step,
                                                  .peer = (uint32_t)fetch->peer,
                                                  .message = "the agreed state is here"};
        group_tell(group, &event);
        fetch->step = 0;
        group_take_events(group, now_ns);
    } else if (status != SATSYNC_CONFLICT) {
        group_link_close(group->peers[fetch->peer].link, SATSYNC_PROTOCOL);
    }
}

void group_fetch_run(struct satsync_group *group, uint64_t now_ns) {
    struct group_fetch *fetch = &group->fetch;
    if (fetch->letter && !group->performing && group->actions.count == 0) {
        adopt(group, now_ns);
    }
    if (fetch->step != 0 && !fetch->asked && !fetch->letter && now_ns >= fetch->retry_ns) {
        ask(group, now_ns);
    }
}

void group_fetch_serve(struct satsync_group *group, struct group_link *link) {
    for (size_t i = 0; i < GROUP_LINK_LENT; i++) {
        if (link->lent[i].taken && link->lent[i].message.class == LINK_CHECKPOINT) {
            return; /* it is on its way */
        }
    }
    struct rounds_blob blobs[ROUNDS_BLOBS];
    rounds_blobs(group->rounds, blobs);
    size_t bytes = state_letter_bytes(blobs);
    uint8_t *letter = memory_new(group->engine->allocator, 1, bytes);
    if (letter) {
        state_letter_write(blobs, letter, bytes);
        /* Whoever asked asks again when nothing comes. */
        enum satsync_status status = group_link_post(link, LINK_CHECKPOINT, letter, bytes);
        (void)status;
    }
}

void group_fetch_received(struct satsync_group *group, struct group_inbound *letter) {
    if (group->fetch.step == 0 || group->fetch.letter) {
        memory_free(group->engine->allocator, letter->data);
    } else {
        group->fetch.letter = letter->data;
        group->fetch.letter_bytes = letter->bytes;
    }
    letter->data = NULL;
}
