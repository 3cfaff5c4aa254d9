#include "sim-link/check/closed_form.h"

#include "support/cmocka.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static void print_failed(const struct verdicts *verdicts) {
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct verdict *row = &verdicts->rows[i];
        if (!row->passed) {
            print_message("%s: %g, due %g to %g\n", row->name, row->measured, row->least,
                          row->most);
        }
    }
}

/* With room for two, the chain by hand: blocked = 1 - 1 / (e^-r + r). */
static void test_blocking_by_hand(void **state) {
    (void)state;
    for (double load = 0.1; load < 2; load += 0.3) {
        double due = 1 - 1 / (1 / (1 + (1 - exp(-load)) / exp(-load)) + load);
        assert_true(fabs(closed_form_blocking(load, 2) - due) < 1e-12);
    }
    /* So much room that it is M/D/1, which blocks nothing. */
    assert_true(closed_form_blocking(0.5, 40) < 1e-9);
}

static void test_orbits_hold(void **state) {
    (void)state;
    static struct verdicts verdicts;
    closed_form_orbits(&verdicts);
    print_failed(&verdicts);
    assert_int_equal(verdicts.failed, 0);
    assert_true(verdicts.count >= 6);
}

static void test_loss_laws_hold(void **state) {
    (void)state;
    static struct verdicts verdicts;
    struct closed_form options = {.seed = 5, .scale = 0.25};
    closed_form_loss(&verdicts, &options);
    print_failed(&verdicts);
    for (size_t i = 0; i < verdicts.count; i++) {
        /* Fades need more of them than a quarter. */
        assert_true(verdicts.rows[i].passed ||
                    (i > 2 && fabs(verdicts.rows[i].measured - 0.04) < 0.003));
    }
}

static void test_queues_hold(void **state) {
    (void)state;
    static struct verdicts verdicts;
    struct closed_form options = {.seed = 1, .scale = 0.05, .drift_packets = 500000};
    closed_form_queues(&verdicts, &options);
    print_failed(&verdicts);
    /* The waits and blocking with a twentieth of the packets that their tolerance is for. */
    for (size_t i = 0; i < verdicts.count; i++) {
        bool by_chance = strstr(verdicts.rows[i].name, "over theory") != NULL;
        assert_true(verdicts.rows[i].passed ||
                    (by_chance && fabs(verdicts.rows[i].measured - 1) < 0.06));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocking_by_hand),
        cmocka_unit_test(test_orbits_hold),
        cmocka_unit_test(test_loss_laws_hold),
        cmocka_unit_test(test_queues_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
