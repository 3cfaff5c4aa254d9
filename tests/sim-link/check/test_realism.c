#include "sim-link/check/realism.h"

#include "support/cmocka.h"

static void test_low_orbit_is_as_published(void **state) {
    (void)state;
    static struct verdicts verdicts;
    assert_int_equal(realism_published(&verdicts, 2), SATSYNC_OK);
    for (size_t i = 0; i < verdicts.count; i++) {
        const struct verdict *row = &verdicts.rows[i];
        if (!row->passed) {
            fail_msg("%s: %g, due %g to %g", row->name, row->measured, row->least, row->most);
        }
    }
}

static void test_a_trace_of_ours_is_no_list_of_opportunities(void **state) {
    (void)state;
    static struct verdicts verdicts;
    struct satsync_error error;
    assert_int_equal(realism_trace(&verdicts, "/nowhere", &error), SATSYNC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low_orbit_is_as_published),
        cmocka_unit_test(test_a_trace_of_ours_is_no_list_of_opportunities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
