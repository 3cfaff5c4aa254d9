/*
 * The headers of the active messages between two endpoints. Little-endian; each decoder accepts
 * exactly what its encoder writes. Pure.
 *
 * HELLO and WELCOME tell each other the number and the token of the sender's link; every later
 * header begins with the receiver's. A token keeps apart what is meant for an earlier link. What
 * comes behind a HELLO or WELCOME are texts, each with its NUL: where to answer (of a HELLO; empty:
 * through the listener's connection), and where urgent words go.
 */
#ifndef TRANSPORT_UCX_WIRE_H
#define TRANSPORT_UCX_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Active message numbers; other users of UCX have workers of their own. */
enum ucx_wire_id {
    UCX_WIRE_HELLO = 1,
    UCX_WIRE_WELCOME,
    UCX_WIRE_DATA,
    UCX_WIRE_ACKS,
    UCX_WIRE_BYE,
    UCX_WIRE_URGENT
};

enum { UCX_WIRE_BYTES = 64, UCX_WIRE_ACKS_MOST = 4, UCX_WIRE_PIECE_BYTES = 4 << 20 };

struct ucx_wire_name {
    uint32_t link;
    uint64_t token;
};

/* HELLO; WELCOME has the same with the greeter's `to` filled in. */
struct ucx_wire_hello {
    struct ucx_wire_name to; /* zero in a HELLO */
    struct ucx_wire_name from;
    uint64_t job;
    uint32_t from_rank;
    uint32_t to_rank;
};

struct ucx_wire_data {
    struct ucx_wire_name to;
    uint8_t class;
    uint64_t message;
    uint64_t message_bytes;
    uint64_t offset;
};

struct ucx_wire_acks {
    struct ucx_wire_name to;
    uint8_t count; /* 1 to UCX_WIRE_ACKS_MOST */
    uint64_t messages[UCX_WIRE_ACKS_MOST];
};

struct ucx_wire_bye {
    struct ucx_wire_name to;
    uint32_t status;
    uint32_t urgent; /* urgent words that were said, and are to be heard first */
};

struct ucx_wire_urgent {
    struct ucx_wire_name to;
    const uint8_t *word; /* borrowed from the bytes it was read from */
    size_t bytes;        /* at most LINK_URGENT_BYTES */
};

/* Each writes at most UCX_WIRE_BYTES; the bytes written. */
size_t ucx_wire_put_hello(const struct ucx_wire_hello *hello, uint8_t *out);
size_t ucx_wire_put_data(const struct ucx_wire_data *data, uint8_t *out);
size_t ucx_wire_put_acks(const struct ucx_wire_acks *acks, uint8_t *out);
size_t ucx_wire_put_bye(const struct ucx_wire_bye *bye, uint8_t *out);
size_t ucx_wire_put_urgent(const struct ucx_wire_urgent *urgent, uint8_t *out);

/* False when the bytes are none. `piece_bytes` is the length of the payload beside the header; what
 * is accepted lies within its message. */
bool ucx_wire_get_hello(struct ucx_wire_hello *hello, const void *bytes, size_t count);
bool ucx_wire_get_data(struct ucx_wire_data *data, const void *bytes, size_t count,
                       size_t piece_bytes);
bool ucx_wire_get_acks(struct ucx_wire_acks *acks, const void *bytes, size_t count);
bool ucx_wire_get_bye(struct ucx_wire_bye *bye, const void *bytes, size_t count);
bool ucx_wire_get_urgent(struct ucx_wire_urgent *urgent, const void *bytes, size_t count);

#endif
