/* What the machine says, sorted: work for the trainer, news for the operator. */
#include "base/check.h"
#include "group/group.h"

#include <stdio.h>

void group_tell(struct satsync_group *group, const struct satsync_group_event *event) {
    if (!ring_push(&group->events, event)) {
        struct satsync_group_event oldest;
        (void)ring_pop(&group->events, &oldest);
        (void)ring_push(&group->events, event);
    }
}

static void act(struct satsync_group *group, enum group_action_kind kind, size_t fragment) {
    const struct group_action action = {.kind = (uint8_t)kind, .fragment = (uint8_t)fragment};
    /* Each fragment is asked for once a step, and nothing is asked before the last was done. */
    bool pushed = ring_push(&group->actions, &action);
    assert(pushed);
    group->late = false;
}

static void begin_fetch(struct satsync_group *group, const struct rounds_event *event) {
    struct group_fetch *fetch = &group->fetch;
    bool same = fetch->step != 0 && fetch->peer == event->peer && fetch->asked;
    fetch->step = event->step;
    fetch->peer = event->peer;
    fetch->asked = same;
    fetch->retry_ns = same ? fetch->retry_ns : 0;
}

static void say(struct satsync_group *group, const struct rounds_event *event,
                enum satsync_group_event_kind kind, const char *message) {
    struct satsync_group_event told = {
        .kind = kind, .step = event->step, .peer = (uint32_t)event->peer, .sites = event->sites};
    snprintf(told.message, sizeof told.message, "%s", message);
    group_tell(group, &told);
}

static void on_failed(struct satsync_group *group, const struct rounds_event *event) {
    if (group->failure.status == SATSYNC_OK) {
        error_set(&group->failure, event->status, group->promises.path,
                  "the site's promises could not be kept, so it votes no more; mend the disk and "
                  "start it again");
    }
    say(group, event, SATSYNC_GROUP_FAILED, group->failure.message);
}

static void on_event(struct satsync_group *group, const struct rounds_event *event) {
    switch (event->kind) {
    case ROUNDS_EVENT_GIVE:
        act(group, GROUP_GIVE, event->fragment);
        break;
    case ROUNDS_EVENT_READY:
        act(group, group->adopted ? GROUP_SET : GROUP_MERGE, 0);
        group->adopted = false;
        break;
    case ROUNDS_EVENT_APPLIED:
        break;
    case ROUNDS_EVENT_DECIDED:
        say(group, event, SATSYNC_GROUP_DECIDED, "an outer step is decided");
        break;
    case ROUNDS_EVENT_LATE:
        group->late = true;
        group->late_sites = event->sites;
        group->late_steps++;
        say(group, event, SATSYNC_GROUP_LATE,
            event->sites ? "the deadline of an outer step has passed; sites are missing"
                         : "the deadline of an outer step has passed; no majority is connected");
        break;
    case ROUNDS_EVENT_FETCH:
        begin_fetch(group, event);
        say(group, event, SATSYNC_GROUP_FETCHING,
            "this site has fallen behind and fetches the agreed state");
        break;
    case ROUNDS_EVENT_DIVERGED:
        say(group, event, SATSYNC_GROUP_DIVERGED,
            event->peer == group->site ? "this site's state has other bits; it is fetched anew"
                                       : "a site's state has other bits");
        break;
    case ROUNDS_EVENT_REFUSED:
        say(group, event, SATSYNC_GROUP_REFUSED,
            "a contribution is not finite or too large, and does not count");
        break;
    case ROUNDS_EVENT_FAILED:
        on_failed(group, event);
        break;
    }
}

void group_take_events(struct satsync_group *group, uint64_t now_ns) {
    struct rounds_event event;
    while (rounds_event(group->rounds, &event)) {
        on_event(group, &event);
    }
    group_fetch_run(group, now_ns);
}
