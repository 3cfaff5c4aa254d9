#include "sim-link/capture.h"

#include "base/bytes.h"
#include "support/cmocka.h"
#include "support/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LINK[] = "plain?rate=2M&rtt=20ms&loss=5%&queue=30ms&seed=3&start=4s";

/* What a reader that trusts nothing finds in the file. */
struct found {
    unsigned interfaces;
    uint64_t delivered[2];
    uint64_t dropped[2][DROP_CAUSES];
    uint64_t last_ns;
    bool in_order;
};

static void read_comment(struct found *found, uint32_t interface, const char *comment) {
    assert_true(interface < 2);
    if (strncmp(comment, "delivered, ", 11) == 0) {
        found->delivered[interface]++;
        return;
    }
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        char due[64];
        snprintf(due, sizeof due, "dropped by %s, ", drop_cause_name((enum drop_cause)cause));
        if (strncmp(comment, due, strlen(due)) == 0) {
            found->dropped[interface][cause]++;
            return;
        }
    }
    fail_msg("no fate: %s", comment);
}

static void read_packet(struct found *found, struct bytes_reader *reader) {
    uint32_t interface = bytes_get_u32(reader);
    uint64_t high = bytes_get_u32(reader);
    uint64_t now_ns = high << 32 | bytes_get_u32(reader);
    uint32_t kept = bytes_get_u32(reader);
    uint32_t whole = bytes_get_u32(reader);
    assert_true(kept <= 128 && kept <= whole);
    const uint8_t *ip = bytes_get_view(reader, (kept + 3) / 4 * 4);
    assert_int_equal(ip[0], 0x45);
    assert_int_equal(ip[2] * 256 + ip[3], whole);
    assert_int_equal(ip[15], 1 + interface); /* 10.77.0.1 sends up */
    assert_int_equal(ip[28], 0x5a);          /* the payload */
    assert_int_equal(bytes_get_u16(reader), 1);
    uint16_t length = bytes_get_u16(reader);
    char comment[200] = "";
    memcpy(comment, bytes_get_view(reader, length), length);
    read_comment(found, interface, comment);
    found->in_order = found->in_order && now_ns >= found->last_ns;
    found->last_ns = now_ns;
}

static struct found read_capture(const char *path) {
    struct found found = {.in_order = true};
    size_t bytes;
    char *text = recorded_read(path, &bytes);
    for (size_t at = 0; at < bytes;) {
        struct bytes_reader reader = bytes_reader_over(text + at, bytes - at);
        uint32_t type = bytes_get_u32(&reader);
        uint32_t total = bytes_get_u32(&reader);
        assert_true(total % 4 == 0 && total >= 12 && total <= bytes - at);
        assert_int_equal(load_le32(text + at + total - 4), total);
        assert_true(type == (at == 0 ? 0x0a0d0d0a : type));
        if (type == 1) {
            found.interfaces++;
        } else if (type == 6) {
            read_packet(&found, &reader);
        }
        at += total;
    }
    free(text);
    return found;
}

static void test_each_packet_is_there_once_with_its_fate(void **state) {
    (void)state;
    struct recorded recorded;
    recorded_name(&recorded);
    struct record_options options = {
        .capture = {.path = recorded.capture, .origin_ns = 1700000000000000000u}};
    recorded_run(&recorded, LINK, &options);
    struct found found = read_capture(recorded.capture);
    assert_int_equal(found.interfaces, 2);
    assert_true(found.in_order);
    assert_true(found.last_ns / 1000000000 == 1700000006);
    for (int i = 0; i < 2; i++) {
        const struct lane_counts *counts = &recorded.counts[i];
        assert_int_equal(found.delivered[i], counts->delivered_packets);
        assert_memory_equal(found.dropped[i], counts->dropped_packets, sizeof found.dropped[i]);
        assert_true(found.dropped[i][DROP_QUEUE] > 0 && found.dropped[i][DROP_LOSS] > 0);
    }
    recorded_end(&recorded);
}

static void test_a_capture_changes_no_fate(void **state) {
    (void)state;
    struct recorded plain;
    struct recorded seen;
    recorded_name(&plain);
    recorded_name(&seen);
    struct record_options none = {.capture = {.path = NULL}};
    struct record_options both = {.capture = {.path = seen.capture},
                                  .timeline = {.path = seen.series, .step_ns = 777777}};
    recorded_run(&plain, "leo-bent?seed=9", &none);
    recorded_run(&seen, "leo-bent?seed=9", &both);
    assert_string_equal(plain.trace, seen.trace);
    recorded_end(&plain);
    recorded_end(&seen);
}

static void test_a_file_that_cannot_be_is_refused(void **state) {
    (void)state;
    struct sim *sim;
    struct capture *capture;
    struct satsync_error error;
    struct sim_options sim_options = {.start_ns = 0};
    struct capture_options options = {.path = "/nowhere/at/all.pcapng"};
    assert_int_equal(sim_open(&sim_options, &sim, NULL), SATSYNC_OK);
    assert_int_equal(capture_open(&options, sim, &capture, &error), SATSYNC_NOT_FOUND);
    assert_null(capture);
    assert_string_equal(error.subject, "/nowhere/at/all.pcapng");
    assert_int_equal(capture_close(capture, NULL), SATSYNC_OK);
    sim_close(sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_packet_is_there_once_with_its_fate),
        cmocka_unit_test(test_a_capture_changes_no_fate),
        cmocka_unit_test(test_a_file_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
