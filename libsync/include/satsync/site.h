/*
 * Sites: pushing, pulling and serving checkpoints between stores over the long haul.
 */
#ifndef SATSYNC_SITE_H
#define SATSYNC_SITE_H

#include <satsync/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A source of datagrams other than UDP, such as the simulator's (see <satsync/sim.h>). */
struct satsync_carrier;

enum satsync_right { SATSYNC_RIGHT_READ = 1, SATSYNC_RIGHT_WRITE = 2 };

struct satsync_peer {
    struct satsync_public_key key;
    uint32_t rights; /* of enum satsync_right; a writer is also trusted to sign */
};

/* How it is decided how fast to send. */
enum satsync_controller {
    SATSYNC_CONTROLLER_AUTO,     /* RATED when rate_bps is known, else MODEL */
    SATSYNC_CONTROLLER_RATED,    /* at rate_bps, whatever is lost */
    SATSYNC_CONTROLLER_MODEL,    /* finds the rate out; random loss does not slow it */
    SATSYNC_CONTROLLER_CUBIC,    /* as TCP, to share a path with it as equals; slow where loss is
                                    random; what is sent again after the peer's death may fill the
                                    path's queue */
    SATSYNC_CONTROLLER_SCAVENGER /* takes what others leave */
};

struct satsync_site_options {
    size_t size;
    const struct satsync_key *key;  /* borrowed until the operation is freed */
    const char *address;            /* push, pull: HOST:PORT of the peer; serve: where to listen; an
                                       emulated link as <satsync/sim.h> opened it: sim:geo?seed=7 */
    struct satsync_public_key peer; /* push, pull: who must answer */
    const struct satsync_peer *peers; /* serve: who may connect; at least one */
    size_t peer_count;
    uint64_t rate_bps;   /* known rate of the path, IP bits a second; 0: find it out */
    uint64_t give_up_ns; /* without a path for so long: SATSYNC_NO_PATH; 0: 10 minutes */
    struct satsync_carrier *carrier; /* NULL: by address; if not UDP, the engine must be manual */
    /* What each link may send of checkpoints, IP bits a second, at least 8000, whatever the path
     * carries; 0: no limit. A pull is limited by who serves it. */
    uint64_t limit_bps;
    enum satsync_controller controller; /* of what this site sends */
};

static inline void satsync_site_options_init(struct satsync_site_options *options) {
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

/* Sends a committed checkpoint; the operation ends when the peer has verified and committed it, or
 * already had it. Survives outages, and the peer's restart, for give_up_ns. Run again after this
 * process died, it sends only what is missing. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_push(struct satsync_store *store, uint64_t step, const struct satsync_site_options *options,
             struct satsync_operation **operation, struct satsync_error *error);

/* Asks what a push would send: ends when total_bytes and present_bytes of the progress are known.
 */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_push_plan(struct satsync_store *store, uint64_t step,
                  const struct satsync_site_options *options, struct satsync_operation **operation,
                  struct satsync_error *error);

/* Fetches a checkpoint of the peer into the store. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_pull(struct satsync_store *store, uint64_t step, const struct satsync_site_options *options,
             struct satsync_operation **operation, struct satsync_error *error);

/* Receives and serves until cancelled. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_serve(struct satsync_store *store, const struct satsync_site_options *options,
              struct satsync_operation **operation, struct satsync_error *error);

/* Serve: the bound address, once listening; SATSYNC_AGAIN before. */
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_serve_address(const struct satsync_operation *operation, char *out, size_t bytes);

/* Serve: what happened next, for a status line or log; SATSYNC_AGAIN when nothing did. */
struct satsync_serve_event {
    enum satsync_status status; /* of the transfer that ended */
    uint64_t step;
    uint64_t bytes; /* received or sent in this transfer */
    int received;   /* 1: this site received it; 0: it sent it */
    int finished;   /* 0: the transfer begins */
    struct satsync_public_key peer;
    char message[256];
};
SATSYNC_API SATSYNC_MUST_CHECK enum satsync_status
satsync_serve_next(struct satsync_operation *operation, struct satsync_serve_event *event);

#ifdef __cplusplus
}
#endif
#endif
