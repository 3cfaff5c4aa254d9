#include "transport/udp/udp_address.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct sockaddr_in6) == sizeof(((struct net_address *)0)->bytes),
               "a net_address holds the larger of the two families");

static struct net_address address_of_ipv4(struct in_addr host, in_port_t port) {
    struct sockaddr_in in;
    memset(&in, 0, sizeof in);
    in.sin_family = AF_INET;
    in.sin_addr = host;
    in.sin_port = port;
    struct net_address address;
    memset(&address, 0, sizeof address);
    memcpy(address.bytes, &in, sizeof in);
    address.length = sizeof in;
    return address;
}

static struct net_address address_of_ipv6(const struct sockaddr_in6 *given) {
    if (IN6_IS_ADDR_V4MAPPED(&given->sin6_addr)) {
        struct in_addr host;
        memcpy(&host, &given->sin6_addr.s6_addr[12], sizeof host);
        return address_of_ipv4(host, given->sin6_port);
    }
    struct sockaddr_in6 in6;
    memset(&in6, 0, sizeof in6);
    in6.sin6_family = AF_INET6;
    in6.sin6_addr = given->sin6_addr;
    in6.sin6_port = given->sin6_port;
    in6.sin6_scope_id = given->sin6_scope_id;
    struct net_address address;
    memset(&address, 0, sizeof address);
    memcpy(address.bytes, &in6, sizeof in6);
    address.length = sizeof in6;
    return address;
}

struct net_address udp_address_from(const struct sockaddr_storage *storage) {
    if (storage->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, storage, sizeof in);
        return address_of_ipv4(in.sin_addr, in.sin_port);
    }
    if (storage->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, storage, sizeof in6);
        return address_of_ipv6(&in6);
    }
    struct net_address none;
    memset(&none, 0, sizeof none);
    return none;
}

int udp_address_family(const struct net_address *address) {
    if (address->length == sizeof(struct sockaddr_in)) {
        return AF_INET;
    }
    return address->length == sizeof(struct sockaddr_in6) ? AF_INET6 : AF_UNSPEC;
}

socklen_t udp_address_to(const struct net_address *address, int family,
                         struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    int given = udp_address_family(address);
    if (given == AF_UNSPEC || (given == AF_INET6 && family == AF_INET)) {
        return 0;
    }
    memcpy(storage, address->bytes, address->length);
    if (given == family) {
        return address->length;
    }
    struct sockaddr_in in;
    memcpy(&in, address->bytes, sizeof in);
    struct sockaddr_in6 mapped;
    memset(&mapped, 0, sizeof mapped);
    mapped.sin6_family = AF_INET6;
    mapped.sin6_port = in.sin_port;
    mapped.sin6_addr.s6_addr[10] = 0xff;
    mapped.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&mapped.sin6_addr.s6_addr[12], &in.sin_addr, sizeof in.sin_addr);
    memcpy(storage, &mapped, sizeof mapped);
    return sizeof mapped;
}

/* Splits at the last colon; a literal IPv6 host stands in brackets. */
static bool split(const char *text, char *host, size_t host_bytes, const char **port) {
    const char *from = text;
    const char *to;
    if (*text == '[') {
        from = text + 1;
        to = strchr(from, ']');
        if (to == NULL || to[1] != ':') {
            return false;
        }
        *port = to + 2;
    } else {
        to = strrchr(text, ':');
        *port = to == NULL ? text : to + 1;
        to = to == NULL ? text : to;
        if (memchr(text, ':', (size_t)(to - text)) != NULL) {
            return false;
        }
    }
    size_t bytes = (size_t)(to - from);
    if (bytes >= host_bytes) {
        return false;
    }
    memcpy(host, from, bytes);
    host[bytes] = 0;
    return true;
}

static bool is_port(const char *text) {
    unsigned value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != 0) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value <= 65535;
}

enum satsync_status udp_address_resolve(const char *text, int family, bool passive,
                                        struct net_address *address, struct satsync_error *error) {
    char host[256];
    const char *port;
    memset(address, 0, sizeof *address);
    ENSURE(split(text, host, sizeof host, &port) && is_port(port), error, SATSYNC_INVALID, text,
           "\"%s\" is not an address; write HOST:PORT or [IPV6]:PORT, port at most 65535", text);
    ENSURE(passive || host[0] != 0, error, SATSYNC_INVALID, text,
           "\"%s\" lacks a host; write HOST:PORT or [IPV6]:PORT", text);
    struct addrinfo hints = {.ai_family = family,
                             .ai_socktype = SOCK_DGRAM,
                             .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(host[0] == 0 ? NULL : host, port, &hints, &list);
    ENSURE(code == 0, error, SATSYNC_ADDRESS, text, "%s cannot be resolved: %s", text,
           gai_strerror(code));
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, list->ai_addr,
           list->ai_addrlen < sizeof storage ? list->ai_addrlen : sizeof storage);
    freeaddrinfo(list);
    *address = udp_address_from(&storage);
    ENSURE(address->length > 0, error, SATSYNC_ADDRESS, text, "%s is not an internet address",
           text);
    return SATSYNC_OK;
}

void udp_address_format(const struct net_address *address, char *out, size_t bytes) {
    char host[INET6_ADDRSTRLEN];
    if (udp_address_family(address) == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address->bytes, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(out, bytes, "%s:%u", host, ntohs(in.sin_port));
    } else if (udp_address_family(address) == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address->bytes, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        snprintf(out, bytes, "[%s]:%u", host, ntohs(in6.sin6_port));
    } else {
        snprintf(out, bytes, "?");
    }
}
