/*
 * A net with what may happen between a process and its link: the NAT before the peer gives it
 * another address, the machine's clock leaps, and anybody's datagrams arrive: noise, and what was
 * overheard, sent again as it was, changed, cut short, thrown back, or passed on from elsewhere
 * before the true one comes. A function of its seed.
 *
 * The bystander hears all and hides nothing. What he cannot do here is forge answers to a HELLO
 * before its true answer comes: nothing helps against that.
 */
#ifndef SUPPORT_DISTURBED_NET_H
#define SUPPORT_DISTURBED_NET_H

#include "base/random.h"
#include "port/net.h"

enum { DISTURBED_DATAGRAM = 1472, DISTURBED_HEARD = 32 };

struct heard {
    uint8_t data[DISTURBED_DATAGRAM];
    size_t bytes;
    struct net_address peer;
};

struct disturbed_net {
    struct net net; /* first */
    struct net *inner;
    struct random random;
    uint64_t pause_ns; /* between two datagrams of the bystander, on average; 0: there is none */
    uint64_t next_ns;  /* his next, by the world's clock */
    uint64_t hostile;  /* how many came */
    int64_t ahead_ns;  /* of this machine's clock to the world's */
    uint8_t alias;     /* of the peer's address, as its NAT has it now */

    struct heard came[DISTURBED_HEARD];
    struct heard left[DISTURBED_HEARD];
    uint64_t came_count;
    uint64_t left_count;
    struct heard forged;
    struct net_batch held; /* a true one, after that which was passed on */

    uint64_t due_bytes;     /* what an address that only the bystander uses may be sent at most */
    uint64_t strange_bytes; /* and what it was */
};

/* Stays as it is when the process behind it dies and comes back. */
void disturbed_net_init(struct disturbed_net *disturbed, uint64_t seed, uint64_t pause_ns);

/* The net to give to an endpoint, over the world's. */
struct net *disturbed_net_over(struct disturbed_net *disturbed, struct net *inner);

/* From now on the peer comes from another address, and the former leads nowhere. */
void disturbed_net_rebind(struct disturbed_net *disturbed);

void disturbed_net_step_clock(struct disturbed_net *disturbed, int64_t by_ns);

#endif
