#include "transport/wan/frame.h"

#include "base/random.h"
#include "support/cmocka.h"
#include "transport/wan/arrival.h"

#include <string.h>

static enum frame_result decode(const void *bytes, size_t count, struct frame *frame) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    return frame_next(&reader, frame);
}

static void test_data_frames_come_back_as_they_went(void **state) {
    (void)state;
    static const struct frame frames[] = {
        {.kind = FRAME_DATA,
         .class = LINK_CONTROL,
         .message = 0,
         .total = 3,
         .offset = 1,
         .bytes = 2},
        {.kind = FRAME_DATA,
         .class = LINK_CHECKPOINT,
         .message = UINT64_C(1) << 61,
         .total = UINT64_C(1) << 61,
         .offset = UINT64_C(1) << 60,
         .bytes = 1400},
        {.kind = FRAME_COVERED,
         .class = LINK_GRADIENT,
         .message = 70,
         .total = 2500,
         .offset = 2000,
         .bytes = 500,
         .symbol_bytes = 1000},
        {.kind = FRAME_REPAIR,
         .class = LINK_GRADIENT,
         .message = 70,
         .total = 2500,
         .offset = 0,
         .bytes = 1000,
         .symbol_bytes = 1000,
         .repair_index = 61},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        uint8_t bytes[1500] = {0}; /* begins with padding */
        struct bytes_writer writer = bytes_writer_over(bytes + 3, sizeof bytes - 3);
        frame_put_data_header(&writer, &frames[i]);
        assert_int_equal(bytes_written(&writer), frame_data_header_bytes(&frames[i]));
        assert_true(bytes_written(&writer) <=
                    frame_data_header_most(frames[i].message, frames[i].total));
        struct frame back;
        assert_int_equal(decode(bytes, 3 + bytes_written(&writer) + frames[i].bytes, &back),
                         FRAME_OK);
        assert_int_equal(back.kind, frames[i].kind);
        assert_int_equal(back.class, frames[i].class);
        assert_true(back.message == frames[i].message && back.total == frames[i].total);
        assert_true(back.offset == frames[i].offset && back.bytes == frames[i].bytes);
        assert_int_equal(back.symbol_bytes, frames[i].symbol_bytes);
        assert_int_equal(back.repair_index, frames[i].repair_index);
        assert_ptr_equal(back.payload, bytes + 3 + bytes_written(&writer));
    }
}

static void test_ack_ranges_come_back_as_they_went(void **state) {
    (void)state;
    struct random random = random_of(3, 0);
    for (int trial = 0; trial < 500; trial++) {
        struct frame_ack ack = {.delay_us = random_below(&random, 100000),
                                .received_us = random_below(&random, ARRIVAL_STAMPS)};
        ack.range_count = 1 + random_below(&random, FRAME_ACK_RANGES_MAX);
        uint64_t top = 1000000000 + random_u32(&random);
        ack.largest = top - 1;
        for (size_t i = 0; i < ack.range_count; i++) {
            uint64_t from = top - 1 - random_below(&random, 1000);
            ack.ranges[i] = (struct range){from, top};
            top = from - 1 - random_below(&random, 1000);
        }
        uint8_t bytes[1024];
        struct bytes_writer writer = bytes_writer_over(bytes, sizeof bytes);
        frame_put_ack(&writer, &ack);
        assert_false(writer.failed);
        struct frame back;
        assert_int_equal(decode(bytes, bytes_written(&writer), &back), FRAME_OK);
        assert_int_equal(back.ack.range_count, ack.range_count);
        assert_true(back.ack.largest == ack.largest && back.ack.delay_us == ack.delay_us);
        assert_int_equal(back.ack.received_us, ack.received_us);
        assert_memory_equal(back.ack.ranges, ack.ranges, ack.range_count * sizeof(struct range));
        for (size_t cut = 0; cut + 1 < bytes_written(&writer); cut++) {
            assert_int_equal(decode(bytes, cut + 1, &back), FRAME_MALFORMED);
        }
    }
}

static void test_small_frames_follow_each_other(void **state) {
    (void)state;
    uint8_t bytes[64];
    struct bytes_writer writer = bytes_writer_over(bytes, sizeof bytes);
    frame_put_value(&writer, FRAME_PING, 0);
    frame_put_value(&writer, FRAME_WINDOW, 123456789);
    frame_put_have(&writer, 5, &(struct range){100, 350});
    frame_put_value(&writer, FRAME_CLOSE, SATSYNC_NO_PATH);
    frame_put_value(&writer, FRAME_RTT, 600000);
    struct bytes_reader reader = bytes_reader_over(bytes, bytes_written(&writer));
    struct frame frame;
    assert_int_equal(frame_next(&reader, &frame), FRAME_OK);
    assert_int_equal(frame.kind, FRAME_PING);
    assert_int_equal(frame_next(&reader, &frame), FRAME_OK);
    assert_int_equal(frame.kind, FRAME_WINDOW);
    assert_int_equal(frame.value, 123456789);
    assert_int_equal(frame_next(&reader, &frame), FRAME_OK);
    assert_int_equal(frame.kind, FRAME_HAVE);
    assert_true(frame.message == 5 && frame.offset == 100 && frame.bytes == 250);
    assert_int_equal(frame_next(&reader, &frame), FRAME_OK);
    assert_int_equal(frame.value, SATSYNC_NO_PATH);
    assert_int_equal(frame_next(&reader, &frame), FRAME_OK);
    assert_int_equal(frame.value, 600000);
    assert_int_equal(frame_next(&reader, &frame), FRAME_END);
}

static void test_what_contradicts_itself_is_malformed(void **state) {
    (void)state;
    static const struct {
        const char *why;
        uint8_t bytes[12];
        size_t count;
    } cases[] = {
        {"unknown kind", {0x07}, 1},
        {"unknown kind between", {0x0f, 1, 1}, 3},
        {"class 3", {0x13, 1, 10, 0, 9}, 5},
        {"no payload", {0x10, 1, 10, 0}, 4},
        {"empty message", {0x10, 1, 0, 0, 9}, 5},
        {"past the end", {0x10, 1, 1, 0, 9, 9}, 6},
        {"offset past the end", {0x10, 1, 5, 5, 9}, 5},
        {"symbol of no bytes", {0x14, 1, 5, 0, 0, 0, 9}, 7},
        {"covered, not at a symbol", {0x14, 1, 9, 1, 2, 0, 9, 9}, 8},
        {"covered, short in the middle", {0x14, 1, 9, 0, 2, 0, 9}, 7},
        {"repair of another size", {0x18, 1, 9, 0, 2, 0, 0, 9}, 8},
        {"repair number 255", {0x18, 1, 9, 0, 1, 0, 255, 9}, 8},
        {"no ranges", {0x02, 5, 0, 0}, 4},
        {"65 ranges", {0x02, 5, 0, 0x40, 65, 0}, 6},
        {"range below zero", {0x02, 5, 0, 1, 6}, 5},
        {"gap below zero", {0x02, 5, 0, 2, 0, 4, 0}, 7},
        {"have of nothing", {0x04, 1, 1, 0}, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct frame frame;
        if (decode(cases[i].bytes, cases[i].count, &frame) != FRAME_MALFORMED) {
            fail_msg("taken: %s", cases[i].why);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_frames_come_back_as_they_went),
        cmocka_unit_test(test_ack_ranges_come_back_as_they_went),
        cmocka_unit_test(test_small_frames_follow_each_other),
        cmocka_unit_test(test_what_contradicts_itself_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
