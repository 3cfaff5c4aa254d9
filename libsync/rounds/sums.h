/*
 * Of one outer step that is exchanged by owner-reduce: the shares of contributions that this site
 * sums, and the sums that it has, its own and the others'. All sums of a step are of the same
 * contributions, those of every site: the first that comes says which. Owner thread.
 */
#ifndef ROUNDS_SUMS_H
#define ROUNDS_SUMS_H

#include "rounds/message.h"
#include "rounds/parcel.h"

struct sums {
    struct parcel *share[ROUNDS_SITES_MAX][ROUNDS_FRAGMENTS_MAX]; /* by origin */
    struct parcel *sum[ROUNDS_SITES_MAX][ROUNDS_FRAGMENTS_MAX];   /* by owner */
    uint64_t have[ROUNDS_SITES_MAX];                              /* by owner: fragments */
    uint64_t incarnation[ROUNDS_SITES_MAX]; /* of what is summed; zeros while there is no sum */
    uint64_t shared[ROUNDS_SITES_MAX];      /* by peer: own fragments whose share it was sent */
    /* By peer and owner: fragments whose sum was queued for it in this session. */
    uint64_t served[ROUNDS_SITES_MAX][ROUNDS_SITES_MAX];
};

void sums_forget(struct sums *sums);

/* What a peer was sent went with its session. */
void sums_forget_sent(struct sums *sums, size_t peer);

/* Take a reference to a message that was decoded to `head`; what was there before goes. */
void sums_put_share(struct sums *sums, const struct share_head *head, struct parcel *parcel);
void sums_put(struct sums *sums, const struct sum_head *head, struct parcel *parcel);

/* A fragment's shares are summed. */
void sums_drop_shares(struct sums *sums, size_t fragment);

/* Whether a sum is new, and of the same contributions as those that are here. */
bool sums_want(const struct sums *sums, const struct sum_head *head, size_t sites);

/* The owners whose sums are here for all of these fragments. */
uint32_t sums_whole(const struct sums *sums, size_t sites, uint64_t fragments);

/* A name for the contributions of all sites by incarnation; 0 for zeros. */
uint64_t sums_name(const uint64_t incarnation[ROUNDS_SITES_MAX], size_t sites);

#endif
