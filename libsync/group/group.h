/*
 * A group from the inside; see <satsync/group.h> for its contract.
 *
 * Two threads meet here: the trainer's, in tick and wait, and the group's own, which moves messages
 * (on a manual engine both are one). The machine that decides is libsync/rounds; what it asks of
 * the trainer waits in `actions`.
 */
#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "base/ring.h"
#include "engine/job.h"
#include "group/group_link.h"
#include "group/parameters.h"
#include "group/promise_file.h"
#include "rounds/rounds.h"

#include <satsync/group.h>

enum { GROUP_EVENTS = 256, GROUP_ADDRESS_BYTES = 256 };

enum group_action_kind {
    GROUP_GIVE,  /* fragment `fragment` goes into the step under way */
    GROUP_MERGE, /* the agreed state is new: merge it into all fragments */
    GROUP_SET    /* the agreed state was adopted: the parameters become it */
};

struct group_action {
    uint8_t kind;
    uint8_t fragment;
};

struct group_peer {
    char *address; /* NULL: it comes to us */
    uint64_t rate_bps;
    struct group_link *link; /* the present one; NULL: none */
    bool up;                 /* as told to the machine */
    uint64_t retry_ns;       /* when to connect, TIME_NEVER while there is a link */
};

/* The transfer of an agreed state to this site. */
struct group_fetch {
    uint64_t step; /* wanted, or later; 0: none is under way */
    size_t peer;
    bool asked;
    uint64_t retry_ns; /* not before */
    uint8_t *letter;   /* it came and waits until the trainer is not in the midst of a step */
    size_t letter_bytes;
};

struct satsync_group {
    struct job job; /* first; its monitor guards `endpoint` against wake */
    struct satsync_engine *engine;
    struct satsync_ranks *ranks; /* NULL: the site has one process */
    bool leader;                 /* rank 0: all below but `parameters` and `given` is its own */
    size_t site;
    size_t site_count;
    bool witness;      /* this site is one */
    uint64_t ranks_ns; /* for the ranks to meet: a step may wait, and a site stand still */
    uint64_t give_up_ns;
    const struct site_key *key;
    uint8_t (*keys)[LINK_KEY_BYTES]; /* of all sites */
    char *listen;
    struct satsync_carrier *carrier;
    struct parity *parity;
    struct disk *disk;

    /* The trainer's thread: */
    struct parameters parameters;
    float *given; /* ranks above 0: the site's mean of each fragment as it was given */
    struct satsync_operation *operation;
    uint64_t waited_ns;
    uint64_t ticked_ns;
    uint64_t shared_applied; /* ranks above 0: as rank 0 told */
    uint8_t shared_hash[ROUNDS_HASH_BYTES];

    struct monitor *monitor; /* protects all below */
    struct rounds *rounds;
    struct promise_file promises;
    struct endpoint *endpoint;
    struct group_peer peers[SATSYNC_GROUP_SITES];
    struct group_link *links;
    struct ring actions; /* of struct group_action */
    bool adopted;        /* what is READY next is an adopted state */
    bool late;           /* the deadline of the step under way has passed */
    uint32_t late_sites;
    struct satsync_error failure; /* the group can go on no more; status SATSYNC_OK: it can */
    struct ring events;           /* of struct satsync_group_event */
    uint64_t late_steps;
    uint64_t fetched_states;
    struct group_fetch fetch;
    bool performing;     /* the trainer is at it: no state is adopted meanwhile */
    uint64_t wire_bytes; /* of links that are gone */
};

/* group_loop.c: the group's own thread. */
enum satsync_status group_loop_run(struct job *job, struct satsync_error *error);
enum satsync_status group_loop_poll(struct job *job, struct satsync_error *error);
void group_loop_abandon(struct job *job);
void group_loop_wake(struct job *job);

/* Opens the endpoint; the rest happens in turns. */
enum satsync_status group_loop_open(struct satsync_group *group,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* group_events.c, with the monitor held: takes what the machine has to say, for the trainer into
 * `actions`, for the operator into `events`. */
void group_take_events(struct satsync_group *group, uint64_t now_ns);
void group_tell(struct satsync_group *group, const struct satsync_group_event *event);

/* group_fetch.c, with the monitor held: asks for what is to be fetched, adopts what came. */
void group_fetch_run(struct satsync_group *group, uint64_t now_ns);
/* A peer asks for the agreed state. */
void group_fetch_serve(struct satsync_group *group, struct group_link *link);
/* The letter passes over. */
void group_fetch_received(struct satsync_group *group, struct group_inbound *letter);

/* group_tick.c: performs what is in `actions`, on all ranks alike; with another status than OK, all
 * ranks return that and the error instead. SATSYNC_AGAIN when an outer step is due and not here. */
enum satsync_status group_perform(struct satsync_group *group, enum satsync_status status,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* The clock of the machine; any thread. */
uint64_t group_now_ns(const struct satsync_group *group);

#endif
