#include "engine/reader.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes a safetensors file of the given JSON header and data bytes. */
static void write_file(const char *path, const char *header, size_t data_bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    uint64_t length = strlen(header);
    fwrite(&length, 8, 1, file);
    fwrite(header, 1, (size_t)length, file);
    for (size_t i = 0; i < data_bytes; i++) {
        fputc((int)(i * 7 + length) & 0xff, file);
    }
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static enum satsync_status save(struct engine_world *world, uint64_t step, const char *const *files,
                                size_t count, struct satsync_error *error) {
    struct satsync_save_options options;
    satsync_save_options_init(&options);
    options.step = step;
    struct satsync_operation *operation;
    enum satsync_status status =
        satsync_save_files(world->store, &options, files, count, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

static enum satsync_status save_one(struct engine_world *world, uint64_t step, const char *file,
                                    struct satsync_error *error) {
    return save(world, step, &file, 1, error);
}

static enum satsync_status restore(struct engine_world *world, uint64_t step, const char *output,
                                   struct satsync_error *error) {
    struct satsync_restore_options options;
    satsync_restore_options_init(&options);
    options.step = step;
    options.output = output;
    struct satsync_operation *operation;
    enum satsync_status status = satsync_restore_files(world->store, &options, &operation, error);
    if (status == SATSYNC_OK) {
        status = satsync_operation_wait(operation, UINT64_MAX, error);
        satsync_operation_free(operation);
    }
    return status;
}

static void assert_same_file(const char *a, const char *b) {
    char command[512];
    snprintf(command, sizeof command, "cmp %s %s", a, b);
    assert_int_equal(system(command), 0);
}

static void path_of(struct engine_world *world, const char *name, char out[160]) {
    snprintf(out, 160, "%s/%s", world->base, name);
}

/* Spaces, metadata and a tensor order that no canonical writer would choose. */
static const char ODD[] =
    "{ \"__metadata__\": {\"who\":\"test\"}, \"b\":{\"dtype\":\"F32\",\"shape\":"
    "[3],\"data_offsets\":[0,12]},\"a\":{\"dtype\":\"F64\",\"shape\":[2,1],"
    "\"data_offsets\":[12,28]}}   ";

static void test_odd_header_comes_back_byte_for_byte(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    char in[160];
    char out[160];
    path_of(world, "odd.safetensors", in);
    path_of(world, "out.safetensors", out);
    write_file(in, ODD, 28);
    engine_expect(save_one(world, 1, in, &error), SATSYNC_OK, &error);
    engine_expect(restore(world, 1, out, &error), SATSYNC_OK, &error);
    assert_same_file(in, out);
}

static void test_sharded_set_comes_back_with_its_index(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    char a[160];
    char b[160];
    char index[160];
    char out[160];
    path_of(world, "m-1.safetensors", a);
    path_of(world, "m-2.safetensors", b);
    path_of(world, "m.safetensors.index.json", index);
    path_of(world, "out/", out);
    write_file(a, "{\"x\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]}}", 5);
    write_file(b, "{\"y\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4);
    write_text(index, "{\"metadata\":{},\"weight_map\":{\"x\":\"m-1.safetensors\",\n"
                      " \"y\":\"m-2.safetensors\"}}\n");
    engine_expect(save_one(world, 2, index, &error), SATSYNC_OK, &error);
    engine_expect(restore(world, 2, out, &error), SATSYNC_OK, &error);
    const char *names[] = {"m-1.safetensors", "m-2.safetensors", "m.safetensors.index.json"};
    for (int i = 0; i < 3; i++) {
        char in[160];
        char restored[160];
        char name[64];
        path_of(world, names[i], in);
        snprintf(name, sizeof name, "out/%s", names[i]);
        path_of(world, name, restored);
        assert_same_file(in, restored);
    }
}

static void test_what_is_no_safetensors_is_refused_and_saves_nothing(void **state) {
    struct engine_world *world = *state;
    char path[160];
    path_of(world, "bad.safetensors", path);
    static const struct {
        const char *header;
        size_t bytes;
    } bad[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 11}, /* cut */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 13}, /* too long */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,12]}}", 12}, /* shape */
        {"{\"a\":{\"dtype\":\"F99\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12}, /* dtype */
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]}}", 16}, /* hole */
        {"not json", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct satsync_error error = {0};
        write_file(path, bad[i].header, bad[i].bytes);
        assert_int_equal(save_one(world, 9, path, &error), SATSYNC_INVALID);
        /* The file, or the tensor in it. */
        assert_true(strstr(error.subject, "bad.safetensors") || strcmp(error.subject, "a") == 0);
    }
    struct satsync_error error = {0};
    write_text(path, "abc");
    assert_int_equal(save_one(world, 9, path, &error), SATSYNC_INVALID);
    path_of(world, "missing.safetensors", path);
    assert_int_equal(save_one(world, 9, path, &error), SATSYNC_NOT_FOUND);
    size_t count;
    engine_expect(satsync_store_steps(world->store, NULL, 0, &count, &error), SATSYNC_OK, &error);
    assert_int_equal(count, 0);
}

static void test_two_files_of_one_name_are_refused(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error = {0};
    char a[160];
    path_of(world, "odd.safetensors", a);
    write_file(a, ODD, 28);
    const char *files[] = {a, a};
    assert_int_equal(save(world, 1, files, 2, &error), SATSYNC_INVALID);
}

/* A tensor of 64 zeros: all types round them to zeros. */
static void write_zeros(const char *path, const char *type, size_t bytes) {
    char header[200];
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"%s\",\"shape\":[64],\"data_offsets\":[0,%zu]}}", type, type,
             bytes);
    write_file(path, header, 0);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    for (size_t i = 0; i < bytes; i++) {
        fputc(0, file);
    }
    assert_int_equal(fclose(file), 0);
}

static void test_bf16_in_an_earlier_file_is_derived(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_reader *reader;
    char model[160];
    char master[160];
    char out[160];
    path_of(world, "model.safetensors", model);
    path_of(world, "master.safetensors", master);
    write_zeros(model, "BF16", 128);
    write_zeros(master, "F32", 256);
    const char *files[] = {model, master};
    engine_expect(save(world, 7, files, 2, &error), SATSYNC_OK, &error);
    engine_expect(satsync_reader_open(world->store, 7, &reader, &error), SATSYNC_OK, &error);
    size_t derived = 0;
    for (uint64_t i = 0; i < reader->chunk_count; i++) {
        derived += reader->chunks[i].is_derived;
    }
    assert_int_equal(derived, 1);
    satsync_reader_close(reader);
    path_of(world, "derived/", out);
    engine_expect(restore(world, 7, out, &error), SATSYNC_OK, &error);
    path_of(world, "derived/model.safetensors", out);
    assert_same_file(model, out);
    path_of(world, "derived/master.safetensors", out);
    assert_same_file(master, out);
}

#define WORLD_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_odd_header_comes_back_byte_for_byte),
        WORLD_TEST(test_sharded_set_comes_back_with_its_index),
        WORLD_TEST(test_what_is_no_safetensors_is_refused_and_saves_nothing),
        WORLD_TEST(test_two_files_of_one_name_are_refused),
        WORLD_TEST(test_bf16_in_an_earlier_file_is_derived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
