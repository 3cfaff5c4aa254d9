#include "model/patch.h"

#include "base/bytes.h"
#include "support/cmocka.h"

#include <string.h>

static const struct patch_head sound = {1000, 1010, 400, 123456789};

static enum satsync_status decode(const uint8_t *data, struct patch_head *head) {
    struct satsync_error error = {0};
    enum satsync_status status = patch_head_decode(data, "p.patch", head, &error);
    assert_true(status == SATSYNC_OK || strcmp(error.subject, "p.patch") == 0);
    return status;
}

static void test_head_comes_back(void **state) {
    (void)state;
    uint8_t data[PATCH_HEAD_BYTES];
    struct patch_head head;
    patch_head_encode(&sound, data);
    assert_int_equal(decode(data, &head), SATSYNC_OK);
    assert_memory_equal(&head, &sound, sizeof head);
}

static void test_other_files_and_newer_patches_are_told_apart(void **state) {
    (void)state;
    uint8_t data[PATCH_HEAD_BYTES];
    struct patch_head head;
    for (size_t i = 0; i < 8; i++) {
        patch_head_encode(&sound, data);
        data[i] ^= 1;
        assert_int_equal(decode(data, &head), SATSYNC_INVALID);
    }
    patch_head_encode(&sound, data);
    store_le32(data + 8, PATCH_VERSION + 1);
    assert_int_equal(decode(data, &head), SATSYNC_NEWER_VERSION);
    store_le32(data + 8, 0);
    assert_int_equal(decode(data, &head), SATSYNC_CORRUPT);
}

static void test_sizes_that_cannot_be_are_refused(void **state) {
    (void)state;
    static const struct patch_head bad[] = {{1, 2, 0, 100},
                                            {1, 2, 8, 100},
                                            {1, 2, 101, 100},
                                            {1, 2, 100000009, 200000000},
                                            {1, 2, 100, UINT64_C(1) << 63},
                                            {1, 2, UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t data[PATCH_HEAD_BYTES];
        struct patch_head head;
        patch_head_encode(&bad[i], data);
        assert_int_equal(decode(data, &head), SATSYNC_CORRUPT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_comes_back),
        cmocka_unit_test(test_other_files_and_newer_patches_are_told_apart),
        cmocka_unit_test(test_sizes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
