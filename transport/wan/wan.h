/*
 * The long-haul transport of one link: messages of any size over datagrams.
 *
 * Sans-IO: the caller moves datagrams and keeps the time. `now_ns` is a monotonic clock that never
 * goes back between calls; only integers decide, all memory is taken in wan_new, and no verb calls
 * user code. Owner thread: the one that drives it.
 *
 *     datagrams -> wan_recv ->+-----+-> wan_event: UP, MESSAGE, DATA, RECEIVED,
 *                             | wan |            WRITABLE, RETURNED, DELIVERED, DOWN
 *     datagrams <- wan_send <-+-----+<- wan_submit, wan_write, wan_release, wan_close
 *                                ^---- wan_tick at wan_next_timeout
 *
 * The pump, after anything happened:
 *     wan_recv each datagram, and after each one wan_event until it gives false;
 *     wan_tick; wan_send until it gives false; sleep until wan_next_timeout or a datagram.
 */
#ifndef TRANSPORT_WAN_WAN_H
#define TRANSPORT_WAN_WAN_H

#include "base/memory.h"
#include "port/link.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wan;
struct handshake;
struct handshake_answer;
struct handshake_secrets;
struct parity;

enum {
    WAN_DATAGRAM_BYTES_DEFAULT = 1472, /* UDP payload of a 1500-byte packet over IPv4 */
    WAN_DATAGRAM_BYTES_MIN = 576,
    WAN_DATAGRAM_BYTES_MAX = 9216,
    /* What IPv4 and UDP headers add to each datagram where a rate counts IP bytes. */
    WAN_IP_UDP_BYTES = 28,
    WAN_PARAMETERS_BYTES = 64
};

/* Zero means default everywhere but in the fields marked "required". */
struct wan_options {
    const struct allocator *allocator;

    /* Exactly one of these three, which also says who this end is:
     * An initiator's handshake, begun; borrowed (and driven) until LINK_EVENT_UP or _DOWN. */
    struct handshake *handshake;
    /* An acceptor's answer to the HELLO, accepted; copied. The wan sends its WELCOME, again for
     * each repeated HELLO given to wan_recv. */
    const struct handshake_answer *answer;
    /* Keys of a link that needs no handshake any more (tests); copied. */
    const struct handshake_secrets *secrets;

    /* Reed-Solomon for repair symbols; NULL sends none and ignores the peer's. Outlives the wan. */
    struct parity *parity;

    uint64_t seed; /* of all chance inside: differ per link, repeat to replay */

    enum link_controller controller;
    uint64_t rate_bps; /* known rate of the path to the peer, in IP bits a second */
    /* What a class may send, its repetitions and repair included, whatever the path carries: IP
     * bits a second, within 2 % over any second from 1 Mbit/s on; 0: no limit. */
    uint64_t limit_bps[LINK_CLASSES];
    size_t max_datagram_bytes; /* UDP payload; default WAN_DATAGRAM_BYTES_DEFAULT */
    uint64_t keepalive_ns; /* DOWN with SATSYNC_NO_PATH after so long without the peer; 10 min */
    /* A guess before the first sample; the remembered round trip, or 600 ms. */
    uint64_t initial_rtt_ns;
    struct link_path remembered; /* where the model controller begins */

    size_t max_in_flight;          /* datagrams; default 131072; a power of two, at least 256 */
    size_t max_messages;           /* open at once, per direction; default 256 */
    size_t max_slices;             /* slices queued and not yet returned; default 4096 */
    size_t max_message_ranges;     /* gaps tolerated in one incoming message; default 4096 */
    uint64_t receive_window_bytes; /* received and not yet released; default 256 MiB, min 32 MiB */
    uint64_t repair_memory_bytes;  /* kept for unfinished repair blocks; default 32 MiB */
};

/* Datagrams to one peer laid out for one segmented send. */
struct wan_batch {
    uint8_t *data;         /* the caller's buffer */
    size_t capacity;       /* of it, at least max_datagram_bytes */
    size_t bytes;          /* filled */
    size_t segment_bytes;  /* each datagram's length, except that the last may be shorter */
    uint64_t departure_ns; /* when the first may leave; never far after `now_ns` */
};

/* What the handshake carries to the peer about this end's limits: fills `out` (of at least
 * WAN_PARAMETERS_BYTES) and returns the length, for the parameters of handshake.h. */
size_t wan_parameters(const struct wan_options *options, uint8_t *out);

/* On failure *out is NULL. */
enum satsync_status wan_new(const struct wan_options *options, struct wan **out,
                            struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Frees at once and tells nobody; slices that were not returned are the caller's again. */
void wan_free(struct wan *wan);

/* Most bytes that wan_new takes for these options:
 *   max_in_flight * 312 + max_messages * (max_in_flight / 8 + max_message_ranges * 16 + 512)
 *   + max_slices * 40 + repair_memory_bytes + max_datagram_bytes * 400 + 4 MiB,
 * with the defaults about 100 MiB, of which most is touched only when loss or distance need it. */
uint64_t wan_memory_bytes(const struct wan_options *options);

/* Takes one datagram, decrypting in place: DATA events point into it, so drain wan_event before
 * the buffer is used again or the next wan_recv. What does not authenticate is counted and dropped.
 */
void wan_recv(struct wan *wan, uint64_t now_ns, uint8_t *datagram, size_t bytes);

/* Fills a batch with datagrams that may leave now; false when there are none. */
bool wan_send(struct wan *wan, uint64_t now_ns, struct wan_batch *batch);

/* When wan_tick and wan_send are next worth calling; TIME_NEVER when only a datagram or a verb can
 * change anything, a time in the past when wan_send has something now. */
uint64_t wan_next_timeout(struct wan *wan);

/* Serves the timers that are due. Early or repeated calls do nothing. */
void wan_tick(struct wan *wan, uint64_t now_ns);

/* The next event; its `link` is NULL. DOWN says SATSYNC_OK when the peer closed in order,
 * SATSYNC_PEER_FAILED when it closed with another status, SATSYNC_NO_PATH when it was silent for
 * the keepalive time or has lost the session (it was started anew: connect again). After
 * LINK_EVENT_DOWN the only useful calls are wan_send, which may still have the notice of closing to
 * send, and wan_free. */
bool wan_event(struct wan *wan, struct link_event *event);

/* As link_ops->submit. Allowed before LINK_EVENT_UP: an initiator's first messages leave with the
 * handshake's first flight. */
enum satsync_status wan_submit(struct wan *wan, uint64_t now_ns, const struct link_message *message,
                               uint64_t *number) SATSYNC_MUST_CHECK;

/* As link_ops->write. SATSYNC_INVALID: no such message, or more bytes than were announced. */
enum satsync_status wan_write(struct wan *wan, uint64_t message,
                              const struct link_slice *slice) SATSYNC_MUST_CHECK;

/* As link_ops->release. */
void wan_release(struct wan *wan, uint64_t bytes);

/* As link_ops->close. */
void wan_close(struct wan *wan, uint64_t now_ns, enum satsync_status why);

void wan_stats(const struct wan *wan, uint64_t now_ns, struct link_stats *stats);

/* What went wrong quietly. */
struct wan_counters {
    uint64_t foreign_version; /* datagrams of another version */
    uint64_t not_for_us;      /* another connection id, or no keys for it yet */
    uint64_t forged;          /* did not authenticate */
    uint64_t replayed;        /* the same datagram again */
    uint64_t malformed;       /* authentic but not decodable: the link closes */
    uint64_t over_limit;      /* dropped unacknowledged because a table was full */
    uint64_t lost;            /* sent datagrams declared lost */
    uint64_t lost_wrongly;    /* of these, acknowledged later */
    uint64_t outages;         /* times the sender froze */
    uint64_t recovered;       /* symbols rebuilt from repair symbols */
    uint64_t acks_sent;       /* datagrams that carried an acknowledgement */
};

void wan_counters(const struct wan *wan, struct wan_counters *counters);

/* The last datagram, of `bytes`, came from another address, and what is sent goes there from now
 * on. Until an ack shows that it arrives there, at most three times what comes is sent, and a
 * datagram for each that comes. `is_proven`: it has been shown before. */
void wan_peer_moved(struct wan *wan, size_t bytes, bool is_proven);

/* On trial: one more authentic datagram came from there. What comes late from where the peer was
 * before is no reason to send more. */
void wan_allow_on_trial(struct wan *wan, size_t bytes);

/* Whether that is still to be shown. */
bool wan_is_on_trial(const struct wan *wan);

/* False of an acceptor whose peer has not yet shown that it holds the session's keys: all that came
 * so far may be a recording. */
bool wan_is_confirmed(const struct wan *wan);

#endif
