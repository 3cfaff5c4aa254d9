/*
 * Whole transfers by seed in virtual time, with everything at once: loss, reordering, duplication,
 * corruption, outages, the death of either end, new addresses, clocks that leap, hostile datagrams.
 * `--tell SEED` runs one and tells its story.
 */
#include "campaign/tally.h"
#include "support/adversity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STORY_BYTES = 2048 };

static const char *word_of(const struct adversity *adversity, const struct adversity_end *end) {
    return adversity->no_path             ? "told_that_no_path_returns"
           : end->troubles && end->twists ? "whole_through_troubles_and_twists"
           : end->troubles                ? "whole_through_troubles"
           : end->twists                  ? "whole_through_twists"
                                          : "whole";
}

static void run(uint64_t seed, struct adversity *adversity, struct adversity_end *end) {
    adversity_of(seed, adversity);
    adversity_worsen(adversity);
    adversity_run(adversity, end);
}

static int tell(uint64_t seed) {
    struct adversity adversity;
    struct adversity_end end;
    char story[STORY_BYTES];
    run(seed, &adversity, &end);
    adversity_tell(&adversity, story, sizeof story);
    printf("%s\n%s: links %u troubles %zu twists %zu hostile %llu packets %llu virtual %.3f s\n",
           story, end.passed ? "passed" : end.what, end.links, end.troubles, end.twists,
           (unsigned long long)end.hostile, (unsigned long long)end.packets,
           (double)end.time_ns / 1e9);
    return !end.passed;
}

int main(int argc, char **argv) {
    struct tally tally;
    uint64_t seed;
    uint64_t hostile = 0;
    if (argc == 3 && strcmp(argv[1], "--tell") == 0) {
        return tell(strtoull(argv[2], NULL, 10));
    }
    tally_begin(&tally, "everything", 10000, argc, argv);
    while (tally_next(&tally, &seed)) {
        struct adversity adversity;
        struct adversity_end end;
        run(seed, &adversity, &end);
        hostile += end.hostile;
        if (end.passed) {
            tally_add(&tally, seed, word_of(&adversity, &end));
        } else {
            tally_fail(&tally, seed, end.what);
        }
    }
    printf("hostile datagrams: %llu\n", (unsigned long long)hostile);
    return tally_end(&tally);
}
