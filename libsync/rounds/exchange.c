#include "rounds/exchange.h"

#include <math.h>

#define BITS 8.0
#define NS 1e9

/* Coded contribution and sum of the whole model. */
static double coded_bits(const struct exchange_terms *terms) {
    return BITS * (double)quantise_bytes(terms->codec, terms->elements);
}

static double sum_bits(const struct exchange_terms *terms) {
    return BITS * (double)quantise_bytes(QUANTISE_FP32, terms->elements);
}

static double link_bps(const struct exchange_terms *terms) {
    return (double)terms->site_bps / (double)(terms->sites - 1);
}

/* Two links are compared: between the leader and an owner of the share b, a C + b S and then four
 * delays (to the owner, back as a sum, the proposal, its ack), and between two owners, b (C + S)
 * and two delays. They are equal where (b - a) C is what a link carries in two delays. */
double exchange_lead_share(const struct exchange_terms *terms) {
    double sites = (double)terms->sites, equal = 1 / sites;
    double carried = link_bps(terms) * 2 * (double)terms->delay_ns / NS;
    double share = equal - (sites - 1) / sites * carried / coded_bits(terms);
    return share > 0 ? share : 0;
}

static double gather_s(const struct exchange_terms *terms) {
    return coded_bits(terms) / link_bps(terms) + 3 * (double)terms->delay_ns / NS;
}

static double reduce_s(const struct exchange_terms *terms) {
    double lead = exchange_lead_share(terms), delay_s = (double)terms->delay_ns / NS;
    double other = (1 - lead) / ((double)terms->sites - 1);
    double coded = coded_bits(terms), sum = sum_bits(terms), rate = link_bps(terms);
    double followers_s = other * (coded + sum) / rate + 2 * delay_s;
    double leader_s = (lead * coded + other * sum) / rate + 4 * delay_s;
    return fmax(followers_s, leader_s);
}

uint64_t exchange_time_ns(const struct exchange_terms *terms, enum rounds_exchange exchange) {
    double seconds = exchange == ROUNDS_OWNER_REDUCE ? reduce_s(terms) : gather_s(terms);
    return (uint64_t)(seconds * NS);
}

enum rounds_exchange exchange_choose(const struct exchange_terms *terms) {
    bool is_cheaper = terms->site_bps != 0 && reduce_s(terms) < gather_s(terms);
    return is_cheaper ? ROUNDS_OWNER_REDUCE : ROUNDS_ALL_GATHER;
}

const char *exchange_name(enum rounds_exchange exchange) {
    return exchange == ROUNDS_OWNER_REDUCE ? "owner-reduce" : "all-gather";
}

/* Where the share of `owner` begins. */
static uint64_t start_of(const struct exchange_shares *shares, size_t owner, uint64_t elements) {
    if (owner == shares->sites) {
        return elements;
    }
    double before = (double)owner / (double)shares->sites;
    if (shares->lead < shares->sites) {
        double other = (1 - shares->lead_share) / ((double)shares->sites - 1);
        bool is_past = owner > shares->lead;
        before = other * (double)(owner - is_past) + (is_past ? shares->lead_share : 0);
    }
    return (uint64_t)(before * (double)elements) / QUANTISE_BLOCK * QUANTISE_BLOCK;
}

struct exchange_run exchange_run_of(const struct exchange_shares *shares, size_t owner,
                                    uint64_t elements) {
    uint64_t start = start_of(shares, owner, elements);
    return (struct exchange_run){start, start_of(shares, owner + 1, elements) - start};
}
