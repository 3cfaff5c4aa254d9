#include "ckpt/store/claims.h"

#include "support/cmocka.h"

#include <string.h>

enum { ROOM = 1024 };

static const uint8_t digest[CLAIMS_DIGEST_BYTES] = {1, 2, 3};
static const struct incoming_file files[2] = {{{{9}}, 4096}, {{{8}}, UINT64_MAX / 2}};
static const struct claim first[2] = {{.file = 0, .range = {0, 100}},
                                      {.file = 1, .range = {5, UINT64_MAX / 2}}};
static const struct claim second[1] = {{.file = 1, .kind = CLAIM_TAKEN_BACK, .range = {7, 9}}};

static size_t journal(uint8_t *out) {
    uint64_t sum;
    size_t at = claims_header_bytes(2);
    claims_put_header(out, digest, files, 2, &sum);
    claims_put_record(out + at, first, 2, &sum);
    at += claims_record_bytes(2);
    claims_put_record(out + at, second, 1, &sum);
    return at + claims_record_bytes(1);
}

/* Number of claims that a reader hears; SIZE_MAX when the header is refused. */
static size_t heard(const uint8_t *data, size_t bytes) {
    static struct claim claims[CLAIMS_PER_RECORD];
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    struct claims_header header;
    uint64_t sum;
    size_t total = 0;
    if (!claims_get_header(&reader, &header, &sum)) {
        return SIZE_MAX;
    }
    for (size_t count; (count = claims_get_record(&reader, claims, &sum)) > 0;) {
        total += count;
    }
    return total;
}

static void test_what_was_written_is_read(void **state) {
    (void)state;
    uint8_t data[ROOM];
    static struct claim claims[CLAIMS_PER_RECORD];
    struct bytes_reader reader = bytes_reader_over(data, journal(data));
    struct claims_header header;
    uint64_t sum;
    assert_true(claims_get_header(&reader, &header, &sum));
    assert_memory_equal(header.digest, digest, sizeof digest);
    assert_int_equal(header.files, 2);
    assert_int_equal(claims_header_file(&header, 1).bytes, UINT64_MAX / 2);
    assert_int_equal(claims_header_file(&header, 0).id.bytes[0], 9);
    assert_int_equal(claims_get_record(&reader, claims, &sum), 2);
    assert_int_equal(claims[1].file, 1);
    assert_int_equal(claims[1].range.to, UINT64_MAX / 2);
    assert_int_equal(claims[1].kind, CLAIM_DURABLE);
    assert_int_equal(claims_get_record(&reader, claims, &sum), 1);
    assert_int_equal(claims[0].kind, CLAIM_TAKEN_BACK);
    assert_true(bytes_all_read(&reader));
}

static void test_a_cut_journal_counts_up_to_the_last_whole_record(void **state) {
    (void)state;
    uint8_t data[ROOM];
    size_t bytes = journal(data);
    size_t header = claims_header_bytes(2);
    size_t one = header + claims_record_bytes(2);
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(heard(data, cut), cut < header ? SIZE_MAX : cut < one ? 0 : 2);
    }
    assert_int_equal(heard(data, bytes), 3);
}

static void test_a_flipped_bit_ends_the_journal_before_it(void **state) {
    (void)state;
    uint8_t data[ROOM];
    size_t bytes = journal(data);
    size_t header = claims_header_bytes(2);
    size_t one = header + claims_record_bytes(2);
    for (size_t bit = 0; bit < bytes * 8; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        size_t at = bit / 8;
        assert_int_equal(heard(data, bytes), at < header ? SIZE_MAX : at < one ? 0 : 2);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_a_record_counts_only_behind_the_ones_it_was_written_behind(void **state) {
    (void)state;
    uint8_t data[ROOM];
    size_t bytes = journal(data);
    size_t header = claims_header_bytes(2);
    size_t one = header + claims_record_bytes(2);
    memmove(data + header, data + one, bytes - one);
    assert_int_equal(heard(data, header + (bytes - one)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_read),
        cmocka_unit_test(test_a_cut_journal_counts_up_to_the_last_whole_record),
        cmocka_unit_test(test_a_flipped_bit_ends_the_journal_before_it),
        cmocka_unit_test(test_a_record_counts_only_behind_the_ones_it_was_written_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
