/*
 * Group operations among 2 to 8 processes, over posix, sysv and tcp in turn, against plain loops:
 * a random operation of 0 bytes to 64 MiB a seed, three more small ones behind it.
 *
 *     campaign_groups [--count N] [--seed S] [--tally FILE]
 */
#include "campaign/tally.h"
#include "support/group_case.h"
#include "transport/ucx/site_ranks.h"

#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 1000, OPERATIONS = 4, SMALL_BYTES = 100000, HANG_SECONDS = 300 };
#define LARGEST_BYTES (UINT64_C(64) << 20)
#define DEADLINE_NS (UINT64_C(200) * 1000000000)

static const char *const transports[] = {"posix", "sysv", "tcp"};

struct trial {
    uint64_t seed;
    const char *transports;
};

static int run_one(struct site_rank *rank, const struct trial *trial, uint64_t number) {
    struct collective_operation operation =
        group_case(trial->seed, number, rank->ranks, number == 0 ? LARGEST_BYTES : SMALL_BYTES);
    struct satsync_error error;
    uint64_t seed = trial->seed + number;
    operation.deadline_ns = rank->endpoint->ops->now_ns(rank->endpoint) + DEADLINE_NS;
    operation.buffer = malloc(group_case_bytes(&operation) + 16);
    if (!operation.buffer) {
        return 5;
    }
    group_case_fill(&operation, seed, rank->rank, operation.buffer);
    int code = 0;
    if (collective_run(rank->group, &operation, &error) != SATSYNC_OK) {
        fprintf(stderr, "seed %" PRIu64 ", rank %u: %s: %s\n", trial->seed, rank->rank,
                error.subject, error.message);
        code = 2;
    } else if (operation.kind != COLLECTIVE_BARRIER &&
               !group_case_check(&operation, seed, rank->ranks, rank->rank, operation.buffer)) {
        code = 3;
    }
    free(operation.buffer);
    return code;
}

static int run(struct site_rank *rank) {
    const struct trial *trial = rank->context;
    int code = 0;
    for (uint64_t number = 0; number < OPERATIONS && code == 0; number++) {
        code = run_one(rank, trial, number);
        /* Nobody can have left before the next one. */
        if (code == 0 && number == 0 && !site_ranks_all_use(rank, trial->transports)) {
            code = 4;
        }
    }
    return code;
}

static void try_seed(struct tally *tally, uint64_t seed) {
    static const char *const reasons[] = {
        "", "", "an operation failed", "wrong result", "another transport was used", "no memory"};
    struct random random = random_of(seed, 9);
    struct trial trial = {.seed = seed, .transports = transports[seed % 3]};
    struct site_ranks site = {.ranks = 2 + (uint32_t)random_below(&random, 7),
                              .transports = trial.transports,
                              .chunk_bytes = (size_t)16384 << random_below(&random, 7),
                              .seconds = HANG_SECONDS,
                              .run = run,
                              .context = &trial};
    if (site_ranks_run(&site)) {
        tally_add(tally, seed, trial.transports);
        return;
    }
    char why[160];
    size_t at =
        (size_t)snprintf(why, sizeof why, "%s, %u ranks, codes", trial.transports, site.ranks);
    const char *reason = "";
    for (uint32_t rank = 0; rank < site.ranks; rank++) {
        int code = site.codes[rank];
        at += (size_t)snprintf(why + at, sizeof why - at, " %d", code);
        reason = code > 1 && code < 6 ? reasons[code] : reason;
    }
    snprintf(why + at, sizeof why - at, " %s", reason);
    tally_fail(tally, seed, why);
}

int main(int argc, char **argv) {
    struct tally tally;
    uint64_t seed;
    tally_begin(&tally, "groups", CASES, argc, argv);
    while (tally_next(&tally, &seed)) {
        try_seed(&tally, seed);
    }
    return tally_end(&tally);
}
