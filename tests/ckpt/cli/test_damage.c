#include "ckpt/cli/damage.h"

#include "support/cmocka.h"

#include <string.h>

static const struct satsync_damage damages[] = {
    {.step = 3, .status = SATSYNC_CORRUPT, .what = "pack \033[2J"},
    {.step = 4, .status = SATSYNC_OK, .what = "mended"}};

static void test_a_line_for_each_damage_and_for_those_beyond_the_room(void **state) {
    struct output output;
    char text[512] = "";
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    (void)state;
    assert_true(out && err);
    output_init(&output, out, err);
    damage_tell(&output, damages, 5, 2);
    output_fini(&output);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    assert_non_null(strstr(text, "step 3: corrupt: pack "));
    assert_null(strchr(text, '\033')); /* a damaged store may hold anything */
    assert_non_null(strstr(text, "step 4: ok: mended\nand 3 more\n"));
    fclose(out);
    fclose(err);
}

static void test_the_array_holds_what_there_was_room_for(void **state) {
    struct output output;
    FILE *out = tmpfile();
    (void)state;
    assert_non_null(out);
    output_init(&output, out, out);
    output.json = true;
    damage_tell(&output, damages, 5, 2);
    json_t *array = json_object_get(output.result, "damages");
    assert_int_equal(json_array_size(array), 2);
    json_t *first = json_array_get(array, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "step")), 3);
    assert_string_equal(json_string_value(json_object_get(first, "status")), "corrupt");
    output_fini(&output);
    fclose(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_for_each_damage_and_for_those_beyond_the_room),
        cmocka_unit_test(test_the_array_holds_what_there_was_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
