#include "port/net.h"

#include <string.h>

bool net_address_equal(const struct net_address *a, const struct net_address *b) {
    return a->length == b->length && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
