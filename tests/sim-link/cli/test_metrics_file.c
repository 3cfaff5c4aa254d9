#include "sim-link/cli/metrics_file.h"

#include "support/cmocka.h"
#include "support/recorded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_the_file_is_replaced_as_a_whole(void **state) {
    (void)state;
    static struct relay_report report;
    struct recorded recorded;
    size_t bytes;
    recorded_name(&recorded);
    for (uint64_t i = 1; i <= 2; i++) {
        report.clients = i;
        assert_int_equal(metrics_file_write(recorded.series, &report, NULL), SATSYNC_OK);
    }
    char *text = recorded_read(recorded.series, &bytes);
    assert_non_null(strstr(text, "satsync_link_clients 2\n"));
    free(text);
    recorded_end(&recorded); /* which fails when another file is left */
}

static void test_a_failed_write_leaves_the_old_file(void **state) {
    (void)state;
    static struct relay_report report;
    struct satsync_error error;
    assert_int_equal(metrics_file_write("/nowhere/at/all.prom", &report, &error),
                     SATSYNC_NOT_FOUND);
    assert_string_equal(error.subject, "/nowhere/at/all.prom");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_is_replaced_as_a_whole),
        cmocka_unit_test(test_a_failed_write_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
