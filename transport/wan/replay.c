#include "transport/wan/replay.h"

#include <assert.h>
#include <string.h>

enum { WORD_BITS = 64 };

enum satsync_status replay_init(struct replay *replay, size_t bits,
                                const struct allocator *allocator) {
    assert(bits >= 2 * WORD_BITS && (bits & (bits - 1)) == 0);
    *replay = (struct replay){.bits = bits, .allocator = allocator};
    replay->words = memory_new(allocator, bits / WORD_BITS, sizeof *replay->words);
    return replay->words ? SATSYNC_OK : SATSYNC_NO_MEMORY;
}

void replay_fini(struct replay *replay) {
    memory_free(replay->allocator, replay->words);
    replay->words = NULL;
}

static uint64_t *word_of(const struct replay *replay, uint64_t number) {
    return &replay->words[number % replay->bits / WORD_BITS];
}

static uint64_t bit_of(uint64_t number) {
    return (uint64_t)1 << number % WORD_BITS;
}

bool replay_is_new(const struct replay *replay, uint64_t number) {
    if (number >= replay->top) {
        return number < UINT64_MAX;
    }
    /* The window ends at the end of top's word: words are cleared whole when it moves on. */
    uint64_t window = replay->bits - WORD_BITS;
    return replay->top - number <= window && !(*word_of(replay, number) & bit_of(number));
}

void replay_accept(struct replay *replay, uint64_t number) {
    assert(replay_is_new(replay, number));
    if (number >= replay->top) {
        /* Words that the window enters; the one that holds top - 1 is in it already. */
        uint64_t first = replay->top == 0 ? 0 : (replay->top - 1) / WORD_BITS + 1;
        uint64_t last = number / WORD_BITS;
        uint64_t words = replay->bits / WORD_BITS;
        if (last + 1 - first >= words) {
            memset(replay->words, 0, words * sizeof *replay->words);
        } else {
            for (uint64_t word = first; word <= last; word++) {
                replay->words[word % words] = 0;
            }
        }
        replay->top = number + 1;
    }
    *word_of(replay, number) |= bit_of(number);
}
