#include "campaign/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(const struct tally *tally) {
    fprintf(stderr, "usage: %s [--count N] [--seed S] [--tally FILE]\n", tally->name);
    exit(2);
}

static uint64_t number(const struct tally *tally, const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (end == text || *end) {
        usage(tally);
    }
    return value;
}

static void count_word(struct tally *tally, const char *word) {
    size_t i = 0;
    while (i < tally->word_count && strcmp(tally->words[i].word, word) != 0) {
        i++;
    }
    if (i == TALLY_WORDS) {
        i--; /* the last one stands for all others */
    } else if (i == tally->word_count) {
        tally->word_count++;
        snprintf(tally->words[i].word, sizeof tally->words[i].word, "%s", word);
    }
    tally->words[i].count++;
}

static void read_file(struct tally *tally) {
    FILE *file = fopen(tally->file, "r");
    if (!file) {
        return;
    }
    uint64_t seed;
    char word[48];
    while (fscanf(file, "%" SCNu64 " %47s", &seed, word) == 2) {
        if (seed >= tally->seed && seed - tally->seed < tally->count &&
            !tally->done[seed - tally->seed]) {
            tally->done[seed - tally->seed] = 1;
            tally->resumed++;
            count_word(tally, word);
        }
    }
    fclose(file);
}

void tally_begin(struct tally *tally, const char *name, uint64_t count, int argc, char **argv) {
    *tally = (struct tally){.name = name, .count = count, .seed = 1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            usage(tally);
        } else if (strcmp(argv[i], "--count") == 0) {
            tally->count = number(tally, argv[i + 1]);
        } else if (strcmp(argv[i], "--seed") == 0) {
            tally->seed = number(tally, argv[i + 1]);
        } else if (strcmp(argv[i], "--tally") == 0) {
            tally->file = argv[i + 1];
        } else {
            usage(tally);
        }
    }
    tally->done = calloc(tally->count + 1, 1);
    if (!tally->done) {
        fprintf(stderr, "%s: no memory\n", name);
        exit(3);
    }
    if (tally->file) {
        read_file(tally);
    }
}

bool tally_next(struct tally *tally, uint64_t *seed) {
    for (uint64_t i = 0; i < tally->count; i++) {
        if (!tally->done[i]) {
            tally->done[i] = 1;
            *seed = tally->seed + i;
            return true;
        }
    }
    return false;
}

void tally_add(struct tally *tally, uint64_t seed, const char *word) {
    count_word(tally, word);
    FILE *file = tally->file ? fopen(tally->file, "a") : NULL;
    if (file) {
        fprintf(file, "%" PRIu64 " %s\n", seed, word);
        fclose(file);
    }
}

void tally_fail(struct tally *tally, uint64_t seed, const char *why) {
    tally->failures++;
    printf("%s: seed %" PRIu64 ": FAILED: %s\n", tally->name, seed, why);
    fflush(stdout);
}

int tally_end(struct tally *tally) {
    printf("%s: seeds %" PRIu64 " to %" PRIu64 ", %" PRIu64 " of them done before\n", tally->name,
           tally->seed, tally->seed + tally->count - 1, tally->resumed);
    for (size_t i = 0; i < tally->word_count; i++) {
        printf("  %-40s %" PRIu64 "\n", tally->words[i].word, tally->words[i].count);
    }
    printf("  %-40s %" PRIu64 "\n", "FAILED", tally->failures);
    free(tally->done);
    return tally->failures == 0 ? 0 : 1;
}
