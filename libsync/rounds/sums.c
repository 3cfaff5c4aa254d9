#include "rounds/sums.h"

#include "codec/checksum.h"

#include <string.h>

void sums_forget(struct sums *sums) {
    for (size_t site = 0; site < ROUNDS_SITES_MAX; site++) {
        for (size_t f = 0; f < ROUNDS_FRAGMENTS_MAX; f++) {
            parcel_drop(sums->share[site][f]);
            parcel_drop(sums->sum[site][f]);
        }
    }
    memset(sums, 0, sizeof *sums);
}

void sums_forget_sent(struct sums *sums, size_t peer) {
    sums->shared[peer] = 0;
    memset(sums->served[peer], 0, sizeof sums->served[peer]);
}

static void replace(struct parcel **place, struct parcel *parcel) {
    parcel_drop(*place);
    *place = parcel_share(parcel);
}

void sums_put_share(struct sums *sums, const struct share_head *head, struct parcel *parcel) {
    replace(&sums->share[head->origin][head->fragment], parcel);
}

void sums_put(struct sums *sums, const struct sum_head *head, struct parcel *parcel) {
    replace(&sums->sum[head->owner][head->fragment], parcel);
    sums->have[head->owner] |= UINT64_C(1) << head->fragment;
    memcpy(sums->incarnation, head->incarnation, sizeof sums->incarnation);
}

void sums_drop_shares(struct sums *sums, size_t fragment) {
    for (size_t site = 0; site < ROUNDS_SITES_MAX; site++) {
        parcel_drop(sums->share[site][fragment]);
        sums->share[site][fragment] = NULL;
    }
}

bool sums_want(const struct sums *sums, const struct sum_head *head, size_t sites) {
    uint64_t name = sums_name(sums->incarnation, sites);
    bool is_same = name == 0 || name == sums_name(head->incarnation, sites);
    return is_same && !(sums->have[head->owner] >> head->fragment & 1);
}

uint32_t sums_whole(const struct sums *sums, size_t sites, uint64_t fragments) {
    uint32_t owners = 0;
    for (size_t i = 0; i < sites; i++) {
        owners |= (sums->have[i] & fragments) == fragments ? UINT32_C(1) << i : 0;
    }
    return owners;
}

uint64_t sums_name(const uint64_t incarnation[ROUNDS_SITES_MAX], size_t sites) {
    uint8_t text[8 * ROUNDS_SITES_MAX], digest[CHECKSUM_BYTES];
    struct bytes_writer writer = bytes_writer_over(text, sizeof text);
    bool any = false;
    for (size_t i = 0; i < sites; i++) {
        bytes_put_u64(&writer, incarnation[i]);
        any |= incarnation[i] != 0;
    }
    checksum_of(text, bytes_written(&writer), digest);
    return any ? load_le64(digest) | 1 : 0;
}
