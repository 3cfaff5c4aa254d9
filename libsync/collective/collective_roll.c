#include "collective/collective_state.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>

static_assert((int)LETTER_HEAD_BYTES <= (int)LINK_URGENT_BYTES, "a roll call is an urgent word");

/* Tells a peer that we gave up, and for whom we wait; true when it is told. */
static bool tell(const struct collective *group, const struct peer *peer) {
    uint8_t bytes[LETTER_BYTES];
    const struct letter letter = {.kind = LETTER_ROLL_CALL,
                                  .ranks = (uint8_t)group->options.ranks,
                                  .sequence = group->sequence,
                                  .count = group->failure.status | (uint64_t)group->owing
                                                                       << LETTER_OWING_SHIFT};
    size_t size = letter_write(&letter, bytes);
    return peer->link->ops->urge(peer->link, bytes, size) == SATSYNC_OK;
}

void collective_fail(struct collective *group, enum satsync_status status, const struct peer *blame,
                     const char *message) {
    if (group->state == GROUP_ROLL_CALL || group->state == GROUP_BROKEN) {
        return;
    }
    char subject[32] = "";
    if (blame) {
        snprintf(subject, sizeof subject, "rank %" PRIu32, blame->rank);
    }
    (void)error_set(&group->failure, status, subject, "%s (operation %" PRIu64 " of the group)",
                    message, group->sequence);
    EACH_PEER(group, peer) {
        if (group->state == GROUP_RUNNING && collective_needs(group, peer)) {
            group->owing |= 1u << peer->rank;
        }
    }
    group->state = GROUP_ROLL_CALL;
    group->roll_until_ns =
        group->options.endpoint->ops->now_ns(group->options.endpoint) + COLLECTIVE_GRACE_NS;
    EACH_PEER(group, peer) {
        peer->deferred_count = 0;
    }
}

void collective_roll_take(struct collective *group, struct peer *peer,
                          const struct link_event *event) {
    struct letter letter;
    if (!letter_read(&letter, event->data, event->bytes) || letter.kind != LETTER_ROLL_CALL) {
        collective_fail(group, SATSYNC_PROTOCOL, peer, "it sent something that is no roll call");
        return;
    }
    peer->answered = true;
    group->owing |= (uint32_t)(letter.count >> LETTER_OWING_SHIFT);
    collective_fail(group, SATSYNC_PEER_FAILED, peer, "it gave up the operation");
}

/* Those that somebody waits for and that say nothing. A rank that has done its part, and does not
 * listen now, is not among them. */
static uint32_t absent(struct collective *group) {
    uint32_t ranks = 0;
    EACH_PEER(group, peer) {
        if (!peer->answered && group->owing >> peer->rank & 1) {
            ranks |= 1u << peer->rank;
        }
    }
    return ranks;
}

/* "rank 3" or "ranks 1, 3, 4". */
static void name_ranks(uint32_t ranks, char *out, size_t bytes) {
    bool is_one = (ranks & (ranks - 1)) == 0;
    size_t at = (size_t)snprintf(out, bytes, is_one ? "rank" : "ranks");
    const char *between = " ";
    for (uint32_t rank = 0; rank < COLLECTIVE_RANKS && at < bytes; rank++) {
        if (ranks >> rank & 1) {
            at += (size_t)snprintf(out + at, bytes - at, "%s%" PRIu32, between, rank);
            between = ", ";
        }
    }
}

static void end_roll_call(struct collective *group) {
    group->state = GROUP_BROKEN;
    group->missing = absent(group);
    if (group->failure.status == SATSYNC_PROTOCOL) {
        return; /* it is known what happened */
    }
    if (group->missing == 0) {
        if (group->failure.status == SATSYNC_TIMED_OUT) {
            (void)error_set(&group->failure, SATSYNC_TIMED_OUT, NULL,
                            "operation %" PRIu64 " of the group did not end by its deadline, but "
                            "all ranks are there; give it more time",
                            group->sequence);
        }
        return;
    }
    char names[96];
    name_ranks(group->missing, names, sizeof names);
    (void)error_set(&group->failure, group->failure.status, names,
                    "no answer in operation %" PRIu64
                    " of the group; see whether it was killed, is "
                    "frozen or is still busy elsewhere, then open a group of those that are left",
                    group->sequence);
}

void collective_roll_step(struct collective *group, uint64_t now_ns) {
    bool all_said = true;
    EACH_PEER(group, peer) {
        if (peer->is_up && !peer->is_told) {
            peer->is_told = tell(group, peer);
            all_said = all_said && peer->is_told;
        }
    }
    bool all_heard = true;
    EACH_PEER(group, peer) {
        bool is_asked = group->owing >> peer->rank & 1;
        all_heard = all_heard && (!is_asked || peer->answered || peer->is_down);
    }
    if ((all_said && all_heard) || now_ns >= group->roll_until_ns) {
        end_roll_call(group);
    }
}
