#include "sim-link/control.h"

#include "support/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/satsync-control-XXXXXX";
static char path[64];

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/socket", directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    return rmdir(directory);
}

static void echo(void *context, const char *line, struct json *answer) {
    unsigned *count = context;
    (*count)++;
    json_put_string(answer, line);
}

static int connect_to(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void test_lines_are_answered_one_by_one(void **state) {
    (void)state;
    struct control *control;
    unsigned count = 0;
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_OK);
    int fd = connect_to();
    assert_int_equal(write(fd, "one\ntw", 6), 6);
    control_poll(control, echo, &count);
    control_poll(control, echo, &count);
    assert_int_equal(count, 1);
    assert_int_equal(write(fd, "o\n", 2), 2);
    control_poll(control, echo, &count);
    char text[64] = {0};
    assert_int_equal(read(fd, text, sizeof text - 1), 12);
    assert_string_equal(text, "\"one\"\n\"two\"\n");
    close(fd);
    control_close(control);
}

static void test_a_line_without_end_is_cut_off(void **state) {
    (void)state;
    struct control *control;
    unsigned count = 0;
    char flood[2 * CONTROL_LINE_BYTES];
    memset(flood, 'x', sizeof flood);
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_OK);
    int fd = connect_to();
    assert_true(write(fd, flood, sizeof flood) > 0);
    for (int i = 0; i < 4; i++) {
        control_poll(control, echo, &count);
    }
    assert_int_equal(count, 0);
    assert_true(send(fd, "x", 1, MSG_NOSIGNAL) < 0);
    close(fd);
    control_close(control);
}

static void test_the_socket_is_private_and_goes_away(void **state) {
    (void)state;
    struct control *control;
    struct stat stat;
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_OK);
    assert_int_equal(lstat(path, &stat), 0);
    assert_int_equal(stat.st_mode & 0777, 0600);
    control_close(control);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_a_served_path_is_busy_and_stays(void **state) {
    (void)state;
    struct control *control;
    struct control *second;
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_OK);
    assert_int_equal(control_open(path, &second, NULL), SATSYNC_BUSY);
    assert_null(second);
    assert_int_equal(access(path, F_OK), 0);
    control_close(control);
}

static void test_a_stale_socket_is_replaced_but_a_file_is_not(void **state) {
    (void)state;
    struct control *control;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_OK);
    control_close(control);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(control_open(path, &control, NULL), SATSYNC_CONFLICT);
    assert_int_equal(unlink(path), 0);
}

static void test_an_overlong_path_is_refused(void **state) {
    (void)state;
    struct control *control;
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(control_open(text, &control, NULL), SATSYNC_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_answered_one_by_one),
        cmocka_unit_test(test_a_line_without_end_is_cut_off),
        cmocka_unit_test(test_the_socket_is_private_and_goes_away),
        cmocka_unit_test(test_a_served_path_is_busy_and_stays),
        cmocka_unit_test(test_a_stale_socket_is_replaced_but_a_file_is_not),
        cmocka_unit_test(test_an_overlong_path_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
