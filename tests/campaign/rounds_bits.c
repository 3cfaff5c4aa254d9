/* Small cases of libsync/rounds by seed, each compared bit for bit with the plain oracle. */
#include "campaign/tally.h"
#include "support/rounds_cases.h"

int main(int argc, char **argv) {
    struct tally tally;
    uint64_t seed;
    char text[ROUNDS_CASE_TEXT];
    tally_begin(&tally, "rounds_bits", 2000, argc, argv);
    while (tally_next(&tally, &seed)) {
        enum rounds_exchange exchange = seed % 2 ? ROUNDS_ALL_GATHER : ROUNDS_OWNER_REDUCE;
        if (rounds_case_bits(seed, exchange, text)) {
            tally_add(&tally, seed, text);
        } else {
            tally_fail(&tally, seed, text);
        }
    }
    return tally_end(&tally);
}
