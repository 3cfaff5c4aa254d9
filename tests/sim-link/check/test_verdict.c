#include "sim-link/check/verdict.h"

#include "support/cmocka.h"

#include <math.h>

static void test_what_lies_outside_is_counted(void **state) {
    (void)state;
    static struct verdicts verdicts;
    verdict_within(&verdicts, "in", 5, 4, 6);
    verdict_within(&verdicts, "edge", 6, 4, 6);
    verdict_within(&verdicts, "out", 6.1, 4, 6);
    verdict_within(&verdicts, "nothing", NAN, 4, 6);
    verdict_near(&verdicts, "near", 101, 100, 0.01);
    verdict_near(&verdicts, "below zero", -103, -100, 0.02);
    assert_int_equal(verdicts.count, 6);
    assert_int_equal(verdicts.failed, 3);
    assert_true(verdicts.rows[4].passed);
    assert_false(verdicts.rows[5].passed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_lies_outside_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
