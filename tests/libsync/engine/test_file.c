#include "engine/file.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"

#include <string.h>

static const unsigned NEW_FILE = DISK_READ | DISK_WRITE | DISK_CREATE;

static struct file open_new(struct disk *disk, const char *path) {
    struct file file;
    struct satsync_error error;
    assert_int_equal(file_open(disk, path, NEW_FILE, &file, &error), SATSYNC_OK);
    return file;
}

static struct disk *new_disk(void) {
    struct disk *disk = faulty_disk_new(1, NULL);
    assert_non_null(disk);
    return disk;
}

static void test_what_is_written_is_read_back_from_anywhere(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct file file = open_new(disk, "notes");
    char text[16] = {0};
    assert_int_equal(file_write(&file, 0, "hello there", 11, NULL), SATSYNC_OK);
    assert_int_equal(file_write(&file, 6, "world", 5, NULL), SATSYNC_OK);
    assert_int_equal(file_read(&file, 0, text, 11, NULL), SATSYNC_OK);
    assert_string_equal(text, "hello world");
    memset(text, 0, sizeof text);
    assert_int_equal(file_read(&file, 7, text, 3, NULL), SATSYNC_OK);
    assert_string_equal(text, "orl");
    file_close(&file);
    assert_int_equal(file_open(disk, "notes", DISK_READ, &file, NULL), SATSYNC_OK);
    assert_int_equal(file_read(&file, 0, text, 11, NULL), SATSYNC_OK);
    assert_memory_equal(text, "hello world", 11);
    file_close(&file);
    disk->ops->free(disk);
}

static void test_file_that_is_too_short_is_incomplete(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct file file = open_new(disk, "notes");
    struct satsync_error error;
    char text[16];
    assert_int_equal(file_write(&file, 0, "hello", 5, NULL), SATSYNC_OK);
    static const struct {
        uint64_t offset;
        size_t bytes;
        const char *says;
    } cases[] = {{0, 6, "after 5 bytes"}, {4, 2, "after 5 bytes"}, {5, 1, "after 5 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(file_read(&file, cases[i].offset, text, cases[i].bytes, &error),
                         SATSYNC_INCOMPLETE);
        assert_string_equal(error.subject, "notes");
        assert_non_null(strstr(error.message, cases[i].says));
    }
    file_close(&file);
    disk->ops->free(disk);
}

static void test_no_bytes_cost_no_request(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct file file = open_new(disk, "notes");
    uint64_t operations = faulty_disk_operations(disk);
    assert_int_equal(file_write(&file, 0, NULL, 0, NULL), SATSYNC_OK);
    assert_int_equal(file_read(&file, 99, NULL, 0, NULL), SATSYNC_OK);
    assert_int_equal(faulty_disk_operations(disk), operations);
    file_close(&file);
    disk->ops->free(disk);
}

static void test_file_that_cannot_be_opened_can_be_closed(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct satsync_error error;
    struct file file;
    assert_int_equal(file_open(disk, "none", DISK_READ, &file, &error), SATSYNC_NOT_FOUND);
    file_close(&file);
    struct file notes = open_new(disk, "notes");
    assert_int_equal(file_open(disk, "notes", NEW_FILE, &file, &error), SATSYNC_CONFLICT);
    file_close(&file);
    file_close(&notes);
    file_close(&notes);
    struct file never = {0};
    file_close(&never);
    disk->ops->free(disk);
}

static void test_full_disk_is_told_with_what_to_do(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct file file = open_new(disk, "notes");
    struct satsync_error error;
    faulty_disk_set_capacity(disk, 4);
    assert_int_equal(file_write(&file, 0, "hello", 5, &error), SATSYNC_NO_SPACE);
    assert_string_equal(error.subject, "notes");
    assert_non_null(strstr(error.message, "free some"));
    file_close(&file);
    disk->ops->free(disk);
}

static void test_failures_of_the_disk_are_passed_on(void **state) {
    (void)state;
    struct disk *disk = new_disk();
    struct file file = open_new(disk, "notes");
    struct satsync_error error;
    char text[8];
    assert_int_equal(file_write(&file, 0, "hello", 5, NULL), SATSYNC_OK);
    faulty_disk_fail_at(disk, faulty_disk_operations(disk), SATSYNC_IO);
    assert_int_equal(file_read(&file, 0, text, 5, &error), SATSYNC_IO);
    assert_string_equal(error.subject, "notes");
    faulty_disk_fail_at(disk, faulty_disk_operations(disk), SATSYNC_READ_ONLY);
    assert_int_equal(file_write(&file, 0, "hallo", 5, &error), SATSYNC_READ_ONLY);
    assert_string_equal(error.subject, "notes");
    assert_int_equal(file_read(&file, 0, text, 5, &error), SATSYNC_OK);
    assert_memory_equal(text, "hello", 5);
    file_close(&file);
    disk->ops->free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read_back_from_anywhere),
        cmocka_unit_test(test_file_that_is_too_short_is_incomplete),
        cmocka_unit_test(test_no_bytes_cost_no_request),
        cmocka_unit_test(test_file_that_cannot_be_opened_can_be_closed),
        cmocka_unit_test(test_full_disk_is_told_with_what_to_do),
        cmocka_unit_test(test_failures_of_the_disk_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
