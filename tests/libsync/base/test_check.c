#include "base/check.h"

#include "support/cmocka.h"

#include <errno.h>
#include <string.h>

static void test_every_status_has_a_name_and_the_class_of_its_number(void **state) {
    (void)state;
    int named = 0;
    for (int value = -300; value < 300; value++) {
        enum satsync_status status = (enum satsync_status)value;
        if (strcmp(satsync_status_name(status), "unknown") == 0) {
            continue;
        }
        named++;
        assert_int_equal(satsync_status_class(status), value / 16);
    }
    assert_int_equal(named, 27);
}

static void test_numbers_that_are_no_status_are_internal(void **state) {
    (void)state;
    static const int strangers[] = {-1, 2, 15, 16, 31, 128, 1000};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        enum satsync_status status = (enum satsync_status)strangers[i];
        assert_int_equal(satsync_status_class(status), SATSYNC_CLASS_INTERNAL);
        assert_string_equal(satsync_status_name(status), "unknown");
    }
    assert_string_equal(satsync_status_class_name((enum satsync_status_class)99), "internal");
    assert_string_equal(satsync_status_class_name(SATSYNC_CLASS_LINK), "link");
}

static void test_error_carries_status_subject_and_message(void **state) {
    (void)state;
    struct satsync_error error;
    memset(&error, 0xff, sizeof error);
    assert_int_equal(error_set(&error, SATSYNC_LIMIT, "step 7", "%d is over %d", 9, 8),
                     SATSYNC_LIMIT);
    assert_int_equal(error.status, SATSYNC_LIMIT);
    assert_string_equal(error.subject, "step 7");
    assert_string_equal(error.message, "9 is over 8");
    assert_int_equal(error_set(&error, SATSYNC_IO, NULL, "x"), SATSYNC_IO);
    assert_string_equal(error.subject, "");
    assert_int_equal(error_set(NULL, SATSYNC_IO, "a", "b"), SATSYNC_IO);
}

static void test_error_may_be_built_from_itself(void **state) {
    (void)state;
    struct satsync_error error;
    (void)error_set(&error, SATSYNC_IO, "pack", "cannot read");
    (void)error_set(&error, SATSYNC_INCOMPLETE, error.subject, "%s: %s", error.subject,
                    error.message);
    assert_string_equal(error.subject, "pack");
    assert_string_equal(error.message, "pack: cannot read");
}

static void test_long_texts_are_cut_and_terminated(void **state) {
    (void)state;
    struct satsync_error error;
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)error_set(&error, SATSYNC_IO, text, "%s", text);
    assert_int_equal(strlen(error.subject), sizeof error.subject - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void test_errno_becomes_status_reason_and_advice(void **state) {
    (void)state;
    struct satsync_error error;
    assert_int_equal(error_set_errno(&error, ENOSPC, "/a", "writing"), SATSYNC_NO_SPACE);
    assert_string_equal(error.message, "writing failed: No space left on device; "
                                       "free some space and run it again");
    assert_int_equal(error_set_errno(&error, 9999, "/a", "writing"), SATSYNC_IO);
    assert_non_null(strstr(error.message, "9999"));
    assert_int_equal(status_of_errno(0), SATSYNC_OK);
    assert_int_equal(status_of_errno(EROFS), SATSYNC_READ_ONLY);
    assert_int_equal(status_of_errno(EIO), SATSYNC_IO);
}

static enum satsync_status half(int value, int *out, struct satsync_error *err) {
    ENSURE(value % 2 == 0, err, SATSYNC_INVALID, "value", "%d is odd", value);
    *out = value / 2;
    return SATSYNC_OK;
}

static enum satsync_status quarter(int value, int *out, struct satsync_error *err) {
    TRY(half(value, out, err));
    return half(*out, out, err);
}

static void test_try_passes_the_first_failure_on(void **state) {
    (void)state;
    struct satsync_error error;
    int out = 0;
    assert_int_equal(quarter(12, &out, &error), SATSYNC_OK);
    assert_int_equal(out, 3);
    assert_int_equal(quarter(7, &out, &error), SATSYNC_INVALID);
    assert_string_equal(error.message, "7 is odd");
    assert_int_equal(out, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_a_name_and_the_class_of_its_number),
        cmocka_unit_test(test_numbers_that_are_no_status_are_internal),
        cmocka_unit_test(test_error_carries_status_subject_and_message),
        cmocka_unit_test(test_error_may_be_built_from_itself),
        cmocka_unit_test(test_long_texts_are_cut_and_terminated),
        cmocka_unit_test(test_errno_becomes_status_reason_and_advice),
        cmocka_unit_test(test_try_passes_the_first_failure_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
