/*
 * What an endpoint over UCX is made of; for the folder's own files. Owner thread.
 *
 *              HELLO sent        WELCOME came
 *     (connect) -----> GREETING ------------.
 *                                           v     close, BYE, an error
 *     (accept)  HELLO came, WELCOME sent -> UP ----------------------> ENDED -> freed, once
 *                                                                     UCX holds nothing of it
 */
#ifndef TRANSPORT_UCX_HUB_H
#define TRANSPORT_UCX_HUB_H

#include "transport/ucx/ucx.h"
#include "transport/ucx/ucx_address.h"
#include "transport/ucx/ucx_spin.h"
#include "transport/ucx/ucx_wire.h"

#include <ucp/api/ucp.h>

enum { LINKS_MOST = 64, MESSAGES_MOST = 256 };

enum ucx_link_state { UCX_GREETING, UCX_UP, UCX_ENDED };

struct hub;
struct ucx_link;

/* A slice that was written; each of its pieces is a send. */
struct slice {
    struct slice *next; /* of the link's, or of the free ones */
    struct ucx_link *link;
    void *cookie;
    unsigned pieces; /* that UCX has */
    bool is_returned;
};

/* An active message that UCX has. Its header must stay in place until it is sent. */
struct send {
    struct send *next_free;
    struct ucx_link *link;
    struct slice *slice; /* NULL: it says something of ours */
    uint8_t header[UCX_WIRE_BYTES];
};

/* A piece that came, and is not delivered yet. */
struct arrival {
    struct arrival *next;
    struct ucx_link *link; /* NULL: it ended meanwhile */
    uint64_t message;
    uint64_t offset;
    size_t bytes;
    void *data; /* UCX's descriptor */
    bool is_rendezvous;
    uint8_t *bounce; /* where a rendezvous goes whose message has no place; ours */
};

struct incoming {
    bool used;
    bool announced;
    bool decided; /* `place` was called */
    uint8_t class;
    uint8_t *into;
    uint64_t number;
    uint64_t bytes;
    uint64_t claimed; /* bytes of pieces that came */
    uint64_t received;
    struct arrival *waiting; /* for `place`; oldest first */
    struct arrival **waiting_end;
};

struct outgoing {
    bool used;
    uint64_t number;
    uint64_t bytes;
    uint64_t written;
    enum link_class class;
};

/* An endpoint of UCX that is being closed. */
struct ucx_closing {
    struct ucx_link *link;
    void *request; /* NULL: it is done */
};

struct ucx_link {
    struct link link; /* first */
    struct hub *hub;
    enum ucx_link_state state;
    ucp_ep_h ep;
    bool owns_ep; /* else it is the worker's, for replies */
    bool by_listener;
    bool ep_failed;
    struct ucx_closing closing;
    bool handles_errors;
    struct ucx_wire_name name; /* ours */
    struct ucx_wire_name peer; /* theirs */
    uint32_t peer_rank;
    enum satsync_status doom; /* not OK: the link is ended at the next poll, with this */
    unsigned held;            /* things of it that UCX has */

    ucp_ep_h urgent_ep; /* NULL before the peer said where */
    bool urgent_failed;
    struct ucx_closing urgent_closing;
    uint32_t urgent_said;
    uint32_t urgent_heard;
    uint32_t urgent_due; /* of a peer that is leaving: to be heard before the link ends */
    bool is_leaving;

    uint64_t submitted;
    uint64_t announced;
    struct outgoing outgoing[MESSAGES_MOST]; /* by number % MESSAGES_MOST */
    struct incoming incoming[MESSAGES_MOST];
    struct slice *slices;
    struct ucx_wire_acks acks; /* not sent yet */
    struct link_stats stats;
    struct ucx_link *next_ended;
};

/* An event, and what its data is borrowed from. */
struct queued {
    struct link_event event;
    struct arrival *arrival; /* or NULL */
};

struct hub {
    struct endpoint endpoint; /* first */
    struct ucx_options options;
    ucp_context_h context;
    ucp_worker_h worker;
    ucp_worker_h urgent; /* only for urgent words */
    ucp_listener_h listener;
    char local[UCX_ADDRESS_TEXT_BYTES];
    char greeting[2 * UCX_ADDRESS_TEXT_BYTES]; /* `local` and where urgent words go */
    size_t greeting_bytes;
    uint64_t machine;
    bool shares_memory; /* UCX may use shared memory here */
    int epoll_fd;
    int wake_fd;
    struct ucx_spin spin;
    unsigned looks;

    struct queued *queue; /* a ring of `capacity`, a power of two */
    size_t capacity;
    size_t head;
    size_t count;
    struct arrival *borrowed; /* of the event handed out last */
    struct ucx_link *told;    /* its LINK_EVENT_DOWN was handed out last */
    struct ucx_link *links[LINKS_MOST];
    struct ucx_link *ended; /* not in `links` any more */
    struct arrival *ready;  /* may be received now */
    struct arrival **ready_end;
    bool has_doomed;

    struct send *free_sends;
    struct slice *free_slices;
    struct arrival *free_arrivals;
    ucp_ep_h lobby[LINKS_MOST]; /* accepted by the listener, not greeted yet */
};

/* ucx_endpoint.c */
bool hub_tell(struct hub *hub, const struct link_event *event, struct arrival *arrival);
struct ucx_link *hub_find(struct hub *hub, const struct ucx_wire_name *name);
/* A link in a free place, with a fresh token; NULL when there is none, or no memory. */
struct ucx_link *hub_add(struct hub *hub);
/* Frees a link that UCX knows nothing of. */
void hub_forget(struct ucx_link *link);

/* ucx_worker.c */
enum satsync_status ucx_worker_open(ucp_context_h context, ucp_worker_h *worker,
                                    struct satsync_error *error);
/* Its address as text. */
enum satsync_status ucx_worker_name(ucp_worker_h worker, uint64_t machine,
                                    char out[UCX_ADDRESS_TEXT_BYTES], struct satsync_error *error);
/* An endpoint to the address; sets what kind of link it is. */
ucs_status_t ucx_worker_reach(struct ucx_link *link, ucp_worker_h worker,
                              const struct ucx_address *address, ucp_ep_h *ep);

/* ucx_urgent.c */
enum satsync_status ucx_urgent_open(struct hub *hub, struct satsync_error *error);
/* When `local` is known. */
enum satsync_status ucx_urgent_write_greeting(struct hub *hub, struct satsync_error *error);
/* False when the text is no address, or out of reach. */
bool ucx_urgent_reach(struct ucx_link *link, const char *address);
enum satsync_status ucx_urgent_say(struct link *link, const void *data, size_t bytes);
/* A peer that said BYE is gone when its urgent words are here. */
void ucx_urgent_leave_when_heard(struct ucx_link *link);

/* ucx_link.c */
extern const struct link_ops ucx_link_ops;
/* To be ended as soon as no callback is under way. */
void ucx_link_doom(struct ucx_link *link, enum satsync_status status);
void ucx_link_end(struct ucx_link *link, enum satsync_status status);
void ucx_link_greet(struct ucx_link *link, enum ucx_wire_id id);
/* Sends a header; URGENT by the urgent endpoint. */
void ucx_link_say(struct ucx_link *link, enum ucx_wire_id id, const uint8_t *header, size_t bytes);
void ucx_link_send_acks(struct ucx_link *link);
void ucx_link_set_error_handler(ucp_ep_params_t *params, void *context);

/* ucx_intake.c */
enum satsync_status ucx_intake_listen(struct hub *hub);
void ucx_intake_start_ready(struct hub *hub);
void ucx_intake_place(struct link *link, uint64_t message, uint8_t *into);
void ucx_intake_drop(struct ucx_link *link);
/* Tells an urgent word. */
void ucx_intake_word(struct ucx_link *link, const uint8_t *word, size_t bytes);
/* Gives back what an event's data was borrowed from. */
void ucx_intake_return(struct hub *hub, struct arrival *arrival);

#endif
