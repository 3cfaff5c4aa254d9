/*
 * A rank of 2 to 6 processes is killed or frozen at a random point of a stream of operations: every
 * other one returns by its deadline + 0.2 s, and names it.
 *
 *     campaign_group_faults [--count N] [--seed S] [--tally FILE]
 */
#include "campaign/tally.h"
#include "transport/ucx/site_ranks.h"

#include "base/random.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CASES = 50, ELEMENTS = 4 << 20, HANG_SECONDS = 120 };
/* How a rank ends: CODE_LATE, or whom it blames wrongly. */
enum { CODE_LATE = 2, CODE_BLAMES = 64, CODE_KILLED = 256 + SIGKILL };
#define DEADLINE_NS UINT64_C(2000000000)
#define LATE_NS UINT64_C(200000000)

static const char *const transports[] = {"posix", "sysv", "tcp", "posix,cma"};

struct trial {
    uint32_t victim;
    int signal;
    uint64_t delay_ns;
};

/* Operations until one fails. */
static int run(struct site_rank *rank) {
    const struct trial *trial = rank->context;
    float *buffer = calloc(ELEMENTS, sizeof *buffer);
    struct collective_operation sum = {
        .kind = COLLECTIVE_ALL_REDUCE, .dtype = COLLECTIVE_F32, .buffer = buffer};
    struct satsync_error error;
    int code = 0;
    for (uint32_t number = 0;; number++) {
        sum.count = number % 3 == 0 ? ELEMENTS : 100 * number % ELEMENTS;
        sum.deadline_ns = rank->endpoint->ops->now_ns(rank->endpoint) + DEADLINE_NS;
        if (collective_run(rank->group, &sum, &error) == SATSYNC_OK) {
            continue;
        }
        uint64_t now_ns = rank->endpoint->ops->now_ns(rank->endpoint);
        if (rank->rank == trial->victim) {
            return 0; /* it was only frozen: it learns of it too */
        }
        if (now_ns > sum.deadline_ns + LATE_NS) {
            fprintf(stderr, "rank %u: %.3f s late\n", rank->rank,
                    (double)(now_ns - sum.deadline_ns) / 1e9);
            code = CODE_LATE;
        }
        if (collective_missing(rank->group) != 1u << trial->victim) {
            fprintf(stderr, "rank %u: missing %x: %s: %s\n", rank->rank,
                    collective_missing(rank->group), error.subject, error.message);
            return (int)(CODE_BLAMES | collective_missing(rank->group));
        }
        return code;
    }
}

static void pause_ns(uint64_t ns) {
    const struct timespec time = {.tv_sec = (time_t)(ns / 1000000000),
                                  .tv_nsec = (long)(ns % 1000000000)};
    nanosleep(&time, NULL);
}

static void hurt(const pid_t *pids, void *context) {
    const struct trial *trial = context;
    pause_ns(trial->delay_ns);
    kill(pids[trial->victim], trial->signal);
    if (trial->signal == SIGSTOP) {
        pause_ns(2 * DEADLINE_NS);
        kill(pids[trial->victim], SIGCONT);
    }
}

static bool is_late(const struct site_ranks *site) {
    for (uint32_t rank = 0; rank < site->ranks; rank++) {
        if (site->codes[rank] == CODE_LATE) {
            return true;
        }
    }
    return false;
}

/* To blame a rank that came late itself, for the machine was busy, is no mistake. */
static bool is_fine(const struct site_ranks *site, const struct trial *trial, uint32_t rank) {
    int code = site->codes[rank];
    if (rank == trial->victim) {
        return code == (trial->signal == SIGKILL ? CODE_KILLED : 0);
    }
    if (code == 0 || code == CODE_LATE) {
        return true;
    }
    bool blames = code > CODE_BLAMES && code < 2 * CODE_BLAMES && code >> trial->victim & 1;
    for (uint32_t other = 0; other < site->ranks && blames; other++) {
        blames = !(code >> other & 1) || other == trial->victim || site->codes[other] == CODE_LATE;
    }
    return blames;
}

static void try_seed(struct tally *tally, uint64_t seed) {
    struct random random = random_of(seed, 10);
    uint32_t ranks = 2 + (uint32_t)random_below(&random, 5);
    struct trial trial = {.victim = (uint32_t)random_below(&random, ranks),
                          .signal = random_below(&random, 2) ? SIGKILL : SIGSTOP,
                          .delay_ns = random_below(&random, 1000000000)};
    struct site_ranks site = {.ranks = ranks,
                              .transports = transports[seed % 4],
                              .seconds = HANG_SECONDS,
                              .run = run,
                              .meanwhile = hurt,
                              .context = &trial};
    (void)site_ranks_run(&site);
    char words[160];
    size_t at = (size_t)snprintf(words, sizeof words, "%s %s",
                                 trial.signal == SIGKILL ? "killed" : "frozen", site.transports);
    bool fine = true;
    for (uint32_t rank = 0; rank < ranks; rank++) {
        fine = fine && is_fine(&site, &trial, rank);
    }
    if (fine) {
        snprintf(words + at, sizeof words - at, "%s", is_late(&site) ? " LATE" : "");
        tally_add(tally, seed, words);
        return;
    }
    for (uint32_t rank = 0; rank < ranks; rank++) {
        at += (size_t)snprintf(words + at, sizeof words - at, " %d", site.codes[rank]);
    }
    tally_fail(tally, seed, words);
}

int main(int argc, char **argv) {
    struct tally tally;
    uint64_t seed;
    tally_begin(&tally, "group_faults", CASES, argc, argv);
    while (tally_next(&tally, &seed)) {
        try_seed(&tally, seed);
    }
    return tally_end(&tally);
}
