/*
 * Groups: sites far apart that train one model together.
 *
 * Each site trains alone for some inner steps. Then what its parameters have moved goes, coded, to
 * the other sites; which contributions count is decided once, by a majority; and all sites take the
 * same outer step, so that the agreed parameters have the same bits everywhere (DiLoCo, arXiv
 * 2311.08105). docs/rounds.md has the arithmetic and what happens when sites are slow, cut off or
 * dead. A site of several processes gives its `ranks`; all of them call the same functions in the
 * same order, and rank 0 speaks for the site.
 *
 *     satsync_group_open(engine, &options, &group, &error);
 *     for (step = 1; step <= steps; step++) {
 *         train(parameters);
 *         status = satsync_group_tick(group, step, &error);
 *         if (status == SATSYNC_AGAIN) {
 *             status = satsync_group_wait(group, timeout_ns, &error);
 *         }
 *         if (status != SATSYNC_OK && status != SATSYNC_TIMED_OUT) { ... }
 *     }
 *     satsync_group_close(group);
 *
 * Owner thread: that which trains, for all calls here.
 */
#ifndef SATSYNC_GROUP_H
#define SATSYNC_GROUP_H

#include <satsync/checkpoint.h>
#include <satsync/key.h>
#include <satsync/ranks.h>

#ifdef __cplusplus
extern "C" {
#endif

struct satsync_group;
struct satsync_carrier;

enum { SATSYNC_GROUP_SITES = 16, SATSYNC_STATE_HASH_BYTES = 32 };

struct satsync_group_site {
    struct satsync_public_key key;
    const char *address; /* HOST:PORT by which this site reaches it; a site connects to those with
                            lower numbers, for others it may be NULL */
    uint64_t rate_bps;   /* known rate of the path to it, IP bits a second; 0: find it out */
};

/* How contributions are coded. */
enum satsync_group_codec {
    SATSYNC_GROUP_INT8, /* blocks of 256 with a scale; what it loses is carried to the next step */
    SATSYNC_GROUP_BF16, /* likewise */
    SATSYNC_GROUP_FP32
};

/* How contributions travel: each whole to every site, or each site sums a share of the model for
 * all, which sends less where sums are not much larger (docs/rounds.md, "Exchange"). */
enum satsync_group_exchange {
    SATSYNC_GROUP_CHEAPEST, /* what takes less time by site_bps and delay_ns; all-gather without */
    SATSYNC_GROUP_ALL_GATHER,
    SATSYNC_GROUP_OWNER_REDUCE
};

/* All zero means the defaults, but for what is marked "required". What says "all sites" must be
 * equal on all of them: a site that differs is refused. */
struct satsync_group_options {
    size_t size;
    const struct satsync_key *key;          /* required; borrowed until close */
    const struct satsync_group_site *sites; /* required; all sites: the same keys in this order */
    size_t site_count;                      /* 2 to SATSYNC_GROUP_SITES, the witness included */
    size_t site;                            /* this one's number, from 0 */
    uint32_t witness;   /* not 0: the last site has a vote and no parameters; all sites */
    const char *listen; /* HOST:PORT where other sites find this one; NULL: any port */
    /* Required: a file that outlives the process and is this site's own. What the site promised to
     * the majority stands there; to lose it and come back is to break the promises. */
    const char *promises;
    /* Of a site of several processes, else NULL. Borrowed; to be closed before the group: a rank
     * that failed may until then write into what the group lent it. */
    struct satsync_ranks *ranks;

    /* The model: fp32 tensors, contiguous; names, counts and order are the same on all sites, the
     * first bits too. The memory is borrowed until close. At a witness `data` may be NULL. */
    const struct satsync_tensor *tensors;
    size_t tensor_count;

    enum satsync_group_codec codec;       /* all sites */
    enum satsync_group_exchange exchange; /* all sites */
    uint64_t site_bps;  /* what a site's paths carry altogether, each way, IP bits a second; 0: not
                           known; all sites */
    uint64_t delay_ns;  /* from site to site, one way; all sites */
    uint32_t fragments; /* the model is exchanged in so many pieces, one after the other; 0: 1;
                           all sites */
    uint64_t inner_steps;   /* from outer step to outer step; 0: 20; all sites */
    uint64_t overlap_steps; /* so many inner steps are trained while an outer step is under way; all
                               sites */
    double outer_rate;      /* 0: 0.7; all sites */
    double outer_momentum;  /* Nesterov's; 0: 0.9, negative: none; all sites */

    uint64_t collect_ns;  /* contributions are awaited so long once a step has begun; 0: 10 s */
    uint64_t deadline_ns; /* a step that is not decided by then lets training go on; 0: 15 s */
    uint64_t give_up_ns;  /* a silent link is opened anew after so long; 0: 1 minute */
    struct satsync_carrier *carrier; /* NULL: UDP; else the engine must be manual */
};

static inline void satsync_group_options_init(struct satsync_group_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Begins to connect, and returns. Everything in options is copied but what is said to be borrowed.
 * On failure *group is NULL. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_group_open(struct satsync_engine *engine, const struct satsync_group_options *options,
                   struct satsync_group **group, struct satsync_error *error);

/* Where other sites find this one, as HOST:PORT with the port that was chosen for 0. At rank 0. */
SATSYNC_API void satsync_group_address(const struct satsync_group *group, char *out, size_t bytes);

/* Leaves: the others go on without this site. NULL is fine. */
SATSYNC_API void satsync_group_close(struct satsync_group *group);

/* After inner step `step` (counting up, from any number). Takes what is to be sent from the tensors
 * and merges outer steps that are due into them; it does not wait for other sites, only (at most
 * deadline_ns and give_up_ns) for the other ranks of this one. SATSYNC_AGAIN: an outer step is due
 * and not here: call satsync_group_wait before the next inner step. SATSYNC_INVALID: a parameter is
 * not finite or moved too far; nothing was sent, and the site sits this step out. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_group_tick(struct satsync_group *group, uint64_t step, struct satsync_error *error);

/* Waits for the outer step that is due and merges it. SATSYNC_TIMED_OUT at the step's deadline or
 * after timeout_ns, with the sites that are missing: train on, the step is merged by a later tick.
 * On a manual engine it never blocks and may return SATSYNC_AGAIN. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_group_wait(struct satsync_group *group, uint64_t timeout_ns, struct satsync_error *error);

/* Of the agreed parameters: equal hashes are equal bits. */
SATSYNC_API void satsync_group_state_hash(const struct satsync_group *group,
                                          uint8_t hash[SATSYNC_STATE_HASH_BYTES]);

struct satsync_group_stats {
    size_t size;            /* set by the caller; only what fits is filled */
    uint64_t applied_steps; /* outer steps that the agreed parameters hold */
    uint64_t decided_steps; /* outer steps decided, as far as known here */
    uint64_t late_steps;    /* outer steps whose deadline passed here */
    uint64_t fetched_states;
    uint64_t sent_bytes;     /* contributions, once for each site they went to */
    uint64_t received_bytes; /* contributions */
    uint64_t wire_bytes;     /* UDP payload sent, everything included */
    uint64_t waited_ns;      /* inside satsync_group_wait: the exposed time */
    uint64_t ticked_ns;      /* inside satsync_group_tick */
    uint32_t present;        /* bit i: site i is connected; this one's is set */
    uint32_t missing;        /* bit i: site i's contribution to the step under way is not here */
    uint32_t behind;         /* bit i: site i is connected and has applied less than this one: it
                                may need what this one has, so wait with closing */
    uint32_t leader;         /* the site that leads the majority; UINT32_MAX: unknown */
    const char *exchange;    /* how contributions travel: "all-gather" or "owner-reduce" */
    uint64_t summed_steps;   /* outer steps that were taken from the sums of an owner-reduce */
};
SATSYNC_API void satsync_group_stats(const struct satsync_group *group,
                                     struct satsync_group_stats *stats);

enum satsync_group_event_kind {
    SATSYNC_GROUP_DECIDED,  /* outer step `step` holds the contributions of `sites` */
    SATSYNC_GROUP_LATE,     /* the deadline of `step` passed; `sites` are missing */
    SATSYNC_GROUP_FETCHING, /* this site cannot follow: it asks `peer` for the agreed state */
    SATSYNC_GROUP_FETCHED,
    SATSYNC_GROUP_DIVERGED, /* the agreed state of `peer` has other bits; it will fetch */
    SATSYNC_GROUP_REFUSED,  /* a contribution of `peer` is not finite or too large */
    SATSYNC_GROUP_UP,       /* the link to `peer` is up */
    SATSYNC_GROUP_DOWN,
    SATSYNC_GROUP_FAILED /* this site can vote no more: `message` says why */
};

struct satsync_group_event {
    enum satsync_group_event_kind kind;
    uint64_t step;
    uint32_t peer;
    uint32_t sites;
    char message[256]; /* one sentence for a person */
};

/* What happened next, for a log; SATSYNC_AGAIN when nothing did. The oldest are dropped when nobody
 * asks. At rank 0. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_group_next(struct satsync_group *group, struct satsync_group_event *event);

/* Puts the agreed state (parameters, momentum, carried error, outer step) into a save that has
 * begun, as tensors and a blob named "satsync.group.*". At rank 0. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status satsync_group_save(struct satsync_group *group,
                                                                      struct satsync_save *save,
                                                                      struct satsync_error *error);

/* Goes on from a checkpoint of this or another site, before the first tick; the tensors become the
 * agreed ones. On all ranks; the reader of ranks above 0 is not looked at. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status satsync_group_load(struct satsync_group *group,
                                                                      struct satsync_reader *reader,
                                                                      struct satsync_error *error);

#ifdef __cplusplus
}
#endif
#endif
