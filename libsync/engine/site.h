/*
 * A site: the thread that drives one endpoint, its sessions, and what the site wants of them (push,
 * pull or serve). See <satsync/site.h> for the contract of the public calls.
 */
#ifndef ENGINE_SITE_H
#define ENGINE_SITE_H

#include "base/ring.h"
#include "engine/job.h"
#include "engine/session.h"

#include <satsync/site.h>

enum { SITE_ADDRESS_BYTES = 256, SITE_EVENTS = 256 };

/* What a role does at each turn of the loop. */
struct site_role {
    /* Before the first turn. */
    enum satsync_status (*start)(struct site *site, struct satsync_error *error);
    /* After events and steps; sets site->done and its result when there is nothing more to do. */
    void (*turn)(struct site *site, uint64_t now_ns);
    const char *thread_name;
    bool listens;
    bool plan_only; /* push: only ask what is missing */
};

struct site {
    struct job job;
    struct satsync_engine *engine;
    struct satsync_store *store; /* its own handle */
    const struct site_role *role;
    const struct site_key *key; /* borrowed */
    char *address;
    struct satsync_peer *peers;
    uint8_t (*allowed)[LINK_KEY_BYTES]; /* the peers' keys alone, as the endpoint wants them */
    size_t peer_count;
    uint64_t rate_bps;
    uint64_t limit_bps;
    enum link_controller controller;
    uint64_t give_up_ns;
    struct satsync_carrier *carrier;
    uint64_t step;

    struct parity *parity;
    struct endpoint *endpoint; /* set and cleared under the operation's monitor: see wake */
    struct session *sessions;
    bool done;
    bool closing;
    uint64_t closing_until_ns;
    enum satsync_status result;
    struct satsync_error error;

    /* push and pull */
    struct session *session;     /* the present attempt */
    uint64_t retry_ns;           /* when to open the next, TIME_NEVER while one is open */
    uint64_t apart_since_ns;     /* while there is no session: time that counts as waiting */
    uint64_t last_alive_ns;      /* when the peer was last heard */
    uint64_t heard_bytes;        /* received_wire_bytes at that moment */
    struct link_stats past;      /* sums of closed attempts */
    struct link_path remembered; /* of earlier attempts and pushes; zero: nothing */

    /* serve; protected by the operation's monitor */
    struct ring events;                 /* of struct satsync_serve_event */
    char listening[SITE_ADDRESS_BYTES]; /* empty until bound */
};

/* Rights of a peer: none for who is not listed. */
uint32_t site_rights(const struct site *site, const uint8_t peer[LINK_KEY_BYTES]);

/* Sessions report here. */
void site_transfer_began(struct site *site, struct session *session, bool receiving);
/* Its link goes down as session->down_status says, which ends what was on it: also what ended well,
 * as a puller that has committed closes without a word. */
void site_transfer_cut(struct site *site, struct session *session);
void site_transfer_failed(struct site *site, const struct satsync_error *error);

/* Ends the loop with this result. The first one stands. */
void site_finish(struct site *site, enum satsync_status status, const struct satsync_error *error);

/* Opens a link to site->address and makes a session of it. */
enum satsync_status site_connect(struct site *site, struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Copies the options and starts the site's job. */
enum satsync_status site_start(struct satsync_store *store, const struct site_role *role,
                               const struct satsync_site_options *options, struct site **site,
                               struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status site_launch(struct site *site, struct satsync_operation **operation,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
