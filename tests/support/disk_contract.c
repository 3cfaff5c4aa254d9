#include "support/disk_contract.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

enum { BLOCKS = 64, BLOCK_BYTES = 2 * DISK_ALIGN };

static char base_path[200];

static const char *at(const char *name) {
    static char paths[4][300];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", base_path, name);
    return path;
}

static struct disk_file *open_file(struct disk *disk, const char *name, unsigned flags) {
    struct disk_file *file;
    struct satsync_error error = {0};
    if (disk->ops->open(disk, at(name), flags, &file, &error) != SATSYNC_OK) {
        fail_msg("%s: %s", error.subject, error.message);
    }
    return file;
}

static uint8_t blocks[BLOCKS][BLOCK_BYTES] __attribute__((aligned(DISK_ALIGN)));
static struct disk_request requests[BLOCKS];

/* Sends a request for each block, as many at once as the disk takes; all must come back. */
static void move_blocks(struct disk *disk, struct disk_file *file, enum disk_request_kind kind) {
    size_t sent = 0;
    for (size_t back = 0; back < BLOCKS; back++) {
        while (sent < BLOCKS) {
            requests[sent] = (struct disk_request){.kind = kind,
                                                   .file = file,
                                                   .data = blocks[sent],
                                                   .bytes = BLOCK_BYTES,
                                                   .offset = sent * BLOCK_BYTES,
                                                   .user = &requests[sent]};
            enum satsync_status status = disk->ops->submit(disk, &requests[sent]);
            if (status == SATSYNC_AGAIN) {
                break;
            }
            assert_int_equal(status, SATSYNC_OK);
            sent++;
        }
        struct disk_request *request = disk->ops->wait(disk);
        assert_non_null(request);
        assert_ptr_equal(request->user, request);
        assert_int_equal(request->status, SATSYNC_OK);
        assert_int_equal(request->done_bytes, BLOCK_BYTES);
    }
    assert_null(disk->ops->wait(disk));
}

static void check_data(struct disk *disk, unsigned flags) {
    struct disk_file *file = open_file(disk, "data", flags | DISK_READ | DISK_WRITE | DISK_CREATE);
    uint64_t bytes;
    for (size_t i = 0; i < BLOCKS; i++) {
        memset(blocks[i], (int)i + 1, BLOCK_BYTES);
    }
    assert_int_equal(disk->ops->allocate(disk, file, (uint64_t)BLOCKS * BLOCK_BYTES, NULL),
                     SATSYNC_OK);
    assert_int_equal(disk->ops->size(disk, file, &bytes, NULL), SATSYNC_OK);
    assert_int_equal(bytes, 0);
    move_blocks(disk, file, DISK_REQUEST_WRITE);
    assert_int_equal(disk->ops->sync(disk, file, NULL), SATSYNC_OK);
    assert_int_equal(disk->ops->size(disk, file, &bytes, NULL), SATSYNC_OK);
    assert_int_equal(bytes, (uint64_t)BLOCKS * BLOCK_BYTES);
    memset(blocks, 0, sizeof blocks);
    move_blocks(disk, file, DISK_REQUEST_READ);
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t j = 0; j < BLOCK_BYTES; j++) {
            assert_int_equal(blocks[i][j], i + 1);
        }
    }
    disk->ops->close(disk, file);
    assert_int_equal(disk->ops->remove(disk, at("data"), NULL), SATSYNC_OK);
}

static struct disk_request one(struct disk *disk, struct disk_file *file,
                               enum disk_request_kind kind, uint64_t offset, size_t bytes) {
    struct disk_request request = {
        .kind = kind, .file = file, .data = blocks[0], .bytes = bytes, .offset = offset};
    assert_int_equal(disk->ops->submit(disk, &request), SATSYNC_OK);
    assert_ptr_equal(disk->ops->wait(disk), &request);
    return request;
}

static void check_ends(struct disk *disk) {
    struct disk_file *file = open_file(disk, "ends", DISK_READ | DISK_WRITE | DISK_CREATE);
    assert_int_equal(one(disk, file, DISK_REQUEST_WRITE, 10, 100).done_bytes, 100);
    struct disk_request request = one(disk, file, DISK_REQUEST_READ, 50, 100);
    assert_int_equal(request.status, SATSYNC_OK);
    assert_int_equal(request.done_bytes, 60);
    request = one(disk, file, DISK_REQUEST_READ, 5000, 100);
    assert_int_equal(request.status, SATSYNC_OK);
    assert_int_equal(request.done_bytes, 0);
    assert_int_equal(disk->ops->truncate(disk, file, 20, NULL), SATSYNC_OK);
    assert_int_equal(one(disk, file, DISK_REQUEST_READ, 0, 100).done_bytes, 20);
    disk->ops->close(disk, file);
    file = open_file(disk, "ends", DISK_READ);
    assert_int_not_equal(one(disk, file, DISK_REQUEST_WRITE, 0, 1).status, SATSYNC_OK);
    disk->ops->close(disk, file);
    assert_int_equal(disk->ops->remove(disk, at("ends"), NULL), SATSYNC_OK);
}

static void touch(struct disk *disk, const char *name) {
    disk->ops->close(disk, open_file(disk, name, DISK_WRITE | DISK_CREATE));
}

static enum satsync_status try_open(struct disk *disk, const char *name, unsigned flags) {
    struct disk_file *file;
    struct satsync_error error = {0};
    enum satsync_status status = disk->ops->open(disk, at(name), flags, &file, &error);
    if (status == SATSYNC_OK) {
        disk->ops->close(disk, file);
    } else {
        assert_null(file);
        assert_true(strlen(error.message) > 0);
    }
    return status;
}

static void count_name(void *context, const char *name) {
    assert_true(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
    ++*(int *)context;
}

static int count_names(struct disk *disk) {
    int count = 0;
    assert_int_equal(disk->ops->list(disk, base_path, count_name, &count, NULL), SATSYNC_OK);
    return count;
}

static void check_names(struct disk *disk) {
    const struct disk_ops *ops = disk->ops;
    assert_int_equal(try_open(disk, "a", DISK_READ), SATSYNC_NOT_FOUND);
    touch(disk, "a");
    touch(disk, "b");
    assert_int_equal(try_open(disk, "a", DISK_WRITE | DISK_CREATE), SATSYNC_CONFLICT);
    assert_int_equal(ops->publish(disk, at("a"), at("b"), NULL), SATSYNC_CONFLICT);
    assert_int_equal(ops->publish(disk, at("a"), at("c"), NULL), SATSYNC_OK);
    assert_int_equal(try_open(disk, "c", DISK_READ), SATSYNC_OK);
    assert_int_equal(ops->rename(disk, at("b"), at("c"), NULL), SATSYNC_OK);
    assert_int_equal(try_open(disk, "b", DISK_READ), SATSYNC_NOT_FOUND);
    assert_int_equal(ops->rename(disk, at("none"), at("c"), NULL), SATSYNC_NOT_FOUND);
    assert_int_equal(ops->remove(disk, at("none"), NULL), SATSYNC_NOT_FOUND);
    assert_int_equal(ops->make_directory(disk, at("d"), NULL), SATSYNC_OK);
    assert_int_equal(ops->make_directory(disk, at("d"), NULL), SATSYNC_CONFLICT);
    assert_int_equal(ops->sync_directory(disk, at("d"), NULL), SATSYNC_OK);
    assert_int_equal(ops->sync_directory(disk, at("none"), NULL), SATSYNC_NOT_FOUND);
    touch(disk, "d/x");
    assert_int_not_equal(ops->remove_directory(disk, at("d"), NULL), SATSYNC_OK);
    assert_int_equal(ops->remove(disk, at("d/x"), NULL), SATSYNC_OK);
    assert_true(count_names(disk) >= 2);
    assert_int_equal(ops->remove_directory(disk, at("d"), NULL), SATSYNC_OK);
    assert_int_equal(ops->remove(disk, at("a"), NULL), SATSYNC_OK);
    assert_int_equal(ops->remove(disk, at("c"), NULL), SATSYNC_OK);
    assert_int_equal(count_names(disk), 0);
    uint64_t bytes;
    assert_int_equal(ops->free_bytes(disk, base_path, &bytes, NULL), SATSYNC_OK);
    assert_true(bytes > 0);
}

static void check_locks(struct disk *disk) {
    const struct disk_ops *ops = disk->ops;
    touch(disk, "l");
    struct disk_file *first = open_file(disk, "l", DISK_READ);
    struct disk_file *second = open_file(disk, "l", DISK_READ | DISK_WRITE);
    struct satsync_error error;
    assert_int_equal(ops->lock(disk, first, DISK_LOCK_SHARED, &error), SATSYNC_OK);
    assert_int_equal(ops->lock(disk, second, DISK_LOCK_SHARED, &error), SATSYNC_OK);
    assert_int_equal(ops->lock(disk, second, DISK_LOCK_EXCLUSIVE, &error), SATSYNC_BUSY);
    ops->close(disk, first);
    assert_int_equal(ops->lock(disk, second, DISK_LOCK_EXCLUSIVE, &error), SATSYNC_OK);
    first = open_file(disk, "l", DISK_READ);
    assert_int_equal(ops->lock(disk, first, DISK_LOCK_SHARED, &error), SATSYNC_BUSY);
    ops->close(disk, second);
    assert_int_equal(ops->lock(disk, first, DISK_LOCK_SHARED, &error), SATSYNC_OK);
    ops->close(disk, first);
    assert_int_equal(ops->remove(disk, at("l"), NULL), SATSYNC_OK);
}

void disk_contract_check(struct disk *disk, const char *base) {
    snprintf(base_path, sizeof base_path, "%s", base);
    check_data(disk, 0);
    check_data(disk, DISK_DIRECT);
    check_ends(disk);
    check_names(disk);
    check_locks(disk);
    disk->ops->close(disk, NULL);
}
