#include "collective/collective_state.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

enum { CHUNK_BYTES = 512 << 10, CHUNK_BYTES_MIN = 64, CHUNK_BYTES_MAX = 64 << 20 };
enum { EVENTS_A_POLL = 64 }; /* then the clock is looked at, however much still comes */

static uint64_t now_ns(const struct collective *group) {
    return group->options.endpoint->ops->now_ns(group->options.endpoint);
}

static enum satsync_status check_options(const struct collective_options *options,
                                         struct satsync_error *error) {
    ENSURE(options->ranks >= 2 && options->ranks <= COLLECTIVE_RANKS, error, SATSYNC_INVALID,
           "ranks", "%" PRIu32 " ranks; a group has 2 to %d", options->ranks, COLLECTIVE_RANKS);
    ENSURE(options->rank < options->ranks, error, SATSYNC_INVALID, "rank",
           "rank %" PRIu32 " of %" PRIu32 "; ranks begin at 0", options->rank, options->ranks);
    ENSURE(options->chunk_bytes >= CHUNK_BYTES_MIN && options->chunk_bytes <= CHUNK_BYTES_MAX &&
               options->chunk_bytes % 16 == 0,
           error, SATSYNC_INVALID, "chunk_bytes", "%zu is no multiple of 16 from %d to %d",
           options->chunk_bytes, CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
    return SATSYNC_OK;
}

/* Ranks connect to those below them, so that each pair has one link. */
static enum satsync_status connect_all(struct collective *group, struct satsync_error *error) {
    const struct collective_options *options = &group->options;
    for (uint32_t rank = 0; rank < options->rank; rank++) {
        const struct link_target target = {.address = options->addresses[rank], .peer_rank = rank};
        struct peer *peer = &group->peers[rank];
        TRY(options->endpoint->ops->connect(options->endpoint, &target, &peer->link, error));
        peer->link->user = peer;
    }
    return SATSYNC_OK;
}

static void close_links(struct collective *group) {
    for (uint32_t rank = 0; rank < group->options.ranks; rank++) {
        struct peer *peer = &group->peers[rank];
        if (peer->link) {
            peer->link->user = NULL;
            peer->link->ops->close(peer->link, SATSYNC_CANCELLED);
        }
    }
}

enum satsync_status collective_open(const struct collective_options *options,
                                    struct collective **collective, struct satsync_error *error) {
    *collective = NULL;
    struct collective_options filled = *options;
    filled.chunk_bytes = options->chunk_bytes ? options->chunk_bytes : CHUNK_BYTES;
    TRY(check_options(&filled, error));
    struct collective *group = memory_new(options->allocator, 1, sizeof *group);
    ENSURE(group, error, SATSYNC_NO_MEMORY, NULL, "no memory for a group");
    group->options = filled;
    size_t each = PLAN_DEPTH * filled.chunk_bytes;
    group->slots = memory_new(options->allocator, options->ranks, each);
    for (uint32_t rank = 0; rank < options->ranks; rank++) {
        group->peers[rank].rank = rank;
        group->peers[rank].base = 1;
        group->peers[rank].slots = group->slots ? group->slots + rank * each : NULL;
    }
    enum satsync_status status = SATSYNC_OK;
    if (!group->slots) {
        status = error_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for a group's chunks");
    } else {
        status = connect_all(group, error);
    }
    if (status != SATSYNC_OK) {
        close_links(group);
        collective_close(group);
        return status;
    }
    *collective = group;
    return SATSYNC_OK;
}

static enum satsync_status check_operation(const struct collective *group,
                                           const struct collective_operation *operation,
                                           struct satsync_error *error) {
    const struct plan plan = plan_of(operation, group->options.ranks, group->options.chunk_bytes);
    ENSURE((unsigned)operation->kind < COLLECTIVE_KINDS, error, SATSYNC_INVALID, "kind",
           "%d is no kind of operation", (int)operation->kind);
    ENSURE(operation->root < group->options.ranks, error, SATSYNC_INVALID, "root",
           "rank %" PRIu32 " is not in this group of %" PRIu32, operation->root,
           group->options.ranks);
    ENSURE(operation->buffer || plan.count == 0, error, SATSYNC_INVALID, "buffer",
           "there is no buffer for %" PRIu64 " elements", plan.count);
    ENSURE(plan.count <= PTRDIFF_MAX / plan.element_bytes, error, SATSYNC_INVALID, "count",
           "%" PRIu64 " elements are more than memory can hold", plan.count);
    ENSURE(!plan_sums(&plan) || operation->dtype != COLLECTIVE_BYTES, error, SATSYNC_INVALID,
           "dtype", "plain bytes cannot be summed; name a number type");
    return SATSYNC_OK;
}

static void take_events(struct collective *group) {
    struct endpoint *endpoint = group->options.endpoint;
    struct link_event event;
    for (unsigned i = 0; i < EVENTS_A_POLL && endpoint->ops->poll(endpoint, &event); i++) {
        collective_take_event(group, &event);
        if (group->state == GROUP_RUNNING) {
            collective_send_step(group);
        }
    }
}

enum satsync_status collective_start(struct collective *group,
                                     const struct collective_operation *operation,
                                     struct satsync_error *error) {
    ENSURE((unsigned)operation->dtype < COLLECTIVE_DTYPES, error, SATSYNC_INVALID, "dtype",
           "%d is no element type", (int)operation->dtype);
    TRY(check_operation(group, operation, error));
    ENSURE(group->state != GROUP_RUNNING, error, SATSYNC_WRONG_STATE, NULL,
           "an operation is under way; poll until it ends");
    ENSURE(group->state == GROUP_IDLE, error, SATSYNC_WRONG_STATE, group->failure.subject,
           "the group broke before; close it and open another. It was: %s", group->failure.message);
    group->state = GROUP_RUNNING;
    group->operation = *operation;
    group->plan = plan_of(operation, group->options.ranks, group->options.chunk_bytes);
    collective_send_begin(group);
    EACH_PEER(group, peer) {
        if (peer->is_down) {
            collective_fail(group, SATSYNC_NO_PATH, peer, "its link broke");
        }
    }
    collective_take_letters(group);
    if (group->state == GROUP_RUNNING) {
        collective_send_step(group);
    }
    return SATSYNC_OK;
}

enum satsync_status collective_poll(struct collective *group, struct satsync_error *error) {
    take_events(group);
    uint64_t now = now_ns(group);
    if (group->state == GROUP_RUNNING) {
        collective_send_step(group);
    }
    if (group->state == GROUP_RUNNING && now >= group->operation.deadline_ns) {
        collective_fail(group, SATSYNC_TIMED_OUT, NULL, "the deadline passed");
    }
    if (group->state == GROUP_ROLL_CALL) {
        collective_roll_step(group, now);
    }
    if (group->state == GROUP_BROKEN) {
        if (error) {
            *error = group->failure;
        }
        return group->failure.status;
    }
    if (group->state == GROUP_RUNNING && collective_send_is_done(group)) {
        collective_send_finish(group);
        group->state = GROUP_IDLE;
    }
    return group->state == GROUP_IDLE ? SATSYNC_OK : SATSYNC_AGAIN;
}

void collective_wait(struct collective *group, uint64_t until_ns) {
    struct endpoint *endpoint = group->options.endpoint;
    uint64_t end_ns = UINT64_MAX;
    if (group->state == GROUP_RUNNING) {
        end_ns = group->operation.deadline_ns;
    } else if (group->state == GROUP_ROLL_CALL) {
        end_ns = group->roll_until_ns;
    }
    endpoint->ops->wait(endpoint, until_ns < end_ns ? until_ns : end_ns);
}

enum satsync_status collective_run(struct collective *group,
                                   const struct collective_operation *operation,
                                   struct satsync_error *error) {
    TRY(collective_start(group, operation, error));
    for (;;) {
        enum satsync_status status = collective_poll(group, error);
        if (status != SATSYNC_AGAIN) {
            return status;
        }
        collective_wait(group, UINT64_MAX);
    }
}

uint32_t collective_missing(const struct collective *group) {
    return group->missing;
}

void collective_close(struct collective *group) {
    if (!group) {
        return;
    }
    for (uint32_t rank = 0; rank < group->options.ranks; rank++) {
        memory_free(group->options.allocator, group->peers[rank].copies);
    }
    memory_free(group->options.allocator, group->slots);
    memory_free(group->options.allocator, group);
}
