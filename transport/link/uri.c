#include "transport/link/uri.h"

#include "base/check.h"
#include "transport/udp/udp.h"

#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_scheme_letter(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

/* The colon that ends the scheme, or NULL. "geo:4433" is a host and its port; "sim:geo", "udp:h:1"
 * and "udp://h:1" are schemes. */
static const char *scheme_end(const char *text) {
    const char *at = text;
    while (is_scheme_letter(*at)) {
        at++;
    }
    if (at - text < 2 || *at != ':' || is_digit(*text)) {
        return NULL;
    }
    const char *port = at + 1;
    while (is_digit(*port)) {
        port++;
    }
    return *port == '\0' ? NULL : at;
}

const char *uri_rest(const char *text) {
    const char *colon = scheme_end(text);
    if (!colon) {
        return text;
    }
    return strncmp(colon + 1, "//", 2) == 0 ? colon + 3 : colon + 1;
}

static bool is_named(const char *text, size_t bytes, const char *name) {
    return strlen(name) == bytes && memcmp(text, name, bytes) == 0;
}

static enum satsync_status open_udp(const char *address, const struct uri_options *options,
                                    struct net **net, struct satsync_error *error) {
    const struct udp_options udp = {.listen = options->listen ? address : NULL,
                                    .allocator = options->allocator,
                                    .log = options->log};
    return udp_open(&udp, net, error);
}

enum satsync_status uri_open(const char *text, const struct uri_options *options, struct net **net,
                             struct satsync_error *error) {
    *net = NULL;
    const char *colon = scheme_end(text);
    const char *rest = uri_rest(text);
    size_t bytes = colon ? (size_t)(colon - text) : 0;
    if (!colon || is_named(text, bytes, "udp")) {
        return open_udp(rest, options, net, error);
    }
    for (size_t i = 0; i < options->scheme_count; i++) {
        const struct uri_scheme *scheme = &options->schemes[i];
        if (is_named(text, bytes, scheme->name)) {
            return scheme->open(scheme->context, rest, options->listen, net, error);
        }
    }
    return error_set(error, SATSYNC_INVALID, text,
                     "there is no scheme \"%.*s\" here; use HOST:PORT or udp:HOST:PORT", (int)bytes,
                     text);
}
