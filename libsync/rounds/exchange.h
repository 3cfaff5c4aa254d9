/*
 * How contributions travel between sites, and what that costs. Pure.
 *
 *   all-gather:   each site sends what it contributes to every other, which sums.
 *   owner-reduce: each site owns a share of every fragment. The others send it that share of what
 *                 they contribute; it sums, and sends the sum, in fp32, to every other. Less is
 *                 sent where sums are not much larger than contributions, for one more delay; with
 *                 shares in proportion to rates it is the best there is for three sites (bound: the
 *                 largest of V / min(u, d), 2 (n - 1) V / sum u, 2 (n - 1) V / sum d, + 2 D).
 *
 * Either way a value is rounded once, by its origin, and summed in the order of the sites.
 */
#ifndef ROUNDS_EXCHANGE_H
#define ROUNDS_EXCHANGE_H

#include "codec/quantise.h"
#include "rounds/rounds.h"

#include <stddef.h>
#include <stdint.h>

/* What the choice rests on: the same on all sites. */
struct exchange_terms {
    size_t sites;
    enum quantise_codec codec;
    uint64_t elements; /* of the model */
    uint64_t site_bps; /* what a site sends, and receives, altogether; 0 unknown */
    uint64_t delay_ns; /* one way */
};

/* From the last fragment given until the last site knows the decision. */
uint64_t exchange_time_ns(const struct exchange_terms *terms, enum rounds_exchange exchange);

/* The one that takes less time; all-gather where the rate is unknown. */
enum rounds_exchange exchange_choose(const struct exchange_terms *terms);

const char *exchange_name(enum rounds_exchange exchange);

/* The leader of the majority learns of a decision one delay later than the others, so what its
 * links have to carry, which its share decides, is less. Of an owner-reduce the share that the
 * leader owns; of all of a fragment, and at most an equal one. */
double exchange_lead_share(const struct exchange_terms *terms);

/* A run of a fragment's elements: it begins at a block of the quantiser. */
struct exchange_run {
    uint64_t start;
    uint64_t elements;
};

struct exchange_shares {
    size_t sites;
    size_t lead;       /* who leads; any other number: nobody is known to */
    double lead_share; /* exchange_lead_share */
};

/* What `owner` owns of a fragment of so many elements; maybe none. The runs of all owners, in
 * order, are the fragment. */
struct exchange_run exchange_run_of(const struct exchange_shares *shares, size_t owner,
                                    uint64_t elements);

#endif
