#include "model/extent_table.h"

#include "codec/seal.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000, ENTRY_BYTES = 20, HEADER_BYTES = 16 };

static struct extent_table_writer writer;
static uint8_t *table;
static size_t table_bytes;

static int set_up(void **state) {
    (void)state;
    extent_table_init(&writer, NULL);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t checksum[EXTENT_CHECKSUM_BYTES] = {(uint8_t)i, (uint8_t)(i >> 8)};
        if (extent_table_add(&writer, i + 1, checksum) != SATSYNC_OK) {
            return 1;
        }
    }
    const uint8_t *made = extent_table_finish(&writer, &table_bytes);
    table = malloc(table_bytes + 1);
    memcpy(table, made, table_bytes);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    free(table);
    extent_table_fini(&writer);
    return 0;
}

static enum satsync_status open_table(size_t bytes, uint64_t offset) {
    struct extent_table_reader reader;
    return extent_table_open(&reader, table, bytes, offset);
}

static void test_extents_round_trip(void **state) {
    (void)state;
    struct extent_table_reader reader;
    struct extent extent;
    uint64_t offset = 0;
    assert_int_equal(writer.end, COUNT * (COUNT + 1) / 2);
    assert_int_equal(extent_table_open(&reader, table, table_bytes, writer.end), SATSYNC_OK);
    assert_int_equal(reader.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_true(extent_table_next(&reader, &extent));
        assert_int_equal(extent.offset, offset);
        assert_int_equal(extent.bytes, i + 1);
        assert_int_equal(extent.checksum[1], i >> 8);
        offset += extent.bytes;
    }
    assert_false(extent_table_next(&reader, &extent));
    assert_true(extent_table_get(&reader, 2, &extent));
    assert_int_equal(extent.offset, 3);
    assert_int_equal(extent.bytes, 3);
    assert_false(extent_table_get(&reader, COUNT, &extent));
}

static void test_empty_pack_has_an_empty_table(void **state) {
    (void)state;
    struct extent_table_writer empty;
    struct extent_table_reader reader;
    size_t bytes;
    extent_table_init(&empty, NULL);
    const uint8_t *made = extent_table_finish(&empty, &bytes);
    assert_int_equal(bytes, HEADER_BYTES);
    assert_int_equal(extent_table_open(&reader, made, bytes, 0), SATSYNC_OK);
    assert_int_equal(reader.count, 0);
    extent_table_fini(&empty);
}

static void test_table_that_does_not_tile_its_pack_is_corrupt(void **state) {
    (void)state;
    assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_OK);
    assert_int_equal(open_table(table_bytes, writer.end + 1), SATSYNC_CORRUPT);
    assert_int_equal(open_table(table_bytes, writer.end - 1), SATSYNC_CORRUPT);
    assert_int_equal(open_table(table_bytes, 0), SATSYNC_CORRUPT);
    static const uint32_t sizes[] = {0, 99, 0xffffffff, EXTENT_BYTES_MAX + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        store_le32(table + HEADER_BYTES + 100 * ENTRY_BYTES, sizes[i]);
        assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_CORRUPT);
    }
    store_le32(table + HEADER_BYTES + 100 * ENTRY_BYTES, 101);
    assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_OK);
}

static void test_cut_longer_or_miscounted_table_is_corrupt(void **state) {
    (void)state;
    for (size_t cut = 0; cut < table_bytes; cut += cut < 100 ? 1 : 77) {
        assert_int_equal(open_table(cut, writer.end), SATSYNC_CORRUPT);
    }
    assert_int_equal(open_table(table_bytes + 1, writer.end), SATSYNC_CORRUPT);
    static const uint64_t counts[] = {0, COUNT - 1, COUNT + 1, UINT64_MAX, (uint64_t)1 << 62};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        store_le64(table + 8, counts[i]);
        assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_CORRUPT);
    }
    store_le64(table + 8, COUNT);
}

static void test_newer_table_is_told_from_a_damaged_one(void **state) {
    (void)state;
    store_le32(table + 4, 2);
    assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_NEWER_VERSION);
    store_le32(table + 4, 0);
    assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_CORRUPT);
    store_le32(table + 4, 1);
    table[0] ^= 1;
    assert_int_equal(open_table(table_bytes, writer.end), SATSYNC_CORRUPT);
    table[0] ^= 1;
}

/* As the engine does it: the root holds the table's digest. */
static void test_one_flipped_byte_anywhere_changes_the_digest(void **state) {
    (void)state;
    uint8_t before[DIGEST_BYTES];
    uint8_t after[DIGEST_BYTES];
    assert_int_equal(seal_ready(NULL), SATSYNC_OK);
    digest_of(table, table_bytes, before);
    for (size_t at = 0; at < table_bytes; at += 13) {
        table[at] ^= 1;
        digest_of(table, table_bytes, after);
        assert_memory_not_equal(before, after, DIGEST_BYTES);
        table[at] ^= 1;
    }
}

static int left_until_failure;

static void *fail_later(void *context, size_t bytes) {
    (void)context;
    return left_until_failure-- > 0 ? test_malloc(bytes) : NULL;
}

static void release(void *context, void *memory) {
    (void)context;
    test_free(memory);
}

static void test_failed_allocation_adds_nothing(void **state) {
    (void)state;
    struct allocator allocator = {fail_later, release, NULL};
    const uint8_t checksum[EXTENT_CHECKSUM_BYTES] = {0};
    struct extent_table_writer poor;
    size_t bytes;
    extent_table_init(&poor, &allocator);
    left_until_failure = 0;
    assert_null(extent_table_finish(&poor, &bytes));
    left_until_failure = 1;
    uint64_t added = 0;
    while (extent_table_add(&poor, 10, checksum) == SATSYNC_OK) {
        added++;
    }
    assert_int_equal(poor.count, added);
    assert_int_equal(poor.end, 10 * added);
    left_until_failure = 1;
    assert_int_equal(extent_table_add(&poor, 10, checksum), SATSYNC_OK);
    const uint8_t *made = extent_table_finish(&poor, &bytes);
    struct extent_table_reader reader;
    assert_int_equal(extent_table_open(&reader, made, bytes, 10 * added + 10), SATSYNC_OK);
    extent_table_fini(&poor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extents_round_trip),
        cmocka_unit_test(test_empty_pack_has_an_empty_table),
        cmocka_unit_test(test_table_that_does_not_tile_its_pack_is_corrupt),
        cmocka_unit_test(test_cut_longer_or_miscounted_table_is_corrupt),
        cmocka_unit_test(test_newer_table_is_told_from_a_damaged_one),
        cmocka_unit_test(test_one_flipped_byte_anywhere_changes_the_digest),
        cmocka_unit_test(test_failed_allocation_adds_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
