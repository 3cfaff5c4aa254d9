/*
 * Internet addresses as text, as kernel structs, and as the opaque bytes of port/net.h.
 *
 * A net_address holds a sockaddr_in or sockaddr_in6 with unused bytes 0; an IPv4 peer is always a
 * sockaddr_in, also on a socket of both families, so that equal peers have equal bytes.
 */
#ifndef TRANSPORT_UDP_ADDRESS_H
#define TRANSPORT_UDP_ADDRESS_H

#include "port/net.h"

#include <satsync/status.h>
#include <sys/socket.h>

enum { UDP_ADDRESS_TEXT_BYTES = 64 }; /* of udp_address_format's output */

/* From what the kernel gave; length 0 when it is of another family. Pure. */
struct net_address udp_address_from(const struct sockaddr_storage *storage);

/* For a socket of `family` (AF_INET or AF_INET6; IPv4 is mapped into the latter). Returns the
 * length, 0 when such a socket cannot reach it. Pure. */
socklen_t udp_address_to(const struct net_address *address, int family,
                         struct sockaddr_storage *storage);

/*
 * "HOST:PORT", "[V6]:PORT", ":PORT" or "PORT" (any address; only with `passive`). `family` may be
 * AF_UNSPEC. May block on DNS.
 */
enum satsync_status udp_address_resolve(const char *text, int family, bool passive,
                                        struct net_address *address,
                                        struct satsync_error *error) SATSYNC_MUST_CHECK;

/* AF_INET, AF_INET6, or AF_UNSPEC of an empty one. Pure. */
int udp_address_family(const struct net_address *address);

/* Always terminated; "?" for an empty address. Pure. */
void udp_address_format(const struct net_address *address, char *out, size_t bytes);

#endif
