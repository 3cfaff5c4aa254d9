#include "model/manifest.h"

#include "base/bytes.h"
#include "base/random.h"
#include "codec/seal.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { RECIPIENTS = 2, PACKS = 3, PARTS = 2, BYTES_MAX = 4096 };
/* Where the fields stand: docs/format.md. */
enum { VERSION_AT = 8, RECIPIENT_COUNT_AT = 116, PACK_COUNT_AT = 120, PART_COUNT_AT = 124 };

static uint8_t recipients[RECIPIENTS][MANIFEST_KEY_BYTES];
static uint8_t wrapped[PACKS * RECIPIENTS][MANIFEST_WRAPPED_BYTES];
static struct manifest_pack packs[PACKS];
static struct manifest_part parts[PARTS];
static uint8_t root[BYTES_MAX];

static struct manifest example(void) {
    struct random random = random_of(1, 0);
    random_bytes(&random, recipients, sizeof recipients);
    random_bytes(&random, wrapped, sizeof wrapped);
    for (int i = 0; i < PACKS; i++) {
        packs[i] = (struct manifest_pack){
            .step = 7, .bytes = 8192, .table_offset = 4000, .table_bytes = 100, .algorithm = 1};
        random_bytes(&random, packs[i].id, MANIFEST_ID_BYTES);
        random_bytes(&random, packs[i].table_digest, MANIFEST_DIGEST_BYTES);
    }
    parts[0] = (struct manifest_part){.pack = 0,
                                      .extent = 1,
                                      .offset = 100,
                                      .sealed_bytes = 200,
                                      .raw_bytes = 300,
                                      .codec = 2,
                                      .records = 10,
                                      .chunks = 6};
    parts[1] = (struct manifest_part){.pack = 2,
                                      .extent = 9,
                                      .offset = 3900,
                                      .sealed_bytes = 100,
                                      .raw_bytes = 84,
                                      .first_record = 10,
                                      .records = 4,
                                      .first_chunk = 6,
                                      .chunks = 4};
    struct manifest manifest = {
        .version_major = 1,
        .store_id = {1, 2, 3},
        .step = 7,
        .created_unix_ns = 1234567890123456789,
        .counter = 42,
        .signer = {9},
        .raw_bytes = 100000,
        .stored_bytes = 7000,
        .tensor_count = 3,
        .chunk_count = 10,
        .recipients = recipients,
        .recipient_count = RECIPIENTS,
        .packs = packs,
        .pack_count = PACKS,
        .wrapped = wrapped,
        .parts = parts,
        .part_count = PARTS,
    };
    return manifest;
}

static size_t encode_example(void) {
    struct manifest manifest = example();
    size_t bytes = manifest_bytes(&manifest);
    assert_true(bytes <= sizeof root);
    assert_int_equal(manifest_encode(&manifest, root, bytes, NULL), SATSYNC_OK);
    return bytes;
}

static enum satsync_status decode(size_t bytes, struct manifest *out, struct satsync_error *error) {
    *out = (struct manifest){.allocator = NULL};
    return manifest_decode(root, bytes, "step 7", out, error);
}

static void test_root_round_trips(void **state) {
    (void)state;
    struct manifest before = example();
    size_t bytes = encode_example();
    struct manifest after;
    assert_int_equal(decode(bytes, &after, NULL), SATSYNC_OK);
    assert_int_equal(after.version_major, 1);
    assert_memory_equal(after.store_id, before.store_id, MANIFEST_ID_BYTES);
    assert_int_equal(after.step, before.step);
    assert_int_equal(after.created_unix_ns, before.created_unix_ns);
    assert_int_equal(after.counter, before.counter);
    assert_memory_equal(after.signer, before.signer, MANIFEST_KEY_BYTES);
    assert_int_equal(after.raw_bytes, before.raw_bytes);
    assert_int_equal(after.stored_bytes, before.stored_bytes);
    assert_int_equal(after.tensor_count, before.tensor_count);
    assert_int_equal(after.chunk_count, before.chunk_count);
    assert_memory_equal(after.recipients, recipients, sizeof recipients);
    assert_memory_equal(after.wrapped, wrapped, sizeof wrapped);
    uint8_t again[BYTES_MAX];
    assert_int_equal(manifest_bytes(&after), bytes);
    assert_int_equal(manifest_encode(&after, again, bytes, NULL), SATSYNC_OK);
    assert_memory_equal(again, root, bytes);
    assert_int_equal(manifest_recipient(&after, recipients[1]), 1);
    assert_int_equal(manifest_recipient(&after, after.signer), -1);
    manifest_fini(&after);
}

static void test_peek_gives_the_fixed_part_only(void **state) {
    (void)state;
    size_t bytes = encode_example();
    struct manifest manifest = {.allocator = NULL};
    assert_int_equal(manifest_peek(root, bytes, "step 7", &manifest, NULL), SATSYNC_OK);
    assert_int_equal(manifest.counter, 42);
    assert_int_equal(manifest.pack_count, 0);
    assert_null(manifest.packs);
}

static void test_newer_major_is_refused_with_a_sentence(void **state) {
    (void)state;
    struct satsync_error error;
    struct manifest manifest;
    size_t bytes = encode_example();
    store_le16(root + VERSION_AT, 4);
    assert_int_equal(decode(bytes, &manifest, &error), SATSYNC_NEWER_VERSION);
    assert_string_equal(error.subject, "step 7");
    assert_non_null(strstr(error.message, "4.0"));
    store_le16(root + VERSION_AT, 0);
    assert_int_equal(decode(bytes, &manifest, &error), SATSYNC_CORRUPT);
}

static void test_newer_minor_may_add_what_this_one_skips(void **state) {
    (void)state;
    struct manifest manifest;
    size_t bytes = encode_example();
    size_t extension_at = bytes - MANIFEST_SIGNATURE_BYTES - 4;
    store_le16(root + VERSION_AT + 2, 9);
    store_le32(root + extension_at, 20);
    memset(root + extension_at + 4, 0x77, 20 + MANIFEST_SIGNATURE_BYTES);
    assert_int_equal(decode(bytes + 20, &manifest, NULL), SATSYNC_OK);
    assert_int_equal(manifest.version_minor, 9);
    manifest_fini(&manifest);
    assert_int_equal(decode(bytes + 19, &manifest, NULL), SATSYNC_CORRUPT);
    assert_int_equal(decode(bytes + 21, &manifest, NULL), SATSYNC_CORRUPT);
    assert_int_equal(decode(bytes, &manifest, NULL), SATSYNC_CORRUPT);
}

static void test_cut_or_longer_root_is_corrupt(void **state) {
    (void)state;
    struct manifest manifest;
    size_t bytes = encode_example();
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(decode(cut, &manifest, NULL), SATSYNC_CORRUPT);
        assert_null(manifest.packs);
    }
    assert_int_equal(decode(bytes + 1, &manifest, NULL), SATSYNC_CORRUPT);
    assert_int_equal(manifest_signed_bytes(bytes), bytes - MANIFEST_SIGNATURE_BYTES);
    assert_int_equal(manifest_signed_bytes(100), 0);
}

static void test_huge_counts_are_refused_before_memory_is_taken(void **state) {
    (void)state;
    static const size_t places[] = {RECIPIENT_COUNT_AT, PACK_COUNT_AT, PART_COUNT_AT};
    static const uint32_t counts[] = {0, 300, 70000, 1 << 20, UINT32_MAX};
    for (size_t p = 0; p < 3; p++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            struct manifest manifest;
            size_t bytes = encode_example();
            store_le32(root + places[p], counts[c]);
            assert_int_equal(decode(bytes, &manifest, NULL), SATSYNC_CORRUPT);
        }
    }
}

static void test_what_cannot_be_is_neither_written_nor_read(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 14; wrong++) {
        struct manifest manifest = example();
        switch (wrong) {
        case 0:
            manifest.recipient_count = 0;
            break;
        case 1:
            manifest.part_count = 0;
            break;
        case 2:
            packs[1].table_offset = 8192;
            break;
        case 3:
            packs[1].table_bytes = UINT64_MAX - 10;
            break;
        case 4:
            packs[1].bytes = UINT64_MAX;
            break;
        case 5:
            packs[1].bytes += 65536;
            break;
        case 6:
            parts[1].pack = PACKS;
            break;
        case 7:
            parts[1].offset = 3901;
            break;
        case 8:
            parts[1].offset = UINT64_MAX;
            break;
        case 9:
            parts[1].sealed_bytes = 16;
            break;
        case 10:
            parts[1].raw_bytes = 82;
            break;
        case 11:
            parts[1].first_record = 11;
            break;
        case 12:
            parts[1].first_chunk = 5;
            break;
        default:
            manifest.chunk_count = 11;
            break;
        }
        size_t bytes = manifest_bytes(&manifest);
        assert_int_equal(manifest_encode(&manifest, root, bytes, NULL), SATSYNC_INVALID);
    }
}

/* Packs 1 and 2 are an array. */
static struct manifest example_with_parity(struct manifest_array *array) {
    struct manifest manifest = example();
    *array = (struct manifest_array){.first = 1, .data = 1, .parity = 1};
    packs[2].algorithm = MANIFEST_PARITY_ALGORITHM;
    packs[2].table_offset = packs[1].bytes;
    packs[2].bytes = packs[1].bytes + 4096;
    parts[1].pack = 1;
    manifest.version_major = 3;
    manifest.arrays = array;
    manifest.array_count = 1;
    return manifest;
}

static enum satsync_status encode(const struct manifest *manifest) {
    return manifest_encode(manifest, root, manifest_bytes(manifest), NULL);
}

static void test_arrays_round_trip(void **state) {
    (void)state;
    struct manifest_array array;
    struct manifest before = example_with_parity(&array);
    struct manifest after;
    assert_int_equal(encode(&before), SATSYNC_OK);
    assert_int_equal(decode(manifest_bytes(&before), &after, NULL), SATSYNC_OK);
    assert_int_equal(after.version_major, 3);
    assert_int_equal(after.array_count, 1);
    assert_int_equal(after.arrays[0].first, 1);
    assert_int_equal(after.arrays[0].data, 1);
    assert_int_equal(after.arrays[0].parity, 1);
    assert_null(manifest_array_of(&after, 0));
    assert_ptr_equal(manifest_array_of(&after, 1), &after.arrays[0]);
    assert_ptr_equal(manifest_array_of(&after, 2), &after.arrays[0]);
    manifest_fini(&after);
}

static void test_arrays_that_cannot_be_are_refused(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 9; wrong++) {
        struct manifest_array array;
        struct manifest manifest = example_with_parity(&array);
        switch (wrong) {
        case 0:
            manifest.version_major = 2;
            break;
        case 1:
            array.first = 2; /* beyond the last pack */
            break;
        case 2:
            array.first = UINT32_MAX;
            break;
        case 3:
            array.data = 2;
            array.parity = 0;
            break;
        case 4:
            array.first = 0; /* its last pack is no parity, and the parity is of none */
            break;
        case 5:
            packs[1].algorithm = MANIFEST_PARITY_ALGORITHM;
            break;
        case 6:
            packs[2].table_offset -= 4096; /* shorter than what it makes up for */
            break;
        case 7:
            parts[1].pack = 2; /* in parity */
            break;
        default:
            manifest.array_count = 0; /* a parity pack of no array */
            break;
        }
        assert_int_equal(encode(&manifest), SATSYNC_INVALID);
    }
}

static void test_a_huge_count_of_arrays_is_refused(void **state) {
    (void)state;
    static const uint32_t counts[] = {2, 70000, UINT32_MAX};
    struct manifest_array array;
    struct manifest manifest = example_with_parity(&array);
    struct manifest decoded;
    size_t bytes = manifest_bytes(&manifest);
    size_t count_at = bytes - MANIFEST_SIGNATURE_BYTES - 4 - 6 - 4;
    assert_int_equal(encode(&manifest), SATSYNC_OK);
    assert_int_equal(load_le32(root + count_at), 1);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        store_le32(root + count_at, counts[i]);
        assert_int_equal(decode(bytes, &decoded, NULL), SATSYNC_CORRUPT);
    }
}

static void test_a_pack_named_twice_is_corrupt(void **state) {
    (void)state;
    struct manifest manifest = example();
    memcpy(packs[2].id, packs[0].id, MANIFEST_ID_BYTES);
    size_t bytes = manifest_bytes(&manifest);
    assert_int_equal(manifest_encode(&manifest, root, bytes, NULL), SATSYNC_OK);
    assert_int_equal(decode(bytes, &manifest, NULL), SATSYNC_CORRUPT);
}

/* As the engine does it: the signature is checked before anything is believed. */
static void test_one_flipped_byte_anywhere_fails_the_signature(void **state) {
    (void)state;
    assert_int_equal(seal_ready(NULL), SATSYNC_OK);
    struct site_key *key = site_key_new(NULL);
    struct manifest manifest = example();
    memcpy(manifest.signer, key->public_key, MANIFEST_KEY_BYTES);
    size_t bytes = manifest_bytes(&manifest);
    assert_int_equal(manifest_encode(&manifest, root, bytes, NULL), SATSYNC_OK);
    size_t span = manifest_signed_bytes(bytes);
    site_sign(key, "root", root, span, root + span);
    assert_true(site_verify(key->public_key, "root", root, span, root + span));
    for (size_t at = 0; at < bytes; at++) {
        root[at] ^= 0x20;
        assert_false(site_verify(key->public_key, "root", root, span, root + span));
        root[at] ^= 0x20;
    }
    site_key_free(key);
}

static int left_until_failure;

static void *fail_later(void *context, size_t bytes) {
    (void)context;
    return left_until_failure-- > 0 ? test_malloc(bytes) : NULL;
}

static void release(void *context, void *memory) {
    (void)context;
    test_free(memory);
}

static void test_each_failed_allocation_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    struct allocator allocator = {fail_later, release, NULL};
    size_t bytes = encode_example();
    enum satsync_status status = SATSYNC_NO_MEMORY;
    for (int n = 0; status == SATSYNC_NO_MEMORY; n++) {
        struct manifest manifest = {.allocator = &allocator};
        left_until_failure = n;
        status = manifest_decode(root, bytes, "step 7", &manifest, NULL);
        assert_int_equal(status == SATSYNC_OK, n >= 6);
        manifest_fini(&manifest);
    }
    assert_int_equal(status, SATSYNC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_round_trips),
        cmocka_unit_test(test_peek_gives_the_fixed_part_only),
        cmocka_unit_test(test_newer_major_is_refused_with_a_sentence),
        cmocka_unit_test(test_newer_minor_may_add_what_this_one_skips),
        cmocka_unit_test(test_cut_or_longer_root_is_corrupt),
        cmocka_unit_test(test_huge_counts_are_refused_before_memory_is_taken),
        cmocka_unit_test(test_what_cannot_be_is_neither_written_nor_read),
        cmocka_unit_test(test_arrays_round_trip),
        cmocka_unit_test(test_arrays_that_cannot_be_are_refused),
        cmocka_unit_test(test_a_huge_count_of_arrays_is_refused),
        cmocka_unit_test(test_a_pack_named_twice_is_corrupt),
        cmocka_unit_test(test_one_flipped_byte_anywhere_fails_the_signature),
        cmocka_unit_test(test_each_failed_allocation_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
