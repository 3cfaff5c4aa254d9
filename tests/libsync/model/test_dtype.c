#include "model/dtype.h"

#include "support/cmocka.h"

#include <string.h>

static void test_every_type_is_found_by_its_name(void **state) {
    (void)state;
    for (unsigned i = DTYPE_BOOL; i < DTYPE_END; i++) {
        const struct dtype_row *row = dtype_row(i);
        enum dtype found;
        assert_non_null(row);
        assert_int_equal(dtype_parse(row->name, "t", &found, NULL), SATSYNC_OK);
        assert_int_equal(found, i);
        assert_true(row->bytes % row->width == 0);
        assert_true(!row->floating || row->width > 1);
    }
}

/* The reference implementation sorts by this order: elements never get smaller. */
static void test_types_stand_in_order_of_their_size(void **state) {
    (void)state;
    for (unsigned i = DTYPE_BOOL + 1; i < DTYPE_END; i++) {
        assert_true(dtype_row(i - 1)->width <= dtype_row(i)->width || i - 1 == DTYPE_C64 ||
                    i == DTYPE_C64);
    }
}

static void test_what_is_no_type_is_refused(void **state) {
    (void)state;
    enum dtype found;
    struct satsync_error error;
    assert_null(dtype_row(0));
    assert_null(dtype_row(DTYPE_END));
    static const char *const unknown[] = {"", "f32", "F32 ", "F128", "U128", "BF8"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_int_equal(dtype_parse(unknown[i], "t", &found, &error), SATSYNC_INVALID);
    }
    static const char *const narrow[] = {"F4", "F6_E2M3", "F6_E3M2"};
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        assert_int_equal(dtype_parse(narrow[i], "weight", &found, &error), SATSYNC_UNSUPPORTED);
        assert_string_equal(error.subject, "weight");
        assert_non_null(strstr(error.message, "narrower than a byte"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_found_by_its_name),
        cmocka_unit_test(test_types_stand_in_order_of_their_size),
        cmocka_unit_test(test_what_is_no_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
