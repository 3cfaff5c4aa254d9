#include "base/map.h"

#include "base/random.h"
#include "support/allocator.h"
#include "support/cmocka.h"

enum { KEYS = 200 };

/* An array is the model; keys repeat in their low bits, so that probes collide. */
static void test_random_use_matches_an_array(void **state) {
    (void)state;
    struct random random = random_of(3, 0);
    struct map map;
    map_init(&map, NULL);
    bool present[KEYS] = {false};
    uint64_t values[KEYS];
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)random_below(&random, KEYS);
        uint64_t key = (uint64_t)i << 40;
        if (random_below(&random, 2)) {
            values[i] = random_u64(&random);
            assert_int_equal(map_set(&map, key, values[i]), SATSYNC_OK);
            count += !present[i];
            present[i] = true;
        } else {
            assert_int_equal(map_remove(&map, key), present[i]);
            count -= present[i];
            present[i] = false;
        }
        assert_int_equal(map.count, count);
        size_t other = (size_t)random_below(&random, KEYS);
        uint64_t *found = map_get(&map, (uint64_t)other << 40);
        assert_int_equal(found != NULL, present[other]);
        assert_true(!found || *found == values[other]);
    }
    map_fini(&map);
}

static void test_empty_map_has_nothing(void **state) {
    (void)state;
    struct map map;
    map_init(&map, NULL);
    assert_null(map_get(&map, 0));
    assert_false(map_remove(&map, 0));
    map_fini(&map);
}

static void test_map_without_memory_is_as_it_was(void **state) {
    (void)state;
    bool finished = false;
    for (size_t fail_at = 1; !finished; fail_at++) {
        struct counting_allocator counting;
        counting_allocator_init(&counting, fail_at);
        struct map map;
        map_init(&map, &counting.allocator);
        uint64_t stored = 0;
        while (stored < 100 && map_set(&map, stored, ~stored) == SATSYNC_OK) {
            stored++;
        }
        finished = stored == 100;
        assert_int_equal(map.count, stored);
        for (uint64_t key = 0; key < stored; key++) {
            assert_true(*map_get(&map, key) == ~key);
        }
        assert_null(map_get(&map, stored));
        map_fini(&map);
        assert_int_equal(counting.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_use_matches_an_array),
        cmocka_unit_test(test_empty_map_has_nothing),
        cmocka_unit_test(test_map_without_memory_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
