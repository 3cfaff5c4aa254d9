#include "ckpt/store/layout.h"

#include "support/cmocka.h"

#include <string.h>

static const struct store store = {.root = "/r"};

static const char *name_of(const struct store_path *path) {
    return strrchr(path->text, '/') + 1;
}

static void test_names_are_read_as_they_were_made(void **state) {
    (void)state;
    struct pack_id id = {{0, 1, 0xab, 0xff}};
    struct pack_id read_id;
    uint8_t digest[DIGEST_BYTES] = {0xfe};
    uint8_t read_digest[DIGEST_BYTES];
    uint64_t step;
    struct store_path path = layout_pack(&store, &id);
    assert_string_equal(path.text, "/r/packs/0001abff000000000000000000000000.pack");
    assert_true(layout_reads_pack(name_of(&path), &read_id));
    assert_memory_equal(&read_id, &id, sizeof id);
    path = layout_manifest(&store, UINT64_MAX);
    assert_string_equal(path.text, "/r/manifests/18446744073709551615.manifest");
    assert_true(layout_reads_manifest(name_of(&path), &step));
    assert_true(step == UINT64_MAX);
    path = layout_journal(&store, digest);
    assert_true(layout_reads_journal(name_of(&path), read_digest));
    assert_memory_equal(read_digest, digest, sizeof digest);
    path = layout_part(&store, digest, &id);
    memset(read_digest, 0, sizeof read_digest);
    assert_true(layout_reads_part(name_of(&path), read_digest, &read_id));
    assert_memory_equal(read_digest, digest, sizeof digest);
    assert_true(layout_reads_temporary(".tmp-1-2"));
}

static void test_other_names_are_refused(void **state) {
    (void)state;
    static const char *const packs[] = {"",
                                        "x",
                                        "0001abff00000000000000000000000.pack",
                                        "0001ABFF000000000000000000000000.pack",
                                        "0001abff000000000000000000000000.pack2",
                                        "0001abff000000000000000000000000"};
    static const char *const manifests[] = {"18446744073709551616.manifest", "1.manifest",
                                            "00000000000000000001.manifest~",
                                            "+0000000000000000001.manifest", ""};
    struct pack_id id;
    uint8_t digest[DIGEST_BYTES];
    uint64_t step;
    for (size_t i = 0; i < sizeof packs / sizeof *packs; i++) {
        assert_false(layout_reads_pack(packs[i], &id));
        assert_false(layout_reads_journal(packs[i], digest));
        assert_false(layout_reads_part(packs[i], digest, &id));
    }
    for (size_t i = 0; i < sizeof manifests / sizeof *manifests; i++) {
        assert_false(layout_reads_manifest(manifests[i], &step));
        assert_false(layout_reads_temporary(manifests[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_read_as_they_were_made),
        cmocka_unit_test(test_other_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
