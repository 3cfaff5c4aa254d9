#include "support/fates.h"

#include "sim-link/sim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void note(struct lane_watch *watch, const struct lane *lane, const struct lane_fate *fate,
                 const struct packet *packet) {
    struct fates *fates = (struct fates *)watch;
    assert(fates->count < FATES_LIMIT);
    fates->at[fates->count++] =
        (struct fates_one){.direction = lane_identity(lane)->direction,
                           .number = packet->number,
                           .entered_ns = packet->entered_ns,
                           .now_ns = fate->now_ns,
                           .fate = fate->delivered ? 0 : 1 + (unsigned)fate->cause,
                           .bytes = packet->bytes};
}

void fates_init(struct fates *fates) {
    fates->watch = (struct lane_watch){.fate = note};
    fates->count = 0;
}

static int compare(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

/* By direction and number; a duplicate after its twin. */
static int by_packet(const void *left, const void *right) {
    const struct fates_one *a = left;
    const struct fates_one *b = right;
    int order = compare(a->direction, b->direction);
    order = order != 0 ? order : compare(a->number, b->number);
    order = order != 0 ? order : compare(a->now_ns, b->now_ns);
    return order != 0 ? order : compare(a->fate, b->fate);
}

static void release(void *context, uint64_t now_ns, struct packet *packet) {
    (void)now_ns;
    sim_release(*(struct sim **)context, packet);
}

/* One direction alone: the other's packets do not touch it. */
static void replay(const struct fates *fates, const struct profile *profile, uint32_t direction,
                   bool whole_packets, struct fates *again) {
    struct sim *sim;
    struct lane *lane;
    struct sim_options options = {.start_ns = profile->start_ns,
                                  .payload_bytes_limit = 65000,
                                  .untraced = true,
                                  .whole_packets = whole_packets,
                                  .without_content = true};
    enum satsync_status status = sim_open(&options, &sim, NULL);
    assert(status == SATSYNC_OK);
    struct sim_lane one = {.plan = direction == 0 ? &profile->there : &profile->back,
                           .identity = {.seed = profile->seed, .direction = direction},
                           .sink = release,
                           .context = &sim};
    status = sim_add(sim, &one, &lane, NULL);
    assert(status == SATSYNC_OK);
    sim_watch(sim, &again->watch);
    uint64_t next = 0;
    for (size_t i = 0; i < fates->count; i++) {
        const struct fates_one *fate = &fates->at[i];
        if (fate->direction == direction && fate->number == next) {
            struct packet header = {.bytes = fate->bytes};
            sim_run_until(sim, fate->entered_ns);
            sim_push(sim, lane, &header, NULL);
            next++;
        }
    }
    while (sim_step(sim)) {
        continue;
    }
    sim_close(sim);
}

size_t fates_that_differ(struct fates *fates, const struct profile *profile, bool whole_packets) {
    static struct fates again;
    size_t differ = 0;
    fates_init(&again);
    qsort(fates->at, fates->count, sizeof *fates->at, by_packet);
    replay(fates, profile, 0, whole_packets, &again);
    replay(fates, profile, 1, whole_packets, &again);
    qsort(again.at, again.count, sizeof *again.at, by_packet);
    for (size_t i = 0; i < fates->count || i < again.count; i++) {
        differ += i >= fates->count || i >= again.count ||
                  by_packet(&fates->at[i], &again.at[i]) != 0 ||
                  fates->at[i].entered_ns != again.at[i].entered_ns;
    }
    return differ;
}
