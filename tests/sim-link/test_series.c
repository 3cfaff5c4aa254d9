#include "sim-link/series.h"

#include "support/cmocka.h"

static void test_a_step_holds_until_the_next_and_all_begins_again(void **state) {
    (void)state;
    static const struct series_step steps[] = {{0, 7}, {10, 8}, {25, 9}};
    struct series series = {steps, 3, 30};
    const struct {
        uint64_t now_ns;
        uint64_t value;
        uint64_t until_ns;
    } cases[] = {{0, 7, 10},  {9, 7, 10},  {10, 8, 25}, {24, 8, 25},
                 {25, 9, 30}, {29, 9, 30}, {30, 7, 40}, {100, 8, 115}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t until_ns;
        assert_int_equal(series_at(&series, cases[i].now_ns, &until_ns), cases[i].value);
        assert_int_equal(until_ns, cases[i].until_ns);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_holds_until_the_next_and_all_begins_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
