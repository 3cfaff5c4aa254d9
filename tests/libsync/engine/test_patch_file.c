#include "engine/patch_file.h"

#include "base/random.h"
#include "model/patch.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 6 << 20 }; /* more than the buffers of either side */

static uint8_t content[BYTES];

static int set_up(void **state) {
    struct random random = random_of(1, 0);
    random_bytes(&random, content, BYTES);
    *state = faulty_disk_new(1, NULL);
    return *state == NULL;
}

static int tear_down(void **state) {
    struct disk *disk = *state;
    disk->ops->free(disk);
    return 0;
}

/* Writes the content in pieces of `piece` bytes; returns the file's size. */
static uint64_t write_all(struct disk *disk, const char *path, size_t piece) {
    struct satsync_error error;
    struct file file;
    struct patch_writer writer;
    engine_expect(file_open(disk, path, DISK_WRITE | DISK_CREATE, &file, &error), SATSYNC_OK,
                  &error);
    engine_expect(patch_writer_init(&writer, &file, NULL, &error), SATSYNC_OK, &error);
    for (size_t at = 0; at < BYTES; at += piece) {
        size_t bytes = BYTES - at < piece ? BYTES - at : piece;
        engine_expect(patch_writer_put(&writer, content + at, bytes, &error), SATSYNC_OK, &error);
    }
    engine_expect(patch_writer_finish(&writer, &error), SATSYNC_OK, &error);
    uint64_t written = writer.written;
    patch_writer_fini(&writer);
    file_close(&file);
    return written;
}

static void open_for_reading(struct disk *disk, const char *path, struct file *file) {
    struct satsync_error error;
    engine_expect(file_open(disk, path, DISK_READ, file, &error), SATSYNC_OK, &error);
}

static void test_what_was_put_is_taken_whatever_the_pieces(void **state) {
    static const size_t pieces[] = {4097, 1 << 20, BYTES};
    static const char *const paths[] = {"/a", "/b", "/c"};
    for (size_t i = 0; i < 3; i++) {
        struct satsync_error error = {0};
        struct file file;
        struct patch_reader reader;
        const uint8_t *data;
        assert_int_equal(write_all(*state, paths[i], pieces[i]), BYTES + PATCH_DIGEST_BYTES);
        open_for_reading(*state, paths[i], &file);
        engine_expect(patch_reader_init(&reader, &file, BYTES, NULL, &error), SATSYNC_OK, &error);
        for (size_t at = 0; at < BYTES;) {
            size_t bytes = at % 3 == 0 ? 4 : 1000003;
            bytes = bytes < BYTES - at ? bytes : BYTES - at;
            engine_expect(patch_reader_take(&reader, bytes, &data, &error), SATSYNC_OK, &error);
            assert_memory_equal(data, content + at, bytes);
            at += bytes;
            assert_int_equal(patch_reader_left(&reader), BYTES - at);
        }
        engine_expect(patch_reader_take(&reader, 1, &data, &error), SATSYNC_INCOMPLETE, &error);
        patch_reader_fini(&reader);
        file_close(&file);
    }
}

static void test_more_than_a_chunk_is_not_taken(void **state) {
    struct satsync_error error = {0};
    struct file file;
    struct patch_reader reader;
    const uint8_t *data;
    write_all(*state, "/d", BYTES);
    open_for_reading(*state, "/d", &file);
    engine_expect(patch_reader_init(&reader, &file, BYTES, NULL, &error), SATSYNC_OK, &error);
    engine_expect(patch_reader_take(&reader, reader.capacity + 1, &data, &error),
                  SATSYNC_INCOMPLETE, &error);
    engine_expect(patch_reader_take(&reader, UINT32_MAX, &data, &error), SATSYNC_INCOMPLETE,
                  &error);
    patch_reader_fini(&reader);
    file_close(&file);
}

static void test_any_changed_byte_is_found(void **state) {
    struct satsync_error error = {0};
    struct file file;
    uint64_t bytes = write_all(*state, "/e", BYTES);
    static const uint64_t places[] = {0, 1, BYTES / 2, BYTES - 1, BYTES, BYTES + 31};
    open_for_reading(*state, "/e", &file);
    engine_expect(patch_file_check(&file, bytes, NULL, &error), SATSYNC_OK, &error);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(faulty_disk_rot(*state, "/e", places[i], 1), SATSYNC_OK);
        engine_expect(patch_file_check(&file, bytes, NULL, &error), SATSYNC_CORRUPT, &error);
        assert_int_equal(faulty_disk_rot(*state, "/e", places[i], 1), SATSYNC_OK);
    }
    engine_expect(patch_file_check(&file, bytes - 1, NULL, &error), SATSYNC_CORRUPT, &error);
    engine_expect(patch_file_check(&file, PATCH_DIGEST_BYTES, NULL, &error), SATSYNC_CORRUPT,
                  &error);
    file_close(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_put_is_taken_whatever_the_pieces),
        cmocka_unit_test(test_more_than_a_chunk_is_not_taken),
        cmocka_unit_test(test_any_changed_byte_is_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
