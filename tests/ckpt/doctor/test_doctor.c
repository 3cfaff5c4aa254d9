#include "support/cmocka.h"

#include <satsync/doctor.h>
#include <string.h>

static void test_this_machine_is_examined_whatever_it_lacks(void **state) {
    (void)state;
    static struct satsync_finding findings[SATSYNC_FINDINGS];
    size_t count;
    assert_int_equal(satsync_doctor(NULL, findings, &count, NULL), SATSYNC_OK);
    assert_int_equal(count, 9);
    assert_int_equal(satsync_doctor("/tmp", findings, &count, NULL), SATSYNC_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(findings[i].found[0] && findings[i].used[0]);
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(findings[i].subject, findings[other].subject);
        }
    }
}

static void test_what_is_no_folder_is_refused(void **state) {
    (void)state;
    static struct satsync_finding findings[SATSYNC_FINDINGS];
    struct satsync_error error;
    size_t count;
    assert_int_equal(satsync_doctor("/dev/null", findings, &count, &error), SATSYNC_NOT_FOUND);
    assert_non_null(strstr(error.message, "/dev/null"));
    assert_int_equal(count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_machine_is_examined_whatever_it_lacks),
        cmocka_unit_test(test_what_is_no_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
