#include "ckpt/store/disk_choose.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of_choice(const char *wanted) {
    static char name[40];
    struct disk *disk;
    if (disk_choose(wanted, NULL, &disk, NULL) != SATSYNC_OK) {
        return "none";
    }
    strncpy(name, disk->ops->name(disk), sizeof name - 1);
    disk->ops->free(disk);
    return name;
}

static void test_the_environment_decides_unless_the_caller_does(void **state) {
    (void)state;
    unsetenv("SATSYNC_DISK");
    const char *by_itself = name_of_choice(NULL);
    assert_true(strcmp(by_itself, "io_uring") == 0 || strcmp(by_itself, "pread/pwrite") == 0);
    setenv("SATSYNC_DISK", "posix", 1);
    assert_string_equal(name_of_choice(NULL), "pread/pwrite");
    setenv("SATSYNC_DISK", "nonsense", 1);
    assert_string_equal(name_of_choice("posix"), "pread/pwrite");
    assert_string_not_equal(name_of_choice("auto"), "none");
    unsetenv("SATSYNC_DISK");
}

static void test_another_word_is_refused_with_the_words_there_are(void **state) {
    (void)state;
    static const char *const words[] = {"nonsense", "URING", "posix "};
    for (size_t i = 0; i < 3; i++) {
        struct disk *disk;
        struct satsync_error error;
        setenv("SATSYNC_DISK", words[i], 1);
        assert_int_equal(disk_choose(NULL, NULL, &disk, &error), SATSYNC_INVALID);
        assert_null(disk);
        assert_non_null(strstr(error.message, "auto, uring or posix"));
        assert_string_equal(error.subject, "SATSYNC_DISK");
    }
    unsetenv("SATSYNC_DISK");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_environment_decides_unless_the_caller_does),
        cmocka_unit_test(test_another_word_is_refused_with_the_words_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
