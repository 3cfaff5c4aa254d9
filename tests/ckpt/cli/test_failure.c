#include "ckpt/cli/failure.h"

#include "support/cmocka.h"

#include <errno.h>
#include <string.h>

static void test_detail_is_filled_and_cut(void **state) {
    (void)state;
    struct satsync_error error;
    char longest[1000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(failure_set(&error, SATSYNC_INVALID, longest, "%s", longest), SATSYNC_INVALID);
    assert_int_equal(error.status, SATSYNC_INVALID);
    assert_int_equal(strlen(error.subject), sizeof error.subject - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    (void)failure_set(&error, SATSYNC_LIMIT, NULL, "%d of %d", 3, 2);
    assert_string_equal(error.subject, "");
    assert_string_equal(error.message, "3 of 2");
}

static void test_errno_chooses_the_class(void **state) {
    (void)state;
    static const struct {
        int errno_value;
        enum satsync_status status;
    } cases[] = {
        {ENOENT, SATSYNC_NOT_FOUND},     {ENOSPC, SATSYNC_NO_SPACE},  {EROFS, SATSYNC_READ_ONLY},
        {EACCES, SATSYNC_NO_PERMISSION}, {ENOMEM, SATSYNC_NO_MEMORY}, {EIO, SATSYNC_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct satsync_error error;
        assert_int_equal(failure_set_errno(&error, cases[i].errno_value, "f", "open"),
                         cases[i].status);
        assert_memory_equal(error.message, "open: ", 6);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detail_is_filled_and_cut),
        cmocka_unit_test(test_errno_chooses_the_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
