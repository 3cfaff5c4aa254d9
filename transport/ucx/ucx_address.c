#include "transport/ucx/ucx_address.h"

#include "base/check.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char prefix[] = "ucx:";
enum { PREFIX_LENGTH = sizeof prefix - 1, MACHINE_DIGITS = 16 };

bool ucx_address_format(uint64_t machine, const void *worker, size_t worker_bytes, char *out,
                        size_t out_bytes) {
    size_t needed = PREFIX_LENGTH + MACHINE_DIGITS + 1 + 2 * worker_bytes + 1;
    if (needed > out_bytes) {
        return false;
    }
    out += snprintf(out, out_bytes, "%s%016" PRIx64 ":", prefix, machine);
    for (size_t i = 0; i < worker_bytes; i++) {
        out += snprintf(out, 3, "%02x", ((const uint8_t *)worker)[i]);
    }
    return true;
}

static int digit_of(char letter) {
    static const char digits[] = "0123456789abcdef";
    const char *at = letter ? strchr(digits, letter) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool parse_worker(const char *text, struct ucx_address *address) {
    for (size_t i = 0; i < MACHINE_DIGITS; i++) {
        int digit = digit_of(*text);
        if (digit < 0) {
            return false;
        }
        text++;
        address->machine = address->machine << 4 | (uint64_t)digit;
    }
    if (*text++ != ':') {
        return false;
    }
    for (; *text; text += 2) {
        int high = digit_of(text[0]);
        int low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0 || address->worker_bytes == UCX_ADDRESS_BYTES) {
            return false;
        }
        address->worker[address->worker_bytes++] = (uint8_t)(high << 4 | low);
    }
    return address->worker_bytes > 0;
}

/* Cuts "HOST:PORT" at its last colon and takes the brackets of an IPv6 address away. */
static bool split(const char *text, char *host, size_t host_bytes, const char **port) {
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (!colon || !colon[1] || length >= host_bytes) {
        return false;
    }
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    memcpy(host, text, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

static enum satsync_status resolve(const char *text, struct ucx_address *address,
                                   struct satsync_error *error) {
    char host[256];
    const char *port;
    ENSURE(split(text, host, sizeof host, &port), error, SATSYNC_ADDRESS, text,
           "this is neither HOST:PORT nor an address that an endpoint printed");
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int failed = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    ENSURE(failed == 0, error, SATSYNC_ADDRESS, text, "cannot be resolved: %s",
           gai_strerror(failed));
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->socket_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return SATSYNC_OK;
}

enum satsync_status ucx_address_parse(const char *text, struct ucx_address *address,
                                      struct satsync_error *error) {
    memset(address, 0, sizeof *address);
    if (strncmp(text, prefix, PREFIX_LENGTH) != 0) {
        return resolve(text, address, error);
    }
    address->is_worker = true;
    ENSURE(parse_worker(text + PREFIX_LENGTH, address), error, SATSYNC_ADDRESS, text,
           "the address of a UCX worker is damaged or cut short");
    return SATSYNC_OK;
}

void ucx_address_format_socket(const struct sockaddr_storage *socket, char *out, size_t out_bytes) {
    char host[INET6_ADDRSTRLEN] = "";
    char port[8] = "";
    if (getnameinfo((const struct sockaddr *)socket, sizeof *socket, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        out[0] = '\0';
        return;
    }
    snprintf(out, out_bytes, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

uint64_t ucx_address_machine(void) {
    char text[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file) {
        size_t bytes = fread(text, 1, sizeof text - 1, file);
        text[bytes] = '\0';
        fclose(file);
    } else {
        gethostname(text, sizeof text - 1);
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (const char *at = text; *at; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    }
    return hash;
}
