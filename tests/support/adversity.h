/*
 * A whole transfer under everything that a link and its ends may suffer, as a function of a seed:
 * loss, reordering, duplication, corruption, outages, the death of either end; and, if asked for,
 * new addresses of the sender, clocks that leap, and hostile datagrams. Site 1 sends site 0 its
 * messages, connecting and sending again after each death, until site 0 has them all.
 */
#ifndef SUPPORT_ADVERSITY_H
#define SUPPORT_ADVERSITY_H

#include "sim-link/trace_hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADVERSITY_TROUBLES = 6,
    ADVERSITY_TWISTS = 8,
    ADVERSITY_MESSAGES = 4,
    ADVERSITY_LINK_BYTES = 256
};

enum trouble_kind { TROUBLE_OUTAGE, TROUBLE_SENDER_DIES, TROUBLE_RECEIVER_DIES };

struct trouble {
    enum trouble_kind kind;
    uint64_t at_ns; /* after the start */
    uint64_t for_ns;
};

/* Over at once, and nobody is told. */
enum twist_kind { TWIST_REBINDING, TWIST_CLOCK };

struct twist {
    enum twist_kind kind;
    uint64_t at_ns; /* after the start */
    size_t site;    /* whose clock leaps */
    int64_t by_ns;  /* how far */
};

struct adversity {
    uint64_t seed;
    char link[ADVERSITY_LINK_BYTES]; /* as satsync-link reads it */
    uint64_t bytes[ADVERSITY_MESSAGES];
    size_t messages;
    struct trouble troubles[ADVERSITY_TROUBLES]; /* rising in time */
    size_t trouble_count;
    uint64_t rate_bps; /* 0: the sender finds it out */
    bool parity;       /* both ends have repair symbols */
    bool no_path;      /* at some time the link goes for good: the sender must say so */
    bool without_aes;
    bool is_worse;                         /* adversity_worsen */
    struct twist twists[ADVERSITY_TWISTS]; /* rising in time */
    size_t twist_count;
    uint64_t hostile_pause_ns; /* between two hostile datagrams at each site; 0: there are none */
};

struct adversity_end {
    bool passed;
    const char *what;    /* went wrong */
    uint64_t time_ns;    /* from the start to the end */
    uint64_t packets;    /* that entered the link, both ways */
    uint64_t wire_bytes; /* of their payload */
    unsigned links;      /* that the sender opened */
    size_t troubles;     /* that came before the end */
    size_t twists;       /* likewise */
    uint64_t hostile;    /* datagrams, likewise */
    struct trace_hash trace;
};

/* Draws everything from the seed. Pure. */
void adversity_of(uint64_t seed, struct adversity *adversity);

/* Draws the twists as well, and hostile datagrams, from a stream of their own. */
void adversity_worsen(struct adversity *adversity);

void adversity_run(const struct adversity *adversity, struct adversity_end *end);

/* The scenario in a line, for a person; always terminated. */
void adversity_tell(const struct adversity *adversity, char *out, size_t bytes);

#endif
