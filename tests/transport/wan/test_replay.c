#include "transport/wan/replay.h"

#include "base/random.h"
#include "support/cmocka.h"

enum { BITS = 256, WINDOW = BITS - 64 };

static void set_up(struct replay *replay) {
    assert_int_equal(replay_init(replay, BITS, NULL), SATSYNC_OK);
}

static void test_each_number_is_accepted_once_in_order(void **state) {
    (void)state;
    struct replay replay;
    set_up(&replay);
    for (uint64_t number = 0; number < 5 * BITS; number++) {
        assert_true(replay_is_new(&replay, number));
        replay_accept(&replay, number);
        assert_false(replay_is_new(&replay, number));
    }
    replay_fini(&replay);
}

static void test_numbers_before_the_window_are_refused_and_within_it_accepted(void **state) {
    (void)state;
    struct replay replay;
    set_up(&replay);
    replay_accept(&replay, 10000);
    assert_false(replay_is_new(&replay, 10000));
    assert_true(replay_is_new(&replay, 10001 - WINDOW));
    assert_false(replay_is_new(&replay, 10000 - WINDOW));
    assert_false(replay_is_new(&replay, 10000 - BITS));
    assert_false(replay_is_new(&replay, 0));
    replay_accept(&replay, 10001 - WINDOW);
    assert_false(replay_is_new(&replay, 10001 - WINDOW));
    replay_fini(&replay);
}

static void test_jumps_forget_what_the_window_left(void **state) {
    (void)state;
    const uint64_t jumps[] = {1, 63, 64, 65, BITS - 1, BITS, BITS + 1, 1u << 20, 1ull << 40};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        struct replay replay;
        set_up(&replay);
        for (uint64_t number = 0; number < BITS; number++) {
            replay_accept(&replay, number);
        }
        uint64_t landed = BITS - 1 + jumps[i];
        replay_accept(&replay, landed);
        for (uint64_t number = BITS; number < landed; number += 1 + jumps[i] / 1000) {
            assert_int_equal(replay_is_new(&replay, number), landed - number < WINDOW);
        }
        for (uint64_t number = 0; number < BITS; number++) {
            assert_false(replay_is_new(&replay, number));
        }
        replay_fini(&replay);
    }
}

static void test_the_highest_numbers_do_not_wrap(void **state) {
    (void)state;
    struct replay replay;
    set_up(&replay);
    assert_false(replay_is_new(&replay, UINT64_MAX));
    assert_true(replay_is_new(&replay, UINT64_MAX - 1));
    replay_accept(&replay, UINT64_MAX - 1);
    assert_false(replay_is_new(&replay, UINT64_MAX));
    assert_false(replay_is_new(&replay, UINT64_MAX - 1));
    assert_true(replay_is_new(&replay, UINT64_MAX - 2));
    assert_false(replay_is_new(&replay, 0));
    replay_fini(&replay);
}

static void test_random_arrivals_match_a_plain_list_of_what_was_seen(void **state) {
    (void)state;
    enum { NUMBERS = 4096 };
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct random random = random_of(seed, 0);
        bool seen[NUMBERS] = {false};
        uint64_t top = 0;
        struct replay replay;
        set_up(&replay);
        for (int i = 0; i < 20000; i++) {
            uint64_t base = (uint64_t)i * NUMBERS / 21000;
            uint64_t number = base + random_below(&random, BITS);
            number = number < NUMBERS ? number : NUMBERS - 1;
            bool in_window = number >= top || top - number <= WINDOW;
            bool expected = in_window && !seen[number];
            if (replay_is_new(&replay, number) != expected) {
                fail_msg("seed %d step %d", (int)seed, i);
            }
            if (expected) {
                replay_accept(&replay, number);
                seen[number] = true;
                top = number + 1 > top ? number + 1 : top;
            }
        }
        replay_fini(&replay);
    }
}

static void *no_memory(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return NULL;
}

static void no_release(void *context, void *memory) {
    (void)context;
    (void)memory;
}

static void test_lack_of_memory_is_told(void **state) {
    (void)state;
    struct replay replay;
    struct allocator none = {.allocate = no_memory, .release = no_release};
    assert_int_equal(replay_init(&replay, BITS, &none), SATSYNC_NO_MEMORY);
    replay_fini(&replay);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_is_accepted_once_in_order),
        cmocka_unit_test(test_numbers_before_the_window_are_refused_and_within_it_accepted),
        cmocka_unit_test(test_jumps_forget_what_the_window_left),
        cmocka_unit_test(test_the_highest_numbers_do_not_wrap),
        cmocka_unit_test(test_random_arrivals_match_a_plain_list_of_what_was_seen),
        cmocka_unit_test(test_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
