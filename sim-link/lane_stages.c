#include "sim-link/lane_stages.h"

#include "sim-link/stage_delay.h"
#include "sim-link/stage_disorder.h"
#include "sim-link/stage_jitter.h"
#include "sim-link/stage_loss.h"
#include "sim-link/stage_policer.h"

#include <assert.h>
#include <string.h>

/* Random streams: those of a direction first, then those that both directions share. */
enum purpose {
    PURPOSE_LOSS,
    PURPOSE_LOSS_STATE,
    PURPOSE_JITTER,
    PURPOSE_DISORDER,
    PURPOSE_RATE,
    PURPOSE_RED,
    PURPOSE_SLOTS = 8,
    PURPOSE_GATE,
    PURPOSE_WITHIN
};

static const uint64_t RATE_UNLIMITED_BPS = 1000000000000000u;

/* What a stage is made from. */
struct build {
    struct lane_stages *stages;
    const struct lane_options *options;
    const struct lane_plan *plan; /* of the hop */
    uint64_t hop;
    struct stage_exit *exit;
};

static uint64_t stream_of(const struct build *build, enum purpose purpose) {
    const struct lane_identity *identity = &build->options->identity;
    uint64_t direction = purpose < PURPOSE_SLOTS ? identity->direction + 1 : 0;
    return build->hop << 56 | (uint64_t)identity->link << 8 | direction << 4 | purpose;
}

static struct random random_for(const struct build *build, enum purpose purpose) {
    return random_of(build->options->identity.seed, stream_of(build, purpose));
}

static struct slots slots_for(const struct build *build, enum purpose purpose) {
    struct slots none;
    memset(&none, 0, sizeof none);
    const struct slots_options *options = &build->plan->slots;
    return options->period_ns == 0
               ? none
               : slots_of(options, build->options->identity.seed, stream_of(build, purpose));
}

static struct stage *new_policer(const struct build *build) {
    struct stage_policer_options options = {.rate_bps = build->plan->police_bps,
                                            .burst_bytes = build->plan->police_burst_bytes};
    return stage_policer_new(&options, build->options->allocator);
}

static struct queue_options queue_for(const struct build *build) {
    const struct lane_plan *plan = build->plan;
    return (struct queue_options){.limit_ns = plan->queue_ns,
                                  .limit_bytes = plan->queue_bytes,
                                  .limit_packets = plan->queue_packets,
                                  .discipline = plan->discipline,
                                  .codel_target_ns = plan->codel_target_ns,
                                  .codel_interval_ns = plan->codel_interval_ns,
                                  .red_least_ns = plan->red_least_ns,
                                  .red_most_ns = plan->red_most_ns,
                                  .red_ppb = plan->red_ppb,
                                  .marks = plan->marks,
                                  .random = random_for(build, PURPOSE_RED)};
}

static struct stage *new_rate(const struct build *build) {
    const struct lane_plan *plan = build->plan;
    struct stage_rate_options options = {.rate_bps = plan->rate_bps == 0 ? RATE_UNLIMITED_BPS
                                                                         : plan->rate_bps,
                                         .queue = queue_for(build),
                                         .spread_q16 = plan->rate_spread_q16,
                                         .quantiles = plan->rate_quantiles,
                                         .quantile_count = plan->rate_quantile_count,
                                         .slots = slots_for(build, PURPOSE_RATE),
                                         .series = plan->rate_series,
                                         .park_period_ns = plan->park_period_ns,
                                         .park_phase_ns = plan->park_phase_ns,
                                         .park_ns = plan->park_ns};
    return stage_rate_new(&options, build->options->allocator);
}

static struct stage *new_replay(const struct build *build) {
    struct stage_replay_options options = {.trace = build->plan->replay, .queue = queue_for(build)};
    return stage_replay_new(&options, build->options->allocator);
}

static struct stage *new_gate(const struct build *build) {
    struct stage_gate_options options = {
        .schedules = {build->plan->reconfiguration, build->plan->outage},
        .random = random_for(build, PURPOSE_GATE)};
    return stage_gate_new(&options, build->options->allocator);
}

static struct stage *new_loss(const struct build *build) {
    const struct lane_plan *plan = build->plan;
    struct stage_loss_options options = {.loss_ppb = plan->loss_ppb,
                                         .bad_loss_ppb = plan->bad_loss_ppb,
                                         .series = plan->loss_series,
                                         .good_ns = plan->good_ns,
                                         .bad_ns = plan->bad_ns,
                                         .chance = random_for(build, PURPOSE_LOSS),
                                         .state = random_for(build, PURPOSE_LOSS_STATE)};
    if (plan->burst_packets > 1 && plan->loss_ppb < 1000000000u) {
        /* All is lost in the bad state; the stationary share of it is enter / (enter + leave). */
        options.loss_ppb = 0;
        options.bad_loss_ppb = 1000000000u;
        options.leave_ppb = 1000000000u / plan->burst_packets;
        options.enter_ppb = options.leave_ppb * plan->loss_ppb / (1000000000u - plan->loss_ppb);
    }
    return stage_loss_new(&options, build->options->allocator);
}

static bool has_path(const struct lane_plan *plan) {
    return plan->rtt.quantiles != NULL || plan->orbit.router.constellation != NULL ||
           plan->table.count > 0;
}

/* Both directions share the way, and so its random streams. */
static struct path *new_path(const struct build *build) {
    const struct allocator *allocator = build->options->allocator;
    const struct lane_plan *plan = build->plan;
    uint64_t seed = build->options->identity.seed;
    if (plan->rtt.quantiles != NULL) {
        struct path_slots_options rtt = plan->rtt;
        rtt.seed = seed;
        rtt.stream = stream_of(build, PURPOSE_SLOTS);
        rtt.within_stream = stream_of(build, PURPOSE_WITHIN);
        return path_slots_new(&rtt, allocator);
    }
    if (plan->orbit.router.constellation != NULL) {
        struct path_orbit_options orbit = plan->orbit;
        orbit.router.seed = seed;
        orbit.period_ns = plan->slots.period_ns;
        orbit.phase_ns = plan->slots.phase_ns;
        return path_orbit_new(&orbit, allocator);
    }
    return path_table_new(&plan->table, allocator);
}

static struct stage *new_delay(const struct build *build) {
    struct stage_delay_options options = {.delay_ns = build->plan->delay_ns};
    if (has_path(build->plan)) {
        options.path = new_path(build);
        if (options.path == NULL) {
            return NULL;
        }
    }
    return stage_delay_new(&options, build->options->allocator);
}

static struct stage *new_jitter(const struct build *build) {
    struct stage_jitter_options options = {.jitter_ns = build->plan->jitter_ns,
                                           .seed = build->options->identity.seed,
                                           .stream = stream_of(build, PURPOSE_JITTER)};
    return stage_jitter_new(&options, build->options->allocator);
}

static struct stage *new_disorder(const struct build *build) {
    const struct lane_plan *plan = build->plan;
    struct stage_disorder_options options = {.reorder_ppb = plan->reorder_ppb,
                                             .reorder_ns = plan->reorder_ns,
                                             .duplicate_ppb = plan->duplicate_ppb,
                                             .corrupt_ppb = plan->corrupt_ppb,
                                             .without_content =
                                                 build->options->packets->without_content,
                                             .random = random_for(build, PURPOSE_DISORDER)};
    return stage_disorder_new(&options, build->options->allocator);
}

typedef struct stage *new_stage(const struct build *build);

/* Appends a stage when it is wanted; *kept (may be NULL) remembers that of the first hop. */
static bool add(const struct build *build, bool wanted, new_stage *make, struct stage **kept) {
    struct lane_stages *stages = build->stages;
    if (!wanted) {
        return true;
    }
    struct stage *stage = make(build);
    if (stage == NULL) {
        return false;
    }
    assert(stages->count < LANE_STAGES_LIMIT);
    stage->exit = build->exit;
    if (stages->count > 0) {
        stages->all[stages->count - 1]->after = stage;
    }
    stages->all[stages->count++] = stage;
    if (stage->ops->run != NULL) {
        stages->timed[stages->timed_count++] = stage;
    }
    if (kept != NULL && build->hop == 0) {
        *kept = stage;
    }
    if (make == new_rate || make == new_replay) {
        stages->queues[stages->queue_count++] = stage;
    }
    return true;
}

static bool is_limited(const struct lane_plan *plan) {
    return plan->rate_bps > 0 || plan->rate_series.steps != NULL;
}

static bool is_lossy(const struct lane_plan *plan) {
    return plan->loss_ppb > 0 || plan->bad_ns > 0 || plan->loss_series.steps != NULL;
}

static bool is_disorderly(const struct lane_plan *plan) {
    return plan->reorder_ppb > 0 || plan->duplicate_ppb > 0 || plan->corrupt_ppb > 0;
}

/* A live hop has every stage that may be set while it runs. */
static bool add_hop(const struct build *build) {
    const struct lane_plan *plan = build->plan;
    struct lane_stages *stages = build->stages;
    bool live = build->options->live && build->hop == 0;
    bool replayed = plan->replay.count > 0;
    return add(build, plan->police_bps > 0, new_policer, NULL) &&
           add(build, replayed, new_replay, &stages->replay) &&
           add(build, (is_limited(plan) || live) && !replayed, new_rate, &stages->rate) &&
           add(build, true, new_gate, &stages->gate) &&
           add(build, is_lossy(plan) || live, new_loss, &stages->loss) &&
           add(build, true, new_delay, &stages->delay) &&
           add(build, plan->jitter_ns > 0 || live, new_jitter, &stages->jitter) &&
           add(build, is_disorderly(plan), new_disorder, NULL);
}

bool lane_stages_build(struct lane_stages *stages, const struct lane_options *options,
                       struct stage_exit *exit) {
    memset(stages, 0, sizeof *stages);
    struct build build = {.stages = stages, .options = options, .exit = exit};
    for (build.plan = options->plan; build.plan != NULL; build.plan = build.plan->after) {
        if (build.hop == LANE_HOPS_LIMIT || !add_hop(&build)) {
            return false;
        }
        build.hop++;
    }
    return true;
}

void lane_stages_free(struct lane_stages *stages) {
    for (size_t i = 0; i < stages->count; i++) {
        stages->all[i]->ops->free(stages->all[i]);
    }
}

bool lane_stages_is_queue(const struct lane_stages *stages, const struct stage *stage) {
    for (size_t i = 0; i < stages->queue_count; i++) {
        if (stages->queues[i] == stage) {
            return true;
        }
    }
    return false;
}
