/*
 * Keeping one model in step among sites: the outer loop of low-communication training.
 *
 * Each site trains alone for some inner steps. What its parameters have moved since the last agreed
 * ones is its contribution to an outer step: fragment by fragment it is coded, its coding error
 * kept for the next step, and sent to every other site. Which contributions an outer step holds is
 * decided once, by a majority (libraft), for all its fragments together. Every site then sums the
 * same bytes in the order of the sites and takes the same Nesterov step: the agreed parameters have
 * the same bits everywhere (DiLoCo, arXiv 2311.08105; fragments and overlap: 2501.18512).
 *
 * Sans-IO: the owner moves messages and keeps the time. `now_ns` is a monotonic clock that never
 * goes back between calls; no verb blocks, calls user code or knows the network. Messages to a peer
 * arrive whole or not at all, in any order, and only from peers whose key was checked. Owner
 * thread: the one that drives it.
 *
 *     messages -> rounds_recv ->+--------+-> rounds_event: GIVE, READY, APPLIED, LATE, FETCH, ...
 *     training -> rounds_tick ->| rounds |
 *     messages <- rounds_send <-+--------+<- rounds_give, rounds_apply, rounds_adopt
 *
 *     rounds_open(&options, &rounds, &error); // the same on every site but for `site`
 *     for (inner = 1; ; inner++) {
 *         train(local);
 *         rounds_tick(rounds, now, inner);
 *         do { // once, or until READY to wait for it
 *             pump(); // rounds_recv what came; rounds_send to each peer that takes more;
 *                     // rounds_peer_up and _down; rounds_run at rounds_next_timeout
 *             while (rounds_event(rounds, &event)) {
 *                 GIVE:  rounds_give(rounds, now, event.fragment, local + its start, &error);
 *                 READY: rounds_apply(rounds, now, f, local + its start) for every fragment f;
 *                 FETCH: get the agreed state of event.peer, rounds_adopt it;
 *                 LATE:  event.sites names the sites waited for: train on, READY may still follow
 *             }
 *         } while (rounds_is_due(rounds) && not late);
 *     }
 */
#ifndef ROUNDS_ROUNDS_H
#define ROUNDS_ROUNDS_H

#include "base/memory.h"
#include "codec/quantise.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ROUNDS_SITES_MAX = 16,     /* a witness included */
    ROUNDS_FRAGMENTS_MAX = 64, /* of the model */
    ROUNDS_HASH_BYTES = 32
};

struct rounds;

/* How contributions travel (rounds/exchange.h). */
enum rounds_exchange {
    ROUNDS_CHEAPEST, /* whichever takes less time by `site_bps` and `delay_ns`, if those are given
                      */
    ROUNDS_ALL_GATHER,
    ROUNDS_OWNER_REDUCE /* while all sites are there, else all-gather */
};

/* Where a site's promises to the majority (term, vote, log: some KiB) outlive its process. */
struct rounds_port {
    /* Makes `data` the site's promises, replacing the former as a whole; returns SATSYNC_OK only
     * once they are durable. Called within rounds_recv, rounds_run and rounds_open. */
    enum satsync_status (*keep)(void *context, const void *data, size_t bytes);
    void *context;
};

/* Zero means default everywhere but in the fields marked "required". */
struct rounds_options {
    const struct allocator *allocator;

    /* Who takes part: the sites 0 to sites - 1 hold parameters; with a witness there is one more
     * number, `sites`, which has a vote and no parameters. */
    size_t sites;    /* required: 2 and more */
    bool witness;    /* whether there is one */
    size_t site;     /* this one's number; `sites` at the witness */
    uint64_t now_ns; /* required: the clock that all verbs are given */
    uint64_t seed;   /* of chance inside (election timeouts): differ per site, repeat to replay */
    /* Required: greater than at any earlier start of this site, and than that plus the number of
     * states adopted since; a clock in nanoseconds is. */
    uint64_t incarnation;

    /* The model: fragment f is the next fragment_elements[f] of its fp32 parameters. Borrowed
     * during rounds_open, as is `initial`: all parameters, the same bits on every site (NULL at the
     * witness, which passes the same fragments nevertheless). */
    size_t fragments;
    const uint64_t *fragment_elements;
    const float *initial;

    enum quantise_codec codec; /* of contributions; default QUANTISE_INT8 */
    float outer_rate;          /* default 0.7 */
    float outer_momentum;      /* default 0.9; a negative value means none */
    float max_difference;      /* an element that moved further is refused; default 1000 */

    /* All of these the same on every site. */
    enum rounds_exchange exchange;
    uint64_t site_bps; /* what a site's links carry altogether, each way; 0: not known */
    uint64_t delay_ns; /* between two sites, one way */

    uint64_t inner_steps;   /* between outer steps; default 20 */
    uint64_t overlap_steps; /* from the last fragment given until the step is due; default 0 */

    uint64_t collect_ns;   /* the decision waits so long for contributions; default 10 s */
    uint64_t deadline_ns;  /* after its last fragment a site is told LATE; default 15 s */
    uint64_t repeat_ns;    /* reports are repeated; default 1 s */
    uint64_t heartbeat_ns; /* of the majority's leader; default 500 ms */
    uint64_t election_ns;  /* without a leader for so long (to twice): a new one; default 3 s */

    struct rounds_port port; /* required */
    const void *promises;    /* what `keep` was last given at this site, NULL at its first start */
    size_t promises_bytes;
};

/* SATSYNC_INVALID names the option; SATSYNC_CORRUPT: the promises. On failure *out is NULL. */
enum satsync_status rounds_open(const struct rounds_options *options, struct rounds **out,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Frees at once and tells nobody; messages that were not returned are gone. */
void rounds_close(struct rounds *rounds);

/* Messages. */

/* A session with a peer is up: what it may lack is sent (again). */
void rounds_peer_up(struct rounds *rounds, uint64_t now_ns, size_t peer);

/* It is gone, and what was not delivered with it. The owner returns what it had taken. */
void rounds_peer_down(struct rounds *rounds, uint64_t now_ns, size_t peer);

/* A whole message of a peer; copied. What cannot be decoded is SATSYNC_PROTOCOL, another
 * configuration SATSYNC_CONFLICT: close the session; a contribution that is not finite or too large
 * is REFUSED as an event. */
enum satsync_status rounds_recv(struct rounds *rounds, uint64_t now_ns, size_t peer,
                                const void *data, size_t bytes) SATSYNC_MUST_CHECK;

/* The largest message that any site sends; longer ones are not worth receiving. */
size_t rounds_message_bytes_max(const struct rounds *rounds);

struct rounds_message {
    enum link_class class; /* LINK_CONTROL or LINK_GRADIENT */
    const uint8_t *data;   /* borrowed until rounds_returned */
    size_t bytes;
    bool more_follows; /* fragments of a step that is whole with the last of them */
    void *cookie;
};

/* The next message for a peer that is up, control first; false when there is none. */
bool rounds_send(struct rounds *rounds, size_t peer, struct rounds_message *message);

/* A message's bytes are the machine's again: they left, or never will. */
void rounds_returned(struct rounds *rounds, void *cookie);

/* Time. */

/* Serves the timers that are due. Early or repeated calls do nothing. */
void rounds_run(struct rounds *rounds, uint64_t now_ns);

/* When rounds_run is next worth calling. */
uint64_t rounds_next_timeout(const struct rounds *rounds);

/* Training. */

/* So many inner steps are done; GIVE and READY events follow when their time has come. Counts up by
 * any amount. */
void rounds_tick(struct rounds *rounds, uint64_t now_ns, uint64_t inner_step);

/* Whether the step that was given is due: training any further without it makes it late. */
bool rounds_is_due(const struct rounds *rounds);

enum rounds_event_kind {
    ROUNDS_EVENT_GIVE,  /* call rounds_give for `fragment` before the next inner step */
    ROUNDS_EVENT_READY, /* outer step `step` is decided, here whole, and due: call rounds_apply for
                           every fragment */
    ROUNDS_EVENT_APPLIED, /* all fragments of `step` were applied; `hash` is of the agreed state */
    ROUNDS_EVENT_DECIDED, /* `step` holds the contributions of `sites`, none if it is void; also at
                             a witness */
    ROUNDS_EVENT_LATE,    /* the deadline of `step` has passed; `sites` are those waited for, none
                             when the majority is */
    ROUNDS_EVENT_FETCH,   /* this site cannot follow: adopt the state of `step` or later from `peer`
                           */
    ROUNDS_EVENT_DIVERGED, /* the state of `peer` (maybe this site) after `step` has other bits; if
                              it is this site, FETCH follows */
    ROUNDS_EVENT_REFUSED,  /* a contribution of `peer` to `step` was refused; `status` says why */
    ROUNDS_EVENT_FAILED    /* the promises could not be kept: `status`; this site votes no more */
};

struct rounds_event {
    enum rounds_event_kind kind;
    uint64_t step; /* of the outer loop, from 1 */
    size_t fragment;
    size_t peer;
    uint32_t sites; /* bit i: site i */
    enum satsync_status status;
    uint8_t hash[ROUNDS_HASH_BYTES];
};

/* The next event; false when there is none. */
bool rounds_event(struct rounds *rounds, struct rounds_event *event);

/* This site's parameters of a fragment as they are now, after GIVE named it. SATSYNC_INVALID: an
 * element is not finite or moved further than max_difference; nothing was taken, and this site does
 * not contribute to this step unless it is given again, mended. SATSYNC_AGAIN, not an error: the
 * step is decided without it meanwhile, READY follows. SATSYNC_WRONG_STATE: given already.
 */
enum satsync_status rounds_give(struct rounds *rounds, uint64_t now_ns, size_t fragment,
                                const float *parameters,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Merges the outer step into this site's parameters of a fragment, after READY: what they moved
 * since they were given is kept on top of the agreed ones. SATSYNC_WRONG_STATE: none is ready. */
enum satsync_status rounds_apply(struct rounds *rounds, uint64_t now_ns, size_t fragment,
                                 float *parameters) SATSYNC_MUST_CHECK;

/* State. */

enum { ROUNDS_BLOBS = 4 };

/* What a checkpoint has to hold, by name: "rounds.agreed", "rounds.momentum", "rounds.error" (this
 * site's own) and "rounds.position" (the step). A step that is READY is in them, applied or not.
 * Borrowed until the next verb, or, under rounds_pin, until that ends. */
struct rounds_blob {
    const char *name;
    const void *data;
    size_t bytes;
};
void rounds_blobs(const struct rounds *rounds, struct rounds_blob blobs[ROUNDS_BLOBS]);

/* While it is pinned, no step becomes READY: together with not giving, applying or adopting
 * anything, that leaves the blobs as they are, whatever other verbs are called. */
void rounds_pin(struct rounds *rounds, uint64_t now_ns, bool is_pinned);

/* Goes on from blobs: a site's own of a checkpoint, or of another site after FETCH, then without
 * "rounds.error". Every fragment is READY at once for rounds_apply, which then sets the parameters
 * to the agreed ones. SATSYNC_CORRUPT: blobs of another model or cut; nothing was changed.
 * SATSYNC_CONFLICT: older than what this site has. */
enum satsync_status rounds_adopt(struct rounds *rounds, uint64_t now_ns,
                                 const struct rounds_blob *blobs, size_t count,
                                 struct satsync_error *error) SATSYNC_MUST_CHECK;

struct rounds_status {
    uint64_t applied; /* the last outer step that the agreed state holds */
    uint64_t decided; /* the last one decided, as far as known here */
    uint64_t inner_step;
    size_t leader;           /* number of the majority's leader, SIZE_MAX when unknown */
    uint32_t present;        /* peers that are up, and this site */
    uint32_t missing;        /* sites whose contributions to the step in progress are not here */
    uint32_t behind;         /* sites that are up and have applied less than this one */
    uint64_t sent_bytes;     /* of contributions, one count for each peer */
    uint64_t received_bytes; /* of contributions */
    uint64_t summed;         /* steps taken from the sums of an owner-reduce */
    const char *exchange;    /* "all-gather" or "owner-reduce": how contributions travel */
    uint8_t hash[ROUNDS_HASH_BYTES]; /* of the agreed state */
};

void rounds_status(const struct rounds *rounds, struct rounds_status *status);

/* The agreed parameters of a fragment, borrowed until the next verb. */
const float *rounds_agreed(const struct rounds *rounds, size_t fragment);

#endif
