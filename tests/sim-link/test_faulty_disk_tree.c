#include "sim-link/faulty_disk_tree.h"

#include "support/cmocka.h"

#include <string.h>

static void test_paths_lead_to_what_they_name(void **state) {
    (void)state;
    struct faulty_tree tree;
    const char *name;
    assert_int_equal(faulty_tree_init(&tree, NULL), SATSYNC_OK);
    struct faulty_node *directory = faulty_tree_node(&tree, true);
    struct faulty_node *file = faulty_tree_node(&tree, false);
    assert_int_equal(faulty_directory_change(&tree, tree.root, NULL, "d", directory), SATSYNC_OK);
    assert_int_equal(faulty_directory_change(&tree, directory, NULL, "f", file), SATSYNC_OK);
    assert_ptr_equal(faulty_tree_find(&tree, "/"), tree.root);
    assert_ptr_equal(faulty_tree_find(&tree, "."), tree.root);
    assert_ptr_equal(faulty_tree_find(&tree, "d"), directory);
    assert_ptr_equal(faulty_tree_find(&tree, "/d/./f"), file);
    assert_null(faulty_tree_find(&tree, "/d/f/g"));
    assert_null(faulty_tree_find(&tree, "/d/ff"));
    assert_ptr_equal(faulty_tree_parent(&tree, "/d/new", &name), directory);
    assert_string_equal(name, "new");
    assert_null(faulty_tree_parent(&tree, "/d/f/new", &name));
    faulty_tree_fini(&tree);
}

static void test_files_without_name_or_opener_take_no_space(void **state) {
    (void)state;
    struct faulty_tree tree;
    assert_int_equal(faulty_tree_init(&tree, NULL), SATSYNC_OK);
    struct faulty_node *file = faulty_tree_node(&tree, false);
    assert_int_equal(faulty_directory_change(&tree, tree.root, NULL, "a", file), SATSYNC_OK);
    assert_int_equal(faulty_directory_change(&tree, tree.root, NULL, "b", file), SATSYNC_OK);
    assert_int_equal(faulty_bytes_resize(&tree, &file->now, 100), SATSYNC_OK);
    assert_int_equal(faulty_tree_bytes(&tree), 100);
    assert_int_equal(faulty_directory_change(&tree, tree.root, "a", NULL, NULL), SATSYNC_OK);
    assert_int_equal(faulty_tree_bytes(&tree), 100);
    file->opens = 1;
    assert_int_equal(faulty_directory_change(&tree, tree.root, "b", NULL, NULL), SATSYNC_OK);
    assert_int_equal(faulty_tree_bytes(&tree), 100);
    file->opens = 0;
    assert_int_equal(faulty_tree_bytes(&tree), 0);
    faulty_tree_fini(&tree);
}

static void test_the_same_seed_crashes_the_same_way(void **state) {
    (void)state;
    uint8_t survived[2][4096] = {{0}};
    size_t bytes[2];
    for (size_t i = 0; i < 2; i++) {
        struct faulty_tree tree;
        struct random random = random_of(42, 0);
        assert_int_equal(faulty_tree_init(&tree, NULL), SATSYNC_OK);
        struct faulty_node *file = faulty_tree_node(&tree, false);
        assert_int_equal(faulty_bytes_resize(&tree, &file->now, 4096), SATSYNC_OK);
        memset(file->now.at, 'x', 4096);
        assert_int_equal(faulty_tree_crash(&tree, &random), SATSYNC_OK);
        bytes[i] = file->now.bytes;
        if (bytes[i] > 0) {
            memcpy(survived[i], file->now.at, bytes[i]);
        }
        faulty_tree_fini(&tree);
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(survived[0], survived[1], 4096);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_lead_to_what_they_name),
        cmocka_unit_test(test_files_without_name_or_opener_take_no_space),
        cmocka_unit_test(test_the_same_seed_crashes_the_same_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
