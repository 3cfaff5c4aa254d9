/*
 * Virtual time: a clock that jumps from event to event, and the lanes whose events they are.
 *
 * Events run in order of time; at one time, in the order the lanes were added, and within a lane
 * from its first stage to its last. So a run is a function of its seed and its pushes. A wall-clock
 * relay drives the very same object with sim_run_until(now). Owner thread.
 */
#ifndef SIM_LINK_SIM_H
#define SIM_LINK_SIM_H

#include "sim-link/lane.h"

enum { SIM_LANES_LIMIT = 4096 };

struct sim_options {
    uint64_t start_ns;          /* where the clock begins */
    size_t payload_bytes_limit; /* room in each packet; 0: for Ethernet's MTU of 1500 */
    bool live;                  /* lanes can be changed with lane_set */
    bool untraced;              /* keep no trace hash: a relay has no use for it */
    bool whole_packets;         /* what is pushed has its IP header: nothing is added to its size */
    bool without_content;       /* packets are sizes only: sim_push takes data NULL */
    const struct allocator *allocator;
};

struct sim;

enum satsync_status sim_open(const struct sim_options *options, struct sim **sim,
                             struct satsync_error *error) SATSYNC_MUST_CHECK;
void sim_close(struct sim *sim);

/* What a lane is made of; the lane belongs to the sim. */
struct sim_lane {
    const struct lane_plan *plan;
    struct lane_identity identity;
    lane_sink *sink; /* gives the packet back with sim_release; may call sim_push */
    void *context;
};

/* SATSYNC_LIMIT beyond SIM_LANES_LIMIT. */
enum satsync_status sim_add(struct sim *sim, const struct sim_lane *lane, struct lane **out,
                            struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Lanes in the order they were added. */
size_t sim_lanes(const struct sim *sim);
struct lane *sim_lane_at(const struct sim *sim, size_t index);

/* Shows each packet's fate to `watch`, of lanes that are added later too; borrowed. */
void sim_watch(struct sim *sim, struct lane_watch *watch);
void sim_unwatch(struct sim *sim, const struct lane_watch *watch);

/* Looks at the lanes each so many nanoseconds, when all that happened before is done, and nothing
 * of that time itself. A leaf. */
struct sim_sampler {
    void (*sample)(struct sim_sampler *sampler, const struct sim *sim, uint64_t now_ns);
    uint64_t step_ns; /* > 0 */
    uint64_t next_ns;
};

/* One at a time; borrowed; NULL for none. */
void sim_sample(struct sim *sim, struct sim_sampler *sampler);

uint64_t sim_now_ns(const struct sim *sim);

/* A payload enters a lane now; bytes, flow and ecn of `header` count. */
void sim_push(struct sim *sim, struct lane *lane, const struct packet *header, const void *data);
void sim_release(struct sim *sim, struct packet *packet);

/* When the next event is; TIME_NEVER when there is none. */
uint64_t sim_next_ns(const struct sim *sim);

/* Moves the clock to the next event and runs one lane's share of it; false when there is none. */
bool sim_step(struct sim *sim);

/* Runs all that is due up to now_ns and sets the clock to it; a time in the past does nothing. */
void sim_run_until(struct sim *sim, uint64_t now_ns);

/* The trace of all lanes since the start. */
const struct trace_hash *sim_trace(const struct sim *sim);

/* Packets that are in lanes or with the sinks' owners. */
uint64_t sim_packets(const struct sim *sim);

#endif
