#include "support/cli.h"
#include "support/cmocka.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

static void remove_a_pack(void) {
    DIR *directory = opendir("store/packs");
    char path[300] = "";
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (strstr(entry->d_name, ".pack")) {
            snprintf(path, sizeof path, "store/packs/%s", entry->d_name);
        }
    }
    closedir(directory);
    assert_int_equal(unlink(path), 0);
}

static void save_with_parity(void) {
    struct cli_result result;
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_expect(&result, 0, "satsync init store --key site.key");
    cli_write_model("model.safetensors");
    cli_expect(&result, 0,
               "satsync save store model.safetensors --step 7 --parity 2+1 --key site.key");
}

static void test_a_lost_pack_is_made_again(void **state) {
    (void)state;
    struct cli_result result;
    save_with_parity();
    cli_expect(&result, 0, "satsync repair store");
    assert_non_null(strstr(result.out, "0 damaged or lost"));
    remove_a_pack();
    cli_expect(&result, 6, "satsync verify store --quick");
    cli_expect(&result, 0, "satsync repair store --dry-run");
    assert_non_null(strstr(result.out, "parity can mend it"));
    cli_expect(&result, 6, "satsync verify store --quick");
    cli_expect(&result, 0, "satsync repair store 7 --json");
    json_t *object = cli_json(&result);
    assert_int_equal(json_integer_value(json_object_get(object, "packs")), 3);
    assert_int_equal(json_integer_value(json_object_get(object, "damaged")), 1);
    assert_int_equal(json_integer_value(json_object_get(object, "mended")), 1);
    assert_true(json_is_false(json_object_get(object, "dry_run")));
    assert_int_equal(json_array_size(json_object_get(object, "damages")), 1);
    json_decref(object);
    cli_expect(&result, 0, "satsync verify store --key site.key");
    cli_expect(&result, 0, "satsync restore store 7 -o out.safetensors --key site.key");
    assert_true(cli_same_files("model.safetensors", "out.safetensors"));
}

static void test_more_than_parity_allows_is_told(void **state) {
    (void)state;
    struct cli_result result;
    save_with_parity();
    remove_a_pack();
    remove_a_pack();
    cli_expect(&result, 6, "satsync repair store");
    assert_non_null(strstr(result.err, "more than 1 of 3"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lost_pack_is_made_again, cli_enter, cli_leave),
        cmocka_unit_test_setup_teardown(test_more_than_parity_allows_is_told, cli_enter, cli_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
