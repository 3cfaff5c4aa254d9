/*
 * A link: messages between two sites that know each other by public key, or between two ranks of
 * one site that know each other by number.
 *
 * An endpoint is one local address with all its links. The engine sees only this header; behind it
 * stand the long-haul transport and UCX. Owner thread: that which polls the endpoint.
 *
 * A message is a numbered run of `bytes` bytes in one class. The sender writes it in order as
 * borrowed slices; the receiver gets its bytes in any order, each byte exactly once, as they
 * arrive, and holds nothing back: the engine puts them where they belong and releases them.
 */
#ifndef PORT_LINK_H
#define PORT_LINK_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_KEY_BYTES = 32, LINK_URGENT_BYTES = 48 };

/* A lower class never delays a higher one by more than one datagram. Lower number goes first. */
enum link_class { LINK_CONTROL, LINK_GRADIENT, LINK_CHECKPOINT, LINK_CLASSES };

struct link;
struct endpoint;

struct link_message {
    enum link_class class;
    uint64_t bytes;    /* > 0, < 2^62; exactly so many must be written */
    bool more_follows; /* of its class, and the last of those is what is waited for: one that is
                          late in between costs nothing. Always so in LINK_CHECKPOINT */
};

struct link_slice {
    const uint8_t *data; /* borrowed until LINK_EVENT_RETURNED names `cookie` */
    size_t bytes;        /* > 0 */
    void *cookie;        /* the caller's */
};

enum link_event_kind {
    LINK_EVENT_UP,        /* the handshake is complete; `peer_key` says with whom */
    LINK_EVENT_DOWN,      /* final, with `status`; all slices were returned before it */
    LINK_EVENT_MESSAGE,   /* the peer began message `message` of `class` with `message_bytes` */
    LINK_EVENT_DATA,      /* `bytes` of it at `offset`; `data` borrowed until the next poll, unless
                             it lies in the buffer that was given to `place` */
    LINK_EVENT_RECEIVED,  /* every byte of it was given */
    LINK_EVENT_WRITABLE,  /* an outgoing message takes slices again after SATSYNC_AGAIN */
    LINK_EVENT_RETURNED,  /* a slice is the caller's again: `cookie` */
    LINK_EVENT_DELIVERED, /* the peer's transport has every byte of an outgoing message */
    LINK_EVENT_URGENT,    /* the peer's `urge`: `bytes` at `data`, borrowed until the next poll */
};

struct link_event {
    enum link_event_kind kind;
    struct link *link;
    enum satsync_status status;
    enum link_class class;
    uint64_t message; /* numbered from 0 by its sender, in order of submission, per link */
    uint64_t message_bytes;
    uint64_t offset;
    const uint8_t *data;
    size_t bytes;
    void *cookie;
    const uint8_t *peer_key; /* the peer's Ed25519 public key, LINK_KEY_BYTES; borrowed; NULL for a
                                peer that is known by its rank */
    uint32_t peer_rank;
};

/* What the way to a peer was found to be like; zero: not known. */
struct link_path {
    uint64_t rate_bps; /* IP bits a second */
    uint64_t rtt_ns;
};

/* How a link decides how fast to send. */
enum link_controller {
    LINK_CONTROLLER_AUTO,     /* rated when the rate is known, else model */
    LINK_CONTROLLER_RATED,    /* paces at the known rate, whatever is lost */
    LINK_CONTROLLER_MODEL,    /* finds the rate out; random loss does not slow it */
    LINK_CONTROLLER_CUBIC,    /* as most of the Internet's TCP, to share a path with it as equals */
    LINK_CONTROLLER_SCAVENGER /* takes what others leave */
};

/* What a link is doing, in the words an operator reads. */
enum link_state {
    LINK_CONNECTING,
    LINK_SENDING,   /* new bytes leave */
    LINK_REPAIRING, /* only lost bytes are sent again */
    LINK_WAITING,   /* for the link: nothing has come back for too long, probing */
    LINK_IDLE,      /* nothing to send, or all of it in flight */
    LINK_CLOSED
};

struct link_stats {
    enum link_state state;
    uint64_t payload_bytes;       /* message bytes sent once, in their first datagram */
    uint64_t repeated_bytes;      /* message bytes sent again after loss */
    uint64_t repair_bytes;        /* repair symbols */
    uint64_t wire_bytes;          /* UDP payload sent, everything included */
    uint64_t received_wire_bytes; /* likewise received, duplicates included */
    uint64_t received_bytes;      /* message bytes received, each once */
    uint64_t acked_bytes;         /* message bytes the peer is known to have */
    uint64_t smoothed_rtt_ns;     /* 0 before the first sample */
    uint64_t min_rtt_ns;
    struct link_path path; /* as found out, for the next link to this peer */
    uint64_t rate_bps;     /* what the controller paces at now, IP bits a second */
    uint64_t loss_ppm;     /* measured share of datagrams lost */
    uint64_t sending_ns;   /* time spent in each state since the link was opened */
    uint64_t repairing_ns;
    uint64_t waiting_ns;
    uint64_t idle_ns;
    uint64_t connecting_ns;
};

struct link_ops {
    /* Begins a message; *message is its number. SATSYNC_LIMIT when too many are open. */
    enum satsync_status (*submit)(struct link *link, const struct link_message *message,
                                  uint64_t *number);

    /* Appends a slice. SATSYNC_AGAIN: enough is queued, LINK_EVENT_WRITABLE will follow. */
    enum satsync_status (*write)(struct link *link, uint64_t message,
                                 const struct link_slice *slice);

    /* Gives `bytes` of received data back to the peer's window. */
    void (*release)(struct link *link, uint64_t bytes);

    void (*stats)(struct link *link, struct link_stats *stats);

    /* Tells the peer and drops what is in flight; slices are returned, then LINK_EVENT_DOWN. After
     * that event the link is gone. Once called again is allowed and does nothing. */
    void (*close)(struct link *link, enum satsync_status why);

    /* NULL where everything is copied once. Else it is owed for each LINK_EVENT_MESSAGE, at any
     * time: the message's bytes go straight to `into`, which is as large as the message and
     * borrowed until LINK_EVENT_RECEIVED or LINK_EVENT_DOWN; NULL asks for data as without. Data is
     * told as ever, `data` being inside `into`, and none before this call. Such a link announces
     * the messages of a peer in order. */
    void (*place)(struct link *link, uint64_t message, uint8_t *into);

    /* NULL where there is none. Says at most LINK_URGENT_BYTES beside all messages: they arrive
     * even when what was sent before cannot, because a third rank died in the middle of it, and
     * before the LINK_EVENT_DOWN that closing this link causes. Copied. For what ranks must tell
     * each other when something has failed. */
    enum satsync_status (*urge)(struct link *link, const void *data, size_t bytes);
};

struct link {
    const struct link_ops *ops;
    void *user; /* the engine's; NULL at first */
};

struct link_target {
    const char *address;             /* as the net reads it, such as "HOST:PORT" */
    const uint8_t *peer_key;         /* LINK_KEY_BYTES: who must be there; NULL inside a site */
    uint32_t peer_rank;              /* inside a site: who must be there */
    uint64_t rate_bps;               /* a known rate of the path, 0 to find it out */
    enum link_controller controller; /* AUTO: the endpoint's */
    struct link_path remembered;     /* of an earlier link: its first flight fills that path */
    uint64_t keepalive_ns;           /* give up after so long without a path; 0: default */
};

struct endpoint_ops {
    /* Begins a link; LINK_EVENT_UP or LINK_EVENT_DOWN follows. */
    enum satsync_status (*connect)(struct endpoint *endpoint, const struct link_target *target,
                                   struct link **link, struct satsync_error *error);

    /* Moves datagrams both ways without blocking, then gives the next event, false when none. */
    bool (*poll)(struct endpoint *endpoint, struct link_event *event);

    /* Blocks until poll is worth calling, or the endpoint's clock reaches until_ns. */
    void (*wait)(struct endpoint *endpoint, uint64_t until_ns);

    /* Any thread. */
    void (*wake)(struct endpoint *endpoint);

    uint64_t (*now_ns)(struct endpoint *endpoint);

    /* The bound address as text. */
    void (*local)(struct endpoint *endpoint, char *out, size_t bytes);

    /* Closes all links without waiting, then the net. */
    void (*close)(struct endpoint *endpoint);

    /* NULL where there is none. For those who wait on many things at once: a descriptor that polls
     * readable when poll is worth calling; -1 when it is so already. Holds until the next poll. */
    int (*arm)(struct endpoint *endpoint);
};

struct endpoint {
    const struct endpoint_ops *ops;
};

#endif
