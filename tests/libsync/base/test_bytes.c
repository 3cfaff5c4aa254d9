#include "base/bytes.h"

#include "support/cmocka.h"

#include <string.h>

static void test_integers_lie_little_endian(void **state) {
    (void)state;
    uint8_t data[15];
    struct bytes_writer writer = bytes_writer_over(data, sizeof data);
    bytes_put_u8(&writer, 0x01);
    bytes_put_u16(&writer, 0x0302);
    bytes_put_u32(&writer, 0x07060504);
    bytes_put_u64(&writer, 0x0f0e0d0c0b0a0908);
    assert_false(writer.failed);
    for (uint8_t i = 0; i < sizeof data; i++) {
        assert_int_equal(data[i], i + 1);
    }
    struct bytes_reader reader = bytes_reader_over(data, sizeof data);
    assert_int_equal(bytes_get_u8(&reader), 0x01);
    assert_int_equal(bytes_get_u16(&reader), 0x0302);
    assert_int_equal(bytes_get_u32(&reader), 0x07060504);
    assert_false(bytes_all_read(&reader));
    assert_true(bytes_get_u64(&reader) == 0x0f0e0d0c0b0a0908);
    assert_true(bytes_all_read(&reader));
}

static void test_read_past_the_end_fails_for_good(void **state) {
    (void)state;
    const uint8_t data[3] = {1, 2, 3};
    struct bytes_reader reader = bytes_reader_over(data, sizeof data);
    assert_int_equal(bytes_get_u32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(bytes_get_u8(&reader), 0);
    assert_null(bytes_get_view(&reader, 0));
    assert_int_equal(bytes_left(&reader), 0);
    assert_false(bytes_all_read(&reader));
    uint8_t out[2] = {9, 9};
    bytes_get_copy(&reader, out, sizeof out);
    assert_int_equal(out[0] | out[1], 0);
}

static void test_view_of_more_than_the_address_space_fails(void **state) {
    (void)state;
    const uint8_t data[3] = {1, 2, 3};
    struct bytes_reader reader = bytes_reader_over(data, sizeof data);
    assert_null(bytes_get_view(&reader, SIZE_MAX));
    reader = bytes_reader_over(NULL, 0);
    assert_true(bytes_all_read(&reader));
    assert_null(bytes_get_view(&reader, 1));
}

static void test_write_that_does_not_fit_writes_nothing(void **state) {
    (void)state;
    uint8_t data[4] = {7, 7, 7, 7};
    struct bytes_writer writer = bytes_writer_over(data, 3);
    bytes_put_u32(&writer, 0);
    assert_true(writer.failed);
    bytes_put_u8(&writer, 0);
    assert_int_equal(bytes_written(&writer), 0);
    assert_int_equal(bytes_room(&writer), 0);
    assert_memory_equal(data, ((uint8_t[]){7, 7, 7, 7}), 4);
}

/* RFC 9000, appendix A.1, and the edges of each length. */
static void test_varint_matches_the_rfc(void **state) {
    (void)state;
    static const struct {
        uint64_t value;
        size_t bytes;
        uint8_t data[8];
    } cases[] = {
        {151288809941952652, 8, {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}},
        {494878333, 4, {0x9d, 0x7f, 0x3e, 0x7d}},
        {15293, 2, {0x7b, 0xbd}},
        {37, 1, {0x25}},
        {63, 1, {0x3f}},
        {64, 2, {0x40, 0x40}},
        {16383, 2, {0x7f, 0xff}},
        {16384, 4, {0x80, 0x00, 0x40, 0x00}},
        {1073741823, 4, {0xbf, 0xff, 0xff, 0xff}},
        {1073741824, 8, {0xc0, 0, 0, 0, 0x40, 0, 0, 0}},
        {4611686018427387903, 8, {255, 255, 255, 255, 255, 255, 255, 255}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t data[8];
        struct bytes_writer writer = bytes_writer_over(data, cases[i].bytes);
        bytes_put_varint(&writer, cases[i].value);
        assert_false(writer.failed);
        assert_int_equal(bytes_written(&writer), cases[i].bytes);
        assert_int_equal(varint_bytes(cases[i].value), cases[i].bytes);
        assert_memory_equal(data, cases[i].data, cases[i].bytes);
        struct bytes_reader reader = bytes_reader_over(data, cases[i].bytes);
        assert_true(bytes_get_varint(&reader) == cases[i].value);
        assert_true(bytes_all_read(&reader));
        reader = bytes_reader_over(data, cases[i].bytes - 1);
        assert_int_equal(bytes_get_varint(&reader), 0);
        assert_true(reader.failed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_lie_little_endian),
        cmocka_unit_test(test_read_past_the_end_fails_for_good),
        cmocka_unit_test(test_view_of_more_than_the_address_space_fails),
        cmocka_unit_test(test_write_that_does_not_fit_writes_nothing),
        cmocka_unit_test(test_varint_matches_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
