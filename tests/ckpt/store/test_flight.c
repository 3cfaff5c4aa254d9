#include "ckpt/store/flight.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 100000 };

static uint8_t data[BYTES];
static uint8_t back[BYTES];

static struct disk *disk_with_file(struct flight_plan *plan) {
    struct disk *disk = faulty_disk_new(3, NULL);
    *plan = (struct flight_plan){.kind = DISK_REQUEST_WRITE, .data = data, .bytes = BYTES};
    assert_int_equal(
        disk->ops->open(disk, "/f", DISK_READ | DISK_WRITE | DISK_CREATE, &plan->file, NULL),
        SATSYNC_OK);
    for (size_t i = 0; i < BYTES; i++) {
        data[i] = (uint8_t)(i * 7 / 3);
    }
    return disk;
}

static void drop(struct disk *disk, struct flight_plan *plan) {
    disk->ops->close(disk, plan->file);
    disk->ops->free(disk);
}

static void test_pieces_that_land_in_any_order_make_the_whole(void **state) {
    (void)state;
    struct flight_plan plan;
    struct disk *disk = disk_with_file(&plan);
    assert_int_equal(flight_move(disk, &plan, 999, "f", NULL), SATSYNC_OK);
    plan.kind = DISK_REQUEST_READ;
    plan.data = back;
    assert_int_equal(flight_move(disk, &plan, 1001, "f", NULL), SATSYNC_OK);
    assert_memory_equal(data, back, BYTES);
    drop(disk, &plan);
}

static void test_reading_past_the_end_is_incomplete(void **state) {
    (void)state;
    struct satsync_error error;
    struct flight_plan plan;
    struct disk *disk = disk_with_file(&plan);
    plan.bytes = 5000;
    assert_int_equal(flight_move(disk, &plan, 999, "f", NULL), SATSYNC_OK);
    plan.kind = DISK_REQUEST_READ;
    plan.data = back;
    plan.bytes = 5001;
    assert_int_equal(flight_move(disk, &plan, 999, "f", &error), SATSYNC_INCOMPLETE);
    assert_non_null(strstr(error.message, "shorter"));
    drop(disk, &plan);
}

static void test_a_piece_that_fails_is_reported_and_all_have_landed(void **state) {
    (void)state;
    struct satsync_error error;
    struct flight_plan plan;
    struct disk *disk = disk_with_file(&plan);
    faulty_disk_fail_at(disk, 5, SATSYNC_NO_SPACE);
    assert_int_equal(flight_move(disk, &plan, 9999, "f", &error), SATSYNC_NO_SPACE);
    assert_non_null(strstr(error.message, "full"));
    assert_null(disk->ops->wait(disk));
    drop(disk, &plan);
}

static void test_more_flights_than_the_queue_holds_all_land(void **state) {
    (void)state;
    struct flight flights[3 * FAULTY_QUEUE_DEPTH] = {{.is_up = false}};
    struct flight_plan plan;
    struct disk *disk = disk_with_file(&plan);
    plan.bytes = 100;
    for (size_t i = 0; i < 3 * FAULTY_QUEUE_DEPTH; i++) {
        plan.offset = i * 100;
        flight_start(disk, &flights[i], &plan);
    }
    for (size_t i = 0; i < 3 * FAULTY_QUEUE_DEPTH; i++) {
        assert_int_equal(flight_land(disk, &flights[i]), SATSYNC_OK);
        assert_int_equal(flights[i].request.done_bytes, 100);
    }
    drop(disk, &plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_that_land_in_any_order_make_the_whole),
        cmocka_unit_test(test_reading_past_the_end_is_incomplete),
        cmocka_unit_test(test_a_piece_that_fails_is_reported_and_all_have_landed),
        cmocka_unit_test(test_more_flights_than_the_queue_holds_all_land),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
