#include "examples/tinylm/dump.h"

#include "tiny_training.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

static char text[] = "/tmp/tinylm-test-XXXXXX";

static size_t element_bytes(const char *dtype) {
    return strcmp(dtype, "U64") == 0 ? 8 : strcmp(dtype, "F32") == 0 ? 4 : 2;
}

/* Against an independent JSON parser and the rules of the format. */
static void test_header_is_canonical_safetensors(void **state) {
    (void)state;
    struct trainer trainer;
    start(&trainer, text, 1);
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&trainer, tensors);
    size_t bytes;
    unsigned char *header = (unsigned char *)dump_header(tensors, &bytes);
    assert_int_equal(bytes % 8, 0);
    assert_int_equal(header[0] | header[1] << 8, bytes - 8);
    json_error_t error;
    json_t *root = json_loadb((char *)header + 8, bytes - 8, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_int_equal(json_object_size(root), STATE_TENSORS);
    json_int_t end = 0;
    size_t width = 8;
    const char *last = "";
    const char *name;
    json_t *entry;
    json_object_foreach(root, name, entry) {
        const char *dtype;
        json_t *shape;
        json_int_t from;
        json_int_t to;
        assert_int_equal(json_unpack(entry, "{s:s,s:o,s:[I,I]!}", "dtype", &dtype, "shape", &shape,
                                     "data_offsets", &from, &to),
                         0);
        size_t size = element_bytes(dtype);
        assert_true(size < width || strcmp(last, name) < 0);
        assert_true(size <= width);
        for (size_t d = 0; d < json_array_size(shape); d++) {
            size *= (size_t)json_integer_value(json_array_get(shape, d));
        }
        assert_int_equal(from, end);
        assert_int_equal(to - from, size);
        end = to;
        width = element_bytes(dtype);
        last = name;
    }
    json_decref(root);
    free(header);
    trainer_fini(&trainer);
}

static void damage(const char *path, long at) {
    FILE *file = fopen(path, "r+b");
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void test_training_goes_on_from_a_dump_and_refuses_a_damaged_one(void **state) {
    (void)state;
    char folder[] = "/tmp/tinylm-dump-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[128];
    snprintf(path, sizeof path, "%s/step-00000007.safetensors", folder);
    struct trainer first;
    struct trainer second;
    start(&first, text, 1);
    start(&second, text, 1);
    for (int step = 0; step < 7; step++) {
        (void)trainer_step(&first);
    }
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&first, tensors);
    assert_int_equal(dump_write(folder, 7, tensors), 0);
    uint64_t wanted[PROGRESS_COUNT];
    memcpy(wanted, second.progress, sizeof wanted);
    trainer_state(&second, tensors);
    assert_int_equal(dump_read(path, tensors), 0);
    assert_int_equal(trainer_resume(&second, wanted), 0);
    assert_true(trainer_step(&first) == trainer_step(&second));

    damage(path, 20);
    assert_int_equal(dump_read(path, tensors), -1);
    damage(path, 20);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(truncate(path, facts.st_size + 1), 0);
    assert_int_equal(dump_read(path, tensors), -1);
    assert_int_equal(truncate(path, facts.st_size - 1), 0);
    assert_int_equal(dump_read(path, tensors), -1);
    assert_int_equal(truncate(path, 3), 0);
    assert_int_equal(dump_read(path, tensors), -1);
    unlink(path);
    assert_int_equal(dump_read(path, tensors), -1);
    assert_int_equal(rmdir(folder), 0);
    trainer_fini(&first);
    trainer_fini(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_canonical_safetensors),
        cmocka_unit_test(test_training_goes_on_from_a_dump_and_refuses_a_damaged_one),
    };
    write_text(text, 2000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(text);
    return failed;
}
