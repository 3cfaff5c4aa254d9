#include "model/index_part.h"

#include "base/random.h"
#include "codec/seal.h"
#include "support/cmocka.h"

#include <string.h>

static uint8_t data[INDEX_PART_BYTES_MAX];

static struct index_record file_record(const char *name) {
    return (struct index_record){
        .kind = INDEX_FILE,
        .file = {name, strlen(name), INDEX_FILE_SAFETENSORS, {1000, 0, 1 << 20}}};
}

static struct index_record tensor_record(const char *name) {
    return (struct index_record){.kind = INDEX_TENSOR,
                                 .tensor = {.name = name,
                                            .name_bytes = strlen(name),
                                            .file = 0,
                                            .dtype = DTYPE_BF16,
                                            .rank = 2,
                                            .shape = {3, 5},
                                            .data = {30, 1, 1 << 20}}};
}

static struct index_record blob_record(const char *name) {
    return (struct index_record){.kind = INDEX_BLOB, .blob = {name, strlen(name), {5, 2, 1 << 20}}};
}

static struct index_record chunk_record(uint32_t raw_bytes) {
    return (struct index_record){.kind = INDEX_CHUNK,
                                 .chunk = {.raw_bytes = raw_bytes,
                                           .own = {.pack = 3,
                                                   .extent = 77,
                                                   .offset = (uint64_t)1 << 40,
                                                   .sealed_bytes = raw_bytes + 17,
                                                   .codec = 1}}};
}

static struct index_record delta_record(uint32_t raw_bytes) {
    struct index_record record = chunk_record(raw_bytes);
    record.chunk.has_base = true;
    record.chunk.base = record.chunk.own;
    record.chunk.base.pack = 5;
    record.chunk.base.codec = 2;
    return record;
}

static struct index_record derived_record(uint32_t raw_bytes) {
    return (struct index_record){
        .kind = INDEX_CHUNK, .chunk = {.raw_bytes = raw_bytes, .is_derived = true, .master = 200}};
}

/* One record of each kind, and two chunks more. */
static size_t write_example(void) {
    struct index_part_writer writer;
    struct index_record records[] = {file_record("m.safetensors"),
                                     tensor_record("layer.0.weight"),
                                     blob_record("rng"),
                                     chunk_record(1000),
                                     delta_record(30),
                                     derived_record(40)};
    index_part_begin(&writer, 4, data);
    for (int i = 0; i < 6; i++) {
        assert_true(index_part_add(&writer, &records[i]));
    }
    assert_int_equal(writer.records, 6);
    assert_int_equal(writer.chunks, 3);
    return index_part_finish(&writer);
}

/* Reads all of it; the status that ended the walk. */
static enum satsync_status read_all(uint32_t number, const uint8_t *part, size_t bytes) {
    struct index_part_reader reader;
    struct index_record record;
    enum satsync_status status = index_part_open(&reader, number, part, bytes);
    while (status == SATSYNC_OK) {
        status = index_part_next(&reader, &record);
    }
    return status;
}

static void test_records_round_trip(void **state) {
    (void)state;
    size_t bytes = write_example();
    struct index_part_reader reader;
    struct index_record got;
    assert_int_equal(index_part_open(&reader, 4, data, bytes), SATSYNC_OK);
    assert_int_equal(reader.records, 6);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    assert_int_equal(got.kind, INDEX_FILE);
    assert_memory_equal(got.file.name, "m.safetensors", got.file.name_bytes);
    assert_int_equal(got.file.header.bytes, 1000);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    assert_int_equal(got.kind, INDEX_TENSOR);
    assert_int_equal(got.tensor.name_bytes, strlen("layer.0.weight"));
    assert_int_equal(got.tensor.dtype, DTYPE_BF16);
    assert_int_equal(got.tensor.rank, 2);
    assert_int_equal(got.tensor.shape[1], 5);
    assert_int_equal(got.tensor.data.first_chunk, 1);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    assert_int_equal(got.kind, INDEX_BLOB);
    assert_int_equal(got.blob.data.bytes, 5);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    struct index_record chunk = chunk_record(1000);
    assert_int_equal(got.chunk.raw_bytes, 1000);
    assert_int_equal(got.chunk.own.pack, chunk.chunk.own.pack);
    assert_int_equal(got.chunk.own.extent, chunk.chunk.own.extent);
    assert_int_equal(got.chunk.own.offset, chunk.chunk.own.offset);
    assert_int_equal(got.chunk.own.sealed_bytes, chunk.chunk.own.sealed_bytes);
    assert_int_equal(got.chunk.own.codec, 1);
    assert_false(got.chunk.has_base);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    assert_int_equal(got.chunk.own.pack, 3);
    assert_true(got.chunk.has_base);
    assert_int_equal(got.chunk.base.pack, 5);
    assert_int_equal(got.chunk.base.offset, (uint64_t)1 << 40);
    assert_int_equal(got.chunk.base.codec, 2);
    assert_false(got.chunk.is_derived);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_OK);
    assert_int_equal(got.kind, INDEX_CHUNK);
    assert_true(got.chunk.is_derived && !got.chunk.has_base);
    assert_int_equal(got.chunk.raw_bytes, 40);
    assert_int_equal(got.chunk.master, 200);
    assert_int_equal(index_part_next(&reader, &got), SATSYNC_NOT_FOUND);
}

static void test_full_part_asks_for_the_next(void **state) {
    (void)state;
    struct index_part_writer writer;
    struct index_record record = chunk_record(1 << 20);
    uint32_t added = 0;
    index_part_begin(&writer, 0, data);
    while (index_part_add(&writer, &record)) {
        added++;
    }
    assert_false(index_part_add(&writer, &record));
    size_t bytes = index_part_finish(&writer);
    assert_true(added > 40000 && bytes <= INDEX_PART_BYTES_MAX);
    assert_int_equal(writer.records, added);
    assert_int_equal(read_all(0, data, bytes), SATSYNC_NOT_FOUND);
}

static void test_cut_longer_or_other_part_is_corrupt(void **state) {
    (void)state;
    size_t bytes = write_example();
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(read_all(4, data, cut), SATSYNC_CORRUPT);
    }
    data[bytes] = 0;
    assert_int_equal(read_all(4, data, bytes + 1), SATSYNC_CORRUPT);
    assert_int_equal(read_all(3, data, bytes), SATSYNC_CORRUPT);
}

static void test_kinds_out_of_order_are_corrupt(void **state) {
    (void)state;
    struct index_record records[] = {file_record("f"), tensor_record("t"), blob_record("b"),
                                     chunk_record(1)};
    for (int first = 0; first < 4; first++) {
        for (int second = 0; second < 4; second++) {
            struct index_part_writer writer;
            index_part_begin(&writer, 0, data);
            assert_true(index_part_add(&writer, &records[first]));
            assert_true(index_part_add(&writer, &records[second]));
            size_t bytes = index_part_finish(&writer);
            assert_int_equal(read_all(0, data, bytes),
                             first <= second ? SATSYNC_NOT_FOUND : SATSYNC_CORRUPT);
        }
    }
}

/* Byte 12 is the first record's tag; then, for "ab": length, 'a', 'b', and what follows. */
static void test_impossible_records_are_corrupt(void **state) {
    (void)state;
    const struct {
        struct index_record record;
        size_t at;
        uint8_t value;
    } cases[] = {
        {file_record("ab"), 12, 0},           /* no such kind of record */
        {file_record("ab"), 12, 6},           /* no such kind of record */
        {file_record("ab"), 13, 0},           /* no name */
        {file_record("ab"), 14, 0},           /* a zero byte in a name */
        {file_record("ab"), 16, 0},           /* no such kind of file */
        {file_record("ab"), 16, 3},           /* no such kind of file */
        {tensor_record("ab"), 17, 0},         /* no such type */
        {tensor_record("ab"), 17, 99},        /* no such type */
        {tensor_record("ab"), 17, DTYPE_F32}, /* 60 bytes, not 30 */
        {tensor_record("ab"), 18, 65},        /* too many dimensions */
        {tensor_record("ab"), 18, 1},         /* 6 bytes, not 30 */
        {tensor_record("ab"), 26, 1},         /* a shape of 2^56 and more */
        {chunk_record(10), 13, 0},            /* no bytes */
        {chunk_record(10), 13, 9},            /* sealed bytes beyond raw bytes + 17 */
        {chunk_record(10), 27, 1},            /* a base that is not there */
        {chunk_record(10), 27, 2},            /* two bases */
        {delta_record(10), 13, 9},            /* sealed bytes beyond raw bytes + 17 */
        {delta_record(10), 27, 0},            /* bytes behind */
        {derived_record(10), 13, 0},          /* no bytes */
        {derived_record(10), 13, 9},          /* half an element */
        {derived_record(10), 14, 0},          /* no such rule */
        {derived_record(10), 14, 2},          /* no such rule */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct index_part_writer writer;
        index_part_begin(&writer, 0, data);
        assert_true(index_part_add(&writer, &cases[i].record));
        size_t bytes = index_part_finish(&writer);
        assert_int_equal(read_all(0, data, bytes), SATSYNC_NOT_FOUND);
        data[cases[i].at] = cases[i].value;
        assert_int_equal(read_all(0, data, bytes), SATSYNC_CORRUPT);
    }
}

static void test_random_damage_is_harmless(void **state) {
    (void)state;
    struct random random = random_of(2, 0);
    size_t bytes = write_example();
    for (int trial = 0; trial < 20000; trial++) {
        size_t at = (size_t)random_below(&random, bytes);
        uint8_t before = data[at];
        data[at] = (uint8_t)random_u32(&random);
        enum satsync_status status = read_all(4, data, bytes);
        assert_true(status == SATSYNC_NOT_FOUND || status == SATSYNC_CORRUPT);
        data[at] = before;
    }
}

/* As the engine does it: parts are sealed as extents of kind "index". */
static void test_one_flipped_byte_of_a_sealed_part_fails_its_seal(void **state) {
    (void)state;
    static uint8_t opened[4096];
    assert_int_equal(seal_ready(NULL), SATSYNC_OK);
    size_t bytes = write_example();
    struct seal_key key = {{8}, seal_best(), SEAL_LIBSODIUM};
    struct seal_place place = {.kind = SEAL_INDEX, .item = 4, .raw_bytes = bytes, .extent = 3};
    seal_close(&key, &place, data, bytes, data);
    for (size_t at = 0; at < bytes + SEAL_TAG_BYTES; at++) {
        data[at] ^= 4;
        assert_int_equal(seal_open(&key, &place, data, bytes + SEAL_TAG_BYTES, opened),
                         SATSYNC_CORRUPT);
        data[at] ^= 4;
    }
    assert_int_equal(seal_open(&key, &place, data, bytes + SEAL_TAG_BYTES, opened), SATSYNC_OK);
    assert_int_equal(read_all(4, opened, bytes), SATSYNC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_round_trip),
        cmocka_unit_test(test_full_part_asks_for_the_next),
        cmocka_unit_test(test_cut_longer_or_other_part_is_corrupt),
        cmocka_unit_test(test_kinds_out_of_order_are_corrupt),
        cmocka_unit_test(test_impossible_records_are_corrupt),
        cmocka_unit_test(test_random_damage_is_harmless),
        cmocka_unit_test(test_one_flipped_byte_of_a_sealed_part_fails_its_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
