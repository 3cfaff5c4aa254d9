/*
 * Campaigns: many trials, each a function of its seed, of which a text file remembers the ones that
 * are done, so that a long run can be stopped and taken up again.
 *
 *     PROGRAM [--count N] [--seed S] [--tally FILE]
 */
#ifndef CAMPAIGN_TALLY_H
#define CAMPAIGN_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_WORDS = 128 };

struct tally {
    const char *name;
    const char *file; /* NULL: nothing is remembered */
    uint64_t count;
    uint64_t seed; /* of the first trial */
    uint8_t *done; /* [count] */
    uint64_t resumed;
    struct {
        char word[48];
        uint64_t count;
    } words[TALLY_WORDS];
    size_t word_count;
    uint64_t failures;
};

/* Reads the arguments; ends the program when they are wrong. */
void tally_begin(struct tally *tally, const char *name, uint64_t count, int argc, char **argv);

/* The next seed that is not done; false after the last. */
bool tally_next(struct tally *tally, uint64_t *seed);

/* One trial's outcome, counted by word and remembered. */
void tally_add(struct tally *tally, uint64_t seed, const char *word);

/* A trial that broke the promise: prints why. It is not remembered, so that it runs again. */
void tally_fail(struct tally *tally, uint64_t seed, const char *why);

/* Prints the sums; the exit code. */
int tally_end(struct tally *tally);

#endif
