#include "sim-link/faulty_disk.h"

#include "support/cmocka.h"
#include "support/disk_contract.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 4096 };

static struct disk_file *create(struct disk *disk, const char *path) {
    struct disk_file *file;
    assert_int_equal(disk->ops->open(disk, path, DISK_READ | DISK_WRITE | DISK_CREATE, &file, NULL),
                     SATSYNC_OK);
    return file;
}

static enum satsync_status fill(struct disk *disk, struct disk_file *file, int value) {
    uint8_t data[BYTES];
    memset(data, value, sizeof data);
    struct disk_request request = {
        .kind = DISK_REQUEST_WRITE, .file = file, .data = data, .bytes = BYTES};
    assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
    assert_ptr_equal(disk->ops->wait(disk), &request);
    return request.status;
}

/* What is there after a crash: bytes read into `out`, SIZE_MAX when there is no such name. */
static size_t read_back(struct disk *disk, const char *path, uint8_t *out) {
    struct disk_file *file;
    if (disk->ops->open(disk, path, DISK_READ, &file, NULL) != SATSYNC_OK) {
        return SIZE_MAX;
    }
    struct disk_request request = {
        .kind = DISK_REQUEST_READ, .file = file, .data = out, .bytes = 2 * BYTES};
    assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
    assert_non_null(disk->ops->wait(disk));
    disk->ops->close(disk, file);
    return request.done_bytes;
}

static void test_it_keeps_the_contract_of_a_disk(void **state) {
    (void)state;
    struct disk *disk = faulty_disk_new(1, NULL);
    assert_int_equal(disk->ops->make_directory(disk, "/b", NULL), SATSYNC_OK);
    disk_contract_check(disk, "/b");
    disk->ops->free(disk);
}

static void test_what_is_synced_survives_every_crash(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint8_t data[2 * BYTES];
        struct disk *disk = faulty_disk_new(seed, NULL);
        struct disk_file *file = create(disk, "/f");
        assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
        assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
        assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_OK);
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
        disk->ops->close(disk, file);
        assert_int_equal(read_back(disk, "/f", data), BYTES);
        assert_true(data[0] == 'a' && memcmp(data, data + 1, BYTES - 1) == 0);
        disk->ops->free(disk);
    }
}

static void test_what_is_not_synced_is_kept_lost_or_torn_at_sectors(void **state) {
    (void)state;
    int kept = 0;
    int lost = 0;
    int torn = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        uint8_t data[2 * BYTES];
        int sectors = 0;
        struct disk *disk = faulty_disk_new(seed, NULL);
        struct disk_file *file = create(disk, "/f");
        assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
        assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
        assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_OK);
        assert_int_equal(fill(disk, file, 'b'), SATSYNC_OK);
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
        disk->ops->close(disk, file);
        assert_int_equal(read_back(disk, "/f", data), BYTES);
        for (size_t i = 0; i < BYTES; i += FAULTY_SECTOR_BYTES) {
            assert_memory_equal(data + i, data + i + 1, FAULTY_SECTOR_BYTES - 1);
            sectors += data[i] == 'b';
        }
        kept += sectors == BYTES / FAULTY_SECTOR_BYTES;
        lost += sectors == 0;
        torn += sectors > 0 && sectors < BYTES / FAULTY_SECTOR_BYTES;
        disk->ops->free(disk);
    }
    assert_true(kept > 10 && lost > 10 && torn > 50);
}

static void test_names_not_synced_are_any_subset_and_a_rename_is_whole(void **state) {
    (void)state;
    int seen[2][2] = {{0}};
    int renamed = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint8_t data[2 * BYTES];
        struct disk *disk = faulty_disk_new(seed, NULL);
        disk->ops->close(disk, create(disk, "/old"));
        assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_OK);
        disk->ops->close(disk, create(disk, "/a"));
        disk->ops->close(disk, create(disk, "/b"));
        assert_int_equal(disk->ops->rename(disk, "/old", "/new", NULL), SATSYNC_OK);
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
        seen[read_back(disk, "/a", data) == 0][read_back(disk, "/b", data) == 0]++;
        bool has_old = read_back(disk, "/old", data) == 0;
        bool has_new = read_back(disk, "/new", data) == 0;
        assert_true(has_old != has_new);
        renamed += has_new;
        disk->ops->free(disk);
    }
    assert_true(seen[0][0] && seen[0][1] && seen[1][0] && seen[1][1]);
    assert_true(renamed > 10 && renamed < 90);
}

static void test_a_failed_sync_loses_what_it_should_have_kept(void **state) {
    (void)state;
    int lost = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint8_t data[2 * BYTES];
        struct disk *disk = faulty_disk_new(seed, NULL);
        struct disk_file *file = create(disk, "/f");
        assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_OK);
        assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
        faulty_disk_fail_at(disk, faulty_disk_operations(disk), SATSYNC_IO);
        assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_IO);
        assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
        if (seed % 2) {
            /* Written again, it is as any other write. */
            assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
            assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
        }
        assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
        disk->ops->close(disk, file);
        assert_int_equal(read_back(disk, "/f", data), BYTES);
        lost += data[0] != 'a';
        assert_true(seed % 2 == 0 || data[0] == 'a');
        disk->ops->free(disk);
    }
    assert_int_equal(lost, 25);
}

static void test_without_power_nothing_works_until_the_crash(void **state) {
    (void)state;
    uint8_t data[2 * BYTES];
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file = create(disk, "/f");
    faulty_disk_power_off_at(disk, 2);
    assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
    assert_false(faulty_disk_is_off(disk));
    assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_IO);
    assert_true(faulty_disk_is_off(disk));
    assert_int_equal(fill(disk, file, 'b'), SATSYNC_IO);
    assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_IO);
    assert_int_equal(faulty_disk_crash(disk), SATSYNC_OK);
    assert_false(faulty_disk_is_off(disk));
    assert_int_equal(fill(disk, file, 'c'), SATSYNC_IO);
    disk->ops->close(disk, file);
    (void)read_back(disk, "/f", data);
    disk->ops->free(disk);
}

static void test_capacity_and_rot(void **state) {
    (void)state;
    uint8_t data[2 * BYTES];
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file = create(disk, "/f");
    faulty_disk_set_capacity(disk, BYTES - 1);
    assert_int_equal(fill(disk, file, 'a'), SATSYNC_NO_SPACE);
    faulty_disk_set_capacity(disk, BYTES);
    assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
    assert_int_equal(faulty_disk_rot(disk, "/f", 9, 1), SATSYNC_OK);
    assert_int_equal(faulty_disk_rot(disk, "/f", BYTES, 1), SATSYNC_NOT_FOUND);
    assert_int_equal(faulty_disk_rot(disk, "/g", 0, 1), SATSYNC_NOT_FOUND);
    assert_int_equal(read_back(disk, "/f", data), BYTES);
    assert_int_equal(data[9], 'a' ^ 1);
    assert_int_equal(data[8], 'a');
    struct disk_file *second = create(disk, "/g");
    assert_int_equal(fill(disk, second, 'b'), SATSYNC_NO_SPACE);
    disk->ops->close(disk, file);
    assert_int_equal(disk->ops->remove(disk, "/f", NULL), SATSYNC_OK);
    assert_int_equal(fill(disk, second, 'b'), SATSYNC_OK);
    disk->ops->close(disk, second);
    disk->ops->free(disk);
}

static void test_unaligned_requests_on_direct_files_are_refused(void **state) {
    (void)state;
    static uint8_t data[2 * DISK_ALIGN] __attribute__((aligned(DISK_ALIGN)));
    static const struct {
        size_t skip;
        size_t bytes;
        uint64_t offset;
        enum satsync_status status;
    } cases[] = {{0, DISK_ALIGN, 0, SATSYNC_OK},
                 {8, DISK_ALIGN, 0, SATSYNC_INVALID},
                 {0, 100, 0, SATSYNC_INVALID},
                 {0, DISK_ALIGN, 512, SATSYNC_INVALID}};
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file;
    assert_int_equal(
        disk->ops->open(disk, "/f", DISK_WRITE | DISK_CREATE | DISK_DIRECT, &file, NULL),
        SATSYNC_OK);
    for (size_t i = 0; i < 4; i++) {
        struct disk_request request = {.kind = DISK_REQUEST_WRITE,
                                       .file = file,
                                       .data = data + cases[i].skip,
                                       .bytes = cases[i].bytes,
                                       .offset = cases[i].offset};
        assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
        assert_non_null(disk->ops->wait(disk));
        assert_int_equal(request.status, cases[i].status);
    }
    disk->ops->close(disk, file);
    disk->ops->free(disk);
}

/* 'a' is there and durable; then 'b' is written over it, and goes a bad way. */
static enum satsync_status overwrite(struct disk *disk, struct disk_file *file,
                                     enum faulty_write how) {
    assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
    assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
    assert_int_equal(disk->ops->sync_directory(disk, "/", NULL), SATSYNC_OK);
    faulty_disk_spoil_write_at(disk, faulty_disk_operations(disk), how);
    enum satsync_status status = fill(disk, file, 'b');
    assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
    return status;
}

static size_t count_of(const uint8_t *data, size_t bytes, int value) {
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++) {
        count += data[i] == value;
    }
    return count;
}

static void test_a_lost_write_is_acknowledged_and_never_there(void **state) {
    (void)state;
    uint8_t data[2 * BYTES];
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file = create(disk, "/f");
    assert_int_equal(overwrite(disk, file, FAULTY_WRITE_LOST), SATSYNC_OK);
    assert_int_equal(read_back(disk, "/f", data), BYTES);
    assert_int_equal(count_of(data, BYTES, 'a'), BYTES);
    assert_int_equal(fill(disk, file, 'c'), SATSYNC_OK); /* once only */
    assert_int_equal(read_back(disk, "/f", data), BYTES);
    assert_int_equal(count_of(data, BYTES, 'c'), BYTES);
    disk->ops->close(disk, file);
    disk->ops->free(disk);
}

static void test_a_torn_write_leaves_old_sectors_among_the_new(void **state) {
    (void)state;
    size_t seen[BYTES / FAULTY_SECTOR_BYTES + 1] = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint8_t data[2 * BYTES];
        struct disk *disk = faulty_disk_new(seed, NULL);
        struct disk_file *file = create(disk, "/f");
        assert_int_equal(overwrite(disk, file, FAULTY_WRITE_TORN), SATSYNC_OK);
        assert_int_equal(read_back(disk, "/f", data), BYTES);
        size_t fresh = count_of(data, BYTES, 'b');
        assert_int_equal(fresh + count_of(data, BYTES, 'a'), BYTES);
        assert_int_equal(fresh % FAULTY_SECTOR_BYTES, 0);
        seen[fresh / FAULTY_SECTOR_BYTES]++;
        disk->ops->close(disk, file);
        disk->ops->free(disk);
    }
    assert_int_equal(seen[BYTES / FAULTY_SECTOR_BYTES], 0);
    assert_true(seen[2] > 0 && seen[4] > 0);
}

static void test_a_short_write_fails_with_its_beginning_done(void **state) {
    (void)state;
    size_t partly = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint8_t data[2 * BYTES];
        struct disk *disk = faulty_disk_new(seed, NULL);
        struct disk_file *file = create(disk, "/f");
        assert_int_equal(overwrite(disk, file, FAULTY_WRITE_SHORT), SATSYNC_IO);
        assert_int_equal(read_back(disk, "/f", data), BYTES);
        size_t fresh = count_of(data, BYTES, 'b');
        assert_true(fresh < BYTES && fresh % FAULTY_SECTOR_BYTES == 0);
        assert_int_equal(count_of(data, fresh, 'b'), fresh);
        partly += fresh > 0;
        disk->ops->close(disk, file);
        disk->ops->free(disk);
    }
    assert_in_range(partly, 30, 50);
}

static void test_a_misdirected_write_hits_what_lies_behind(void **state) {
    (void)state;
    uint8_t data[2 * BYTES];
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file = create(disk, "/f");
    assert_int_equal(disk->ops->truncate(disk, file, 2 * BYTES, NULL), SATSYNC_OK);
    assert_int_equal(overwrite(disk, file, FAULTY_WRITE_MISDIRECTED), SATSYNC_OK);
    assert_int_equal(read_back(disk, "/f", data), 2 * BYTES);
    assert_int_equal(count_of(data, BYTES, 'a'), BYTES);
    assert_int_equal(count_of(data + BYTES, BYTES, 'b'), BYTES);
    disk->ops->close(disk, file);
    disk->ops->free(disk);
}

static void test_an_unreadable_sector_fails_until_it_is_written(void **state) {
    (void)state;
    uint8_t data[2 * BYTES];
    struct disk *disk = faulty_disk_new(1, NULL);
    struct disk_file *file = create(disk, "/f");
    assert_int_equal(fill(disk, file, 'a'), SATSYNC_OK);
    assert_int_equal(faulty_disk_make_unreadable(disk, "/f", 1000, 1), SATSYNC_OK);
    struct disk_request request = {
        .kind = DISK_REQUEST_READ, .file = file, .data = data, .bytes = 1024};
    assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
    assert_non_null(disk->ops->wait(disk));
    assert_int_equal(request.status, SATSYNC_IO);
    request.offset = 1024; /* the next sector is well */
    assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
    assert_non_null(disk->ops->wait(disk));
    assert_int_equal(request.status, SATSYNC_OK);
    assert_int_equal(fill(disk, file, 'b'), SATSYNC_OK);
    assert_int_equal(read_back(disk, "/f", data), BYTES);
    assert_int_equal(count_of(data, BYTES, 'b'), BYTES);
    assert_int_equal(faulty_disk_make_unreadable(disk, "/g", 0, 1), SATSYNC_NOT_FOUND);
    assert_int_equal(faulty_disk_make_unreadable(disk, "/f", BYTES, 1), SATSYNC_NOT_FOUND);
    disk->ops->close(disk, file);
    disk->ops->free(disk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_keeps_the_contract_of_a_disk),
        cmocka_unit_test(test_what_is_synced_survives_every_crash),
        cmocka_unit_test(test_what_is_not_synced_is_kept_lost_or_torn_at_sectors),
        cmocka_unit_test(test_names_not_synced_are_any_subset_and_a_rename_is_whole),
        cmocka_unit_test(test_a_failed_sync_loses_what_it_should_have_kept),
        cmocka_unit_test(test_without_power_nothing_works_until_the_crash),
        cmocka_unit_test(test_capacity_and_rot),
        cmocka_unit_test(test_unaligned_requests_on_direct_files_are_refused),
        cmocka_unit_test(test_a_lost_write_is_acknowledged_and_never_there),
        cmocka_unit_test(test_a_torn_write_leaves_old_sectors_among_the_new),
        cmocka_unit_test(test_a_short_write_fails_with_its_beginning_done),
        cmocka_unit_test(test_a_misdirected_write_hits_what_lies_behind),
        cmocka_unit_test(test_an_unreadable_sector_fails_until_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
