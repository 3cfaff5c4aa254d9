/*
 * What sites tell each other, as bytes (docs/rounds.md, "Messages"). Decoders take what any peer
 * sends; encoders and decoders of a message stand together. Pure.
 */
#ifndef ROUNDS_MESSAGE_H
#define ROUNDS_MESSAGE_H

#include "base/bytes.h"
#include "rounds/rounds.h"

/* The first byte; the second is the version. The values stand on the wire. */
enum message_kind {
    MESSAGE_AGREEMENT = 1, /* libraft's, see agreement_wire.h */
    MESSAGE_REPORT = 2,    /* what a site has: of the steps in progress, of the agreed state */
    MESSAGE_DECIDED = 3,   /* a decision, from the leader */
    MESSAGE_FRAGMENT = 4,  /* of a contribution */
    MESSAGE_NEED = 5,      /* asks for fragments that a decision holds */
    MESSAGE_SHARE = 6,     /* of a fragment of a contribution, to the owner of that share */
    MESSAGE_SUM = 7 /* of all sites' contributions to a share of a fragment, from its owner */
};

enum {
    MESSAGE_HEAD_BYTES = 2,
    MESSAGE_FRAGMENT_HEAD_BYTES = MESSAGE_HEAD_BYTES + 8 + 1 + 8 + 1 + 1,
    MESSAGE_SHARE_HEAD_BYTES = MESSAGE_FRAGMENT_HEAD_BYTES + 8 + 8,
    MESSAGE_REPORT_STEPS = 2,
    MESSAGE_CONTROL_BYTES_MAX = 1024 /* of a report, decision or need */
};

/* Which contributions somebody has to one step, or a decision holds: by site, the incarnation that
 * made it (0: none) and its fragments. */
struct holdings {
    uint64_t step;
    uint64_t incarnation[ROUNDS_SITES_MAX];
    uint64_t fragments[ROUNDS_SITES_MAX];
    uint64_t sums_of; /* sums_name of the contributions whose sums it has; 0: none */
    uint32_t sums;    /* owners whose sums it has, of all fragments */
    bool is_gathered; /* it sends its contribution to all, not shares of it to their owners */
};

struct report {
    uint64_t configuration; /* digest of what must be equal on all sites */
    uint64_t incarnation;
    uint64_t applied;
    uint64_t decided;
    uint8_t hash[ROUNDS_HASH_BYTES]; /* of the agreed state after `applied`; zeros of a witness */
    size_t steps;
    struct holdings step[MESSAGE_REPORT_STEPS];
};

/* incarnation[i] != 0 exactly where bit i of sites is set. No sites: the step is void, see
 * docs/rounds.md. */
struct decision {
    uint64_t step;
    uint32_t sites;
    uint8_t lead; /* who proposed it: the shares of the next step are cut for it as the leader */
    bool by_sums; /* what is kept are the sums, not the contributions, of all sites */
    uint64_t incarnation[ROUNDS_SITES_MAX];
};

struct fragment_head {
    uint64_t step;
    uint8_t origin;
    uint64_t incarnation;
    uint8_t fragment;
    uint8_t codec;
};

/* The elements of a share are those from `start` of the fragment. */
struct share_head {
    uint64_t step;
    uint8_t origin;
    uint64_t incarnation;
    uint8_t fragment;
    uint8_t codec;
    uint64_t start;
    uint64_t elements;
};

struct sum_head {
    uint64_t step;
    uint8_t owner;
    uint8_t fragment;
    uint64_t start;
    uint64_t elements;
    uint64_t incarnation[ROUNDS_SITES_MAX]; /* of what is summed, of each site */
};

struct need {
    uint64_t step;
    uint8_t origin;       /* of sums: their owner */
    uint64_t incarnation; /* of sums: sums_name of what is summed */
    uint64_t fragments;
    bool again; /* what came was passed over: also what was sent in this session */
    bool sums;
};

/* The kind, 0 for an unknown one; SATSYNC's version check is the caller's: 0 for those too. */
enum message_kind message_head(struct bytes_reader *reader);
void message_put_head(struct bytes_writer *writer, enum message_kind kind);

/* Each get is true when all was there, nothing is left over and every number is in its bounds;
 * `sites` is how many hold parameters. */
void message_put_report(struct bytes_writer *writer, const struct report *report, size_t sites);
bool message_get_report(struct bytes_reader *reader, struct report *report, size_t sites);

void message_put_decision(struct bytes_writer *writer, const struct decision *decision,
                          size_t sites);
bool message_get_decision(struct bytes_reader *reader, struct decision *decision, size_t sites);

/* The coded values follow. */
void message_put_fragment(struct bytes_writer *writer, const struct fragment_head *head);
bool message_get_fragment(struct bytes_reader *reader, struct fragment_head *head, size_t sites);

/* The coded values of the share follow. */
void message_put_share(struct bytes_writer *writer, const struct share_head *head);
bool message_get_share(struct bytes_reader *reader, struct share_head *head, size_t sites);

/* The sums follow as fp32. */
size_t message_sum_head_bytes(size_t sites);
void message_put_sum(struct bytes_writer *writer, const struct sum_head *head, size_t sites);
bool message_get_sum(struct bytes_reader *reader, struct sum_head *head, size_t sites);

void message_put_need(struct bytes_writer *writer, const struct need *need);
bool message_get_need(struct bytes_reader *reader, struct need *need, size_t sites);

#endif
