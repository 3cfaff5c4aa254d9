#include "engine/wanted.h"

#include "base/random.h"
#include "support/allocator.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

/* A file of which only the byte at each multiple of `period` is missing. */
static void have_all_but_every(struct ranges *have, uint64_t period, uint64_t bytes) {
    ranges_init(have, 1 << 20, NULL);
    for (uint64_t at = 0; at < bytes; at += period) {
        uint64_t end = at + period < bytes ? at + period : bytes;
        assert_int_equal(ranges_add(have, at + 1, end), SATSYNC_OK);
    }
}

static struct wanted wanted_of(size_t limit) {
    struct wanted wanted;
    assert_int_equal(wanted_init(&wanted, limit, NULL), SATSYNC_OK);
    return wanted;
}

static void assert_range(const struct wire_range *range, uint32_t file, uint64_t offset,
                         uint64_t bytes) {
    assert_int_equal(range->file, file);
    assert_int_equal(range->offset, offset);
    assert_int_equal(range->bytes, bytes);
}

static void test_whole_file_is_one_range_and_nothing_missing_is_none(void **state) {
    (void)state;
    struct wanted wanted = wanted_of(8);
    struct ranges none;
    struct ranges all;
    ranges_init(&none, 4, NULL);
    ranges_init(&all, 4, NULL);
    assert_int_equal(ranges_add(&all, 0, 5000), SATSYNC_OK);
    wanted_add_gaps(&wanted, 0, &none, 5000);
    wanted_add_gaps(&wanted, 1, &all, 5000);
    wanted_add_gaps(&wanted, 2, &none, 0);
    wanted_add_gaps(&wanted, 3, &all, 5001);
    assert_int_equal(wanted.count, 2);
    assert_range(&wanted.ranges[0], 0, 0, 5000);
    assert_range(&wanted.ranges[1], 3, 5000, 1);
    ranges_fini(&none);
    ranges_fini(&all);
    free(wanted.ranges);
}

static void test_gap_is_joined_over_half_a_datagram_and_no_more(void **state) {
    (void)state;
    struct wanted wanted = wanted_of(8);
    struct ranges have;
    ranges_init(&have, 8, NULL);
    assert_int_equal(ranges_add(&have, 1000, 1512), SATSYNC_OK);
    assert_int_equal(ranges_add(&have, 2000, 2513), SATSYNC_OK);
    wanted_add_gaps(&wanted, 0, &have, 3000);
    assert_int_equal(wanted.count, 2);
    assert_range(&wanted.ranges[0], 0, 0, 2000);
    assert_range(&wanted.ranges[1], 0, 2513, 487);
    ranges_fini(&have);
    free(wanted.ranges);
}

static void test_files_never_join(void **state) {
    (void)state;
    struct wanted wanted = wanted_of(3);
    struct ranges none;
    ranges_init(&none, 1, NULL);
    for (uint32_t file = 0; file < 3; file++) {
        wanted_add_gaps(&wanted, file, &none, 10);
    }
    assert_int_equal(wanted.count, 3);
    for (uint32_t file = 0; file < 3; file++) {
        assert_range(&wanted.ranges[file], file, 0, 10);
    }
    ranges_fini(&none);
    free(wanted.ranges);
}

static void test_too_many_gaps_join_the_nearest_first(void **state) {
    (void)state;
    struct wanted wanted = wanted_of(4);
    struct ranges have;
    ranges_init(&have, 8, NULL);
    /* Present: 100000, 700, 100000, 900, 100000 bytes, one missing byte around each. */
    static const uint64_t present[] = {100000, 700, 100000, 900, 100000};
    uint64_t at = 1;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(ranges_add(&have, at, at + present[i]), SATSYNC_OK);
        at += present[i] + 1;
    }
    wanted_add_gaps(&wanted, 0, &have, at);
    assert_int_equal(wanted.count, 4);
    assert_range(&wanted.ranges[0], 0, 0, 1);
    assert_range(&wanted.ranges[1], 0, 100001, 702);
    assert_range(&wanted.ranges[2], 0, 200703, 902);
    assert_range(&wanted.ranges[3], 0, 301605, 1);
    ranges_fini(&have);
    free(wanted.ranges);
}

static void test_no_more_is_joined_than_must_be(void **state) {
    (void)state;
    struct wanted wanted = wanted_of(4);
    struct ranges have;
    ranges_init(&have, 8, NULL);
    static const uint64_t present[] = {100000, 700, 1500, 100000};
    uint64_t at = 1;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ranges_add(&have, at, at + present[i]), SATSYNC_OK);
        at += present[i] + 1;
    }
    wanted_add_gaps(&wanted, 0, &have, at);
    assert_int_equal(wanted.count, 4);
    assert_range(&wanted.ranges[1], 0, 100001, 702);
    assert_range(&wanted.ranges[2], 0, 102203, 1);
    ranges_fini(&have);
    free(wanted.ranges);
}

static void test_many_gaps_stay_within_the_limit(void **state) {
    (void)state;
    enum { LIMIT = 100, PERIOD = 5000, GAPS = 5000 };
    struct wanted wanted = wanted_of(LIMIT);
    struct ranges have;
    have_all_but_every(&have, PERIOD, PERIOD * GAPS);
    wanted_add_gaps(&wanted, 0, &have, PERIOD * GAPS);
    assert_in_range(wanted.count, 1, LIMIT);
    struct wire_range last = wanted.ranges[wanted.count - 1];
    assert_int_equal(wanted.ranges[0].offset, 0);
    assert_int_equal(last.offset + last.bytes, PERIOD * (GAPS - 1) + 1);
    ranges_fini(&have);
    free(wanted.ranges);
}

enum { MODEL_FILES = 3, MODEL_BYTES = 40000 };

/* One byte of memory per byte of a file: 1 is present. */
struct model {
    uint8_t present[MODEL_FILES][MODEL_BYTES];
    uint8_t asked[MODEL_FILES][MODEL_BYTES];
};

static void fill(struct model *model, struct random *random, struct ranges have[MODEL_FILES]) {
    memset(model, 0, sizeof *model);
    for (size_t file = 0; file < MODEL_FILES; file++) {
        ranges_init(&have[file], 1000, NULL);
        for (uint64_t pieces = random_below(random, 60); pieces > 0; pieces--) {
            uint64_t from = random_below(random, MODEL_BYTES);
            uint64_t to = from + 1 + random_below(random, 2000);
            to = to < MODEL_BYTES ? to : MODEL_BYTES;
            assert_int_equal(ranges_add(&have[file], from, to), SATSYNC_OK);
            memset(model->present[file] + from, 1, to - from);
        }
    }
}

static void check(struct model *model, const struct wanted *wanted) {
    uint64_t end = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        const struct wire_range *range = &wanted->ranges[i];
        uint64_t from = (uint64_t)range->file * MODEL_BYTES + range->offset;
        assert_true(range->bytes > 0 && range->offset + range->bytes <= MODEL_BYTES);
        assert_true(i == 0 || from >= end);
        end = from + range->bytes;
        /* No range begins or ends with bytes that are there. */
        const uint8_t *present = model->present[range->file] + range->offset;
        assert_true(!present[0] && !present[range->bytes - 1]);
        memset(model->asked[range->file] + range->offset, 1, range->bytes);
    }
    for (size_t file = 0; file < MODEL_FILES; file++) {
        for (size_t at = 0; at < MODEL_BYTES; at++) {
            assert_true(model->present[file][at] || model->asked[file][at]);
        }
    }
}

static void test_every_missing_byte_is_asked_for_once_by_any_seed(void **state) {
    (void)state;
    static struct model model;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct random random = random_of(seed, 0);
        struct ranges have[MODEL_FILES];
        fill(&model, &random, have);
        size_t limit = MODEL_FILES + 1 + random_below(&random, 40);
        print_message("seed %llu, limit %zu\n", (unsigned long long)seed, limit);
        struct wanted wanted = wanted_of(limit);
        for (uint32_t file = 0; file < MODEL_FILES; file++) {
            wanted_add_gaps(&wanted, file, &have[file], MODEL_BYTES);
            ranges_fini(&have[file]);
        }
        assert_true(wanted.count <= limit);
        check(&model, &wanted);
        free(wanted.ranges);
    }
}

static void test_no_memory_is_said(void **state) {
    (void)state;
    struct counting_allocator counting;
    struct wanted wanted;
    counting_allocator_init(&counting, 1);
    assert_int_equal(wanted_init(&wanted, 4, &counting.allocator), SATSYNC_NO_MEMORY);
    assert_int_equal(counting.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_file_is_one_range_and_nothing_missing_is_none),
        cmocka_unit_test(test_gap_is_joined_over_half_a_datagram_and_no_more),
        cmocka_unit_test(test_files_never_join),
        cmocka_unit_test(test_too_many_gaps_join_the_nearest_first),
        cmocka_unit_test(test_no_more_is_joined_than_must_be),
        cmocka_unit_test(test_many_gaps_stay_within_the_limit),
        cmocka_unit_test(test_every_missing_byte_is_asked_for_once_by_any_seed),
        cmocka_unit_test(test_no_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
