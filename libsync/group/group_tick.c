/*
 * The trainer's side: inner steps are told to the machine, and what it asks for is done with the
 * tensors.
 *
 * In a site of several ranks only rank 0 has the machine. It tells the others by a small broadcast
 * what is to be done, so that all ranks do the same at the same inner step:
 *
 *     verdict (rank 0 -> all)  nothing more: return what it says
 *                              give f:       the ranks' mean of fragment f goes into the machine
 *                              merge, set:   the agreed fragments go to all, and into the tensors
 */
#include "base/check.h"
#include "group/group.h"
#include "rounds/outer.h"

#include <stdio.h>
#include <string.h>

/* The same on all ranks, which run the same program on the same kind of machine. */
struct verdict {
    uint32_t count; /* of actions; 0: it is over */
    uint32_t status;
    char subject[64];
    char message[256];
    uint64_t applied;
    uint8_t hash[ROUNDS_HASH_BYTES];
    struct group_action actions[PARAMETERS_FRAGMENTS + 8];
};

static void wake(struct satsync_group *group) {
    group->endpoint->ops->wake(group->endpoint);
}

static bool is_due(const struct satsync_group *group) {
    return rounds_is_due(group->rounds) && !group->late;
}

static void take_verdict(struct satsync_group *group, const struct satsync_error *failed,
                         struct verdict *verdict) {
    monitor_lock(group->monitor);
    group_take_events(group, group_now_ns(group));
    const struct satsync_error *why = failed->status != SATSYNC_OK ? failed : &group->failure;
    while (ring_pop(&group->actions, &verdict->actions[verdict->count])) {
        verdict->count++;
    }
    verdict->status = (uint32_t)why->status;
    snprintf(verdict->subject, sizeof verdict->subject, "%.63s", why->subject);
    snprintf(verdict->message, sizeof verdict->message, "%.255s", why->message);
    if (verdict->status == SATSYNC_OK && is_due(group)) {
        verdict->status = SATSYNC_AGAIN;
    }
    struct rounds_status status;
    rounds_status(group->rounds, &status);
    verdict->applied = status.applied;
    memcpy(verdict->hash, status.hash, sizeof verdict->hash);
    group->performing = verdict->count > 0;
    monitor_unlock(group->monitor);
}

static enum satsync_status share(struct satsync_group *group, struct verdict *verdict,
                                 struct satsync_error *error) {
    if (!group->ranks) {
        return SATSYNC_OK;
    }
    const struct satsync_ranks_buffer buffer = {
        .dtype = SATSYNC_U8, .data = verdict, .count = sizeof *verdict};
    TRY(satsync_ranks_broadcast(group->ranks, &buffer, 0, group->ranks_ns, error));
    group->shared_applied = verdict->applied;
    memcpy(group->shared_hash, verdict->hash, sizeof group->shared_hash);
    return SATSYNC_OK;
}

/* The mean of the ranks' parameters of a fragment, in scratch; the same bits on all ranks. */
static enum satsync_status take_mean(struct satsync_group *group, size_t fragment,
                                     struct satsync_error *error) {
    float *values = group->parameters.scratch;
    uint64_t count = parameters_elements(&group->parameters, fragment);
    parameters_gather(&group->parameters, fragment, values);
    if (!group->ranks) {
        return SATSYNC_OK;
    }
    const struct satsync_ranks_buffer buffer = {
        .dtype = SATSYNC_F32, .data = values, .count = count};
    TRY(satsync_ranks_all_reduce(group->ranks, &buffer, group->ranks_ns, error));
    const float ranks = (float)satsync_ranks_count(group->ranks);
    for (uint64_t i = 0; i < count; i++) {
        values[i] /= ranks;
    }
    return SATSYNC_OK;
}

static enum satsync_status give(struct satsync_group *group, size_t fragment,
                                struct satsync_error *failed, struct satsync_error *error) {
    const struct parameters *parameters = &group->parameters;
    TRY(take_mean(group, fragment, error));
    if (!group->leader) {
        memcpy(group->given + parameters->first[fragment], parameters->scratch,
               parameters_elements(parameters, fragment) * sizeof(float));
        return SATSYNC_OK;
    }
    monitor_lock(group->monitor);
    struct satsync_error refused = {0};
    enum satsync_status status =
        rounds_give(group->rounds, group_now_ns(group), fragment, parameters->scratch, &refused);
    monitor_unlock(group->monitor);
    wake(group);
    /* Decided without it, or a newer state has come meanwhile: it is not asked for any more. */
    bool late = status == SATSYNC_AGAIN || status == SATSYNC_WRONG_STATE;
    if (status != SATSYNC_OK && !late) {
        *failed = refused;
    }
    return SATSYNC_OK;
}

/* At rank 0: the machine merges; then scratch holds the agreed parameters. */
static void merge_at_leader(struct satsync_group *group, size_t fragment) {
    const struct parameters *parameters = &group->parameters;
    parameters_gather(parameters, fragment, parameters->scratch);
    monitor_lock(group->monitor);
    enum satsync_status status =
        rounds_apply(group->rounds, group_now_ns(group), fragment, parameters->scratch);
    assert(status == SATSYNC_OK); /* nothing is adopted while the trainer performs */
    parameters_scatter(parameters, fragment, parameters->scratch);
    if (group->ranks) {
        memcpy(parameters->scratch, rounds_agreed(group->rounds, fragment),
               parameters_elements(parameters, fragment) * sizeof(float));
    }
    monitor_unlock(group->monitor);
}

static void merge_at_rank(struct satsync_group *group, size_t fragment,
                          enum group_action_kind kind) {
    const struct parameters *parameters = &group->parameters;
    const float *given = group->given + parameters->first[fragment];
    if (kind == GROUP_SET) {
        parameters_scatter(parameters, fragment, parameters->scratch);
        return;
    }
    struct parameters_span span;
    for (size_t i = 0; parameters_span(parameters, fragment, i, &span); i++) {
        outer_merge(parameters->scratch + span.offset, given + span.offset, span.count, span.data);
    }
}

static enum satsync_status merge(struct satsync_group *group, enum group_action_kind kind,
                                 struct satsync_error *error) {
    for (size_t fragment = 0; fragment < group->parameters.fragments; fragment++) {
        if (group->leader) {
            merge_at_leader(group, fragment);
        }
        if (group->ranks) {
            const struct satsync_ranks_buffer buffer = {
                .dtype = SATSYNC_F32,
                .data = group->parameters.scratch,
                .count = parameters_elements(&group->parameters, fragment)};
            TRY(satsync_ranks_broadcast(group->ranks, &buffer, 0, group->ranks_ns, error));
        }
        if (!group->leader) {
            merge_at_rank(group, fragment, kind);
        }
    }
    if (group->leader) {
        wake(group);
    }
    return SATSYNC_OK;
}

static enum satsync_status pronounce(const struct verdict *verdict, struct satsync_error *error) {
    enum satsync_status status = (enum satsync_status)verdict->status;
    return status == SATSYNC_OK || status == SATSYNC_AGAIN
               ? status
               : error_set(error, status, verdict->subject, "%s", verdict->message);
}

enum satsync_status group_perform(struct satsync_group *group, enum satsync_status status,
                                  struct satsync_error *error) {
    struct satsync_error failed = {0};
    if (status != SATSYNC_OK) {
        failed = *error;
        failed.status = status;
    }
    for (;;) {
        struct verdict verdict = {0};
        if (group->leader) {
            take_verdict(group, &failed, &verdict);
        }
        TRY(share(group, &verdict, error));
        if (verdict.count == 0) {
            return pronounce(&verdict, error);
        }
        for (uint32_t i = 0; i < verdict.count; i++) {
            const struct group_action *action = &verdict.actions[i];
            if (action->kind == GROUP_GIVE) {
                TRY(give(group, action->fragment, &failed, error));
            } else {
                TRY(merge(group, (enum group_action_kind)action->kind, error));
            }
        }
    }
}

enum satsync_status satsync_group_tick(struct satsync_group *group, uint64_t step,
                                       struct satsync_error *error) {
    engine_check_process(group->engine);
    uint64_t began_ns = group->engine->ports.now_ns();
    if (group->leader) {
        monitor_lock(group->monitor);
        rounds_tick(group->rounds, group_now_ns(group), step);
        monitor_unlock(group->monitor);
    }
    enum satsync_status status = group_perform(group, SATSYNC_OK, error);
    group->ticked_ns += group->engine->ports.now_ns() - began_ns;
    return status;
}

/* Until the trainer has something to do, or need not wait any more. */
static void await(struct satsync_group *group, uint64_t timeout_ns) {
    uint64_t now_ns = group->engine->ports.now_ns();
    uint64_t until_ns = timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
    monitor_lock(group->monitor);
    bool in_time = true;
    while (in_time && group->actions.count == 0 && is_due(group) &&
           group->failure.status == SATSYNC_OK) {
        in_time = monitor_wait_until(group->monitor, until_ns);
    }
    monitor_unlock(group->monitor);
}

static void name_sites(const struct satsync_group *group, uint32_t sites, char *out, size_t bytes) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < group->site_count && used < bytes; i++) {
        if (sites >> i & 1) {
            used += (size_t)snprintf(out + used, bytes - used, "%s%zu", used ? ", " : "", i);
        }
    }
}

static enum satsync_status late_error(struct satsync_group *group, struct satsync_error *error) {
    char names[64];
    struct rounds_status status;
    monitor_lock(group->monitor);
    rounds_status(group->rounds, &status);
    uint32_t missing = group->late ? group->late_sites : status.missing;
    uint32_t cut_off = ~status.present & ((1u << group->site_count) - 1);
    name_sites(group, missing ? missing : cut_off, names, sizeof names);
    monitor_unlock(group->monitor);
    return error_set(error, SATSYNC_TIMED_OUT, "outer step",
                     "it is not decided in time; missing: %s%s; train on, it is merged later",
                     names[0] ? "site " : "a majority", names);
}

enum satsync_status satsync_group_wait(struct satsync_group *group, uint64_t timeout_ns,
                                       struct satsync_error *error) {
    engine_check_process(group->engine);
    uint64_t began_ns = group->engine->ports.now_ns();
    enum satsync_status status = SATSYNC_OK;
    if (group->leader && group->engine->manual) {
        job_poll_all(group->engine);
    } else if (group->leader) {
        await(group, timeout_ns);
        monitor_lock(group->monitor);
        bool in_vain = group->actions.count == 0 && rounds_is_due(group->rounds) &&
                       group->failure.status == SATSYNC_OK;
        monitor_unlock(group->monitor);
        status = in_vain ? late_error(group, error) : SATSYNC_OK;
    }
    status = group_perform(group, status, error);
    group->waited_ns += group->engine->ports.now_ns() - began_ns;
    return status;
}
