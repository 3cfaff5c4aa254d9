#include "base/random.h"
#include "rounds/promises.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static struct promises promises, back;
static uint8_t record[PROMISES_BYTES_MAX];

static struct promise entry_of(uint64_t term, size_t bytes) {
    struct promise entry = {.term = term, .type = 1, .bytes = (uint16_t)bytes};
    memset(entry.data, (int)term, bytes);
    return entry;
}

static void append(uint64_t term, size_t bytes) {
    struct promise entry = entry_of(term, bytes);
    assert_int_equal(promises_append(&promises, &entry), SATSYNC_OK);
}

static void make_some(void) {
    promises_init(&promises);
    promises.term = 9;
    promises.vote = 2;
    promises.snapshot_index = 3;
    promises.configuration_index = 1;
    promises.snapshot = entry_of(2, 40);
    promises.snapshot.type = 0;
    for (uint64_t i = 0; i < 8; i++) {
        append(1 + i, 10 * (size_t)i + 1);
    }
    promises_forget(&promises, 2);
}

static void test_what_was_promised_comes_back(void **state) {
    (void)state;
    make_some();
    size_t bytes = promises_encode(&promises, record);
    assert_int_equal(promises_decode(&back, record, bytes), SATSYNC_OK);
    assert_int_equal(back.term, 9);
    assert_int_equal(back.vote, 2);
    assert_int_equal(back.first_index, 3);
    assert_int_equal(promises_last_index(&back), 8);
    for (uint64_t index = 3; index <= 8; index++) {
        assert_memory_equal(promises_entry(&back, index), promises_entry(&promises, index),
                            sizeof(struct promise));
    }
    assert_memory_equal(&back.snapshot, &promises.snapshot, sizeof back.snapshot);
    assert_null(promises_entry(&back, 2));
    assert_null(promises_entry(&back, 9));
}

static void test_a_full_log_takes_no_more(void **state) {
    (void)state;
    promises_init(&promises);
    promises.term = 1;
    for (size_t i = 0; i < PROMISE_ENTRIES_MAX; i++) {
        append(1, PROMISE_BYTES_MAX);
    }
    struct promise entry = entry_of(1, 1);
    assert_int_equal(promises_append(&promises, &entry), SATSYNC_LIMIT);
    size_t bytes = promises_encode(&promises, record);
    assert_true(bytes <= PROMISES_BYTES_MAX);
    assert_int_equal(promises_decode(&back, record, bytes), SATSYNC_OK);
    promises_truncate(&promises, 1);
    assert_int_equal(promises.count, 0);
    entry.bytes = PROMISE_BYTES_MAX + 1;
    assert_int_equal(promises_append(&promises, &entry), SATSYNC_LIMIT);
}

static void test_any_damage_is_found(void **state) {
    (void)state;
    make_some();
    size_t bytes = promises_encode(&promises, record);
    for (size_t at = 0; at < bytes; at++) {
        record[at] ^= 0x10;
        assert_int_equal(promises_decode(&back, record, bytes), SATSYNC_CORRUPT);
        record[at] ^= 0x10;
        assert_int_equal(promises_decode(&back, record, at), SATSYNC_CORRUPT);
    }
    assert_int_equal(promises_decode(&back, record, bytes), SATSYNC_OK);
}

/* Whole, so nothing but sense can be wrong. */
static void refuse(void) {
    size_t bytes = promises_encode(&promises, record);
    assert_int_equal(promises_decode(&back, record, bytes), SATSYNC_CORRUPT);
    assert_int_equal(back.count, 0);
}

static void test_promises_that_make_no_sense_are_refused(void **state) {
    (void)state;
    make_some();
    promises.first_index = 5; /* a gap behind the snapshot */
    refuse();
    make_some();
    promises.entries[2].term = 1; /* terms never fall */
    refuse();
    make_some();
    promises.term = 7; /* an entry of a term that was not reached */
    refuse();
    make_some();
    promises.snapshot_index = 9; /* beyond the log */
    refuse();
    make_some();
    promises.configuration_index = 4;
    refuse();
    make_some();
    promises.entries[1].bytes = 0;
    refuse();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_promised_comes_back),
        cmocka_unit_test(test_a_full_log_takes_no_more),
        cmocka_unit_test(test_any_damage_is_found),
        cmocka_unit_test(test_promises_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
