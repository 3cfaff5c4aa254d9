#include "ckpt/cli/output.h"

#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

struct world {
    struct output output;
    FILE *out;
    FILE *err;
    char out_text[4096];
    char err_text[4096];
};

static void open_world(struct world *world) {
    world->out = tmpfile();
    world->err = tmpfile();
    output_init(&world->output, world->out, world->err);
    world->output.command = "push";
    world->output.prefix = "satsync push";
}

static void read_back(FILE *stream, char *text, size_t bytes) {
    rewind(stream);
    text[fread(text, 1, bytes - 1, stream)] = '\0';
    fclose(stream);
}

static int close_world(struct world *world, enum satsync_status status,
                       const struct satsync_error *error) {
    int code = output_finish(&world->output, status, error);
    output_fini(&world->output);
    read_back(world->out, world->out_text, sizeof world->out_text);
    read_back(world->err, world->err_text, sizeof world->err_text);
    return code;
}

static const struct satsync_error no_space = {SATSYNC_NO_SPACE, "run7", "the disk is full"};

static void test_people_read_lines(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    output_say(&world.output, "%d of %d", 1, 2);
    output_put_u64(&world.output, "count", 1);
    assert_int_equal(close_world(&world, SATSYNC_OK, NULL), 0);
    assert_string_equal(world.out_text, "1 of 2\n");
    assert_string_equal(world.err_text, "");
}

static void test_json_is_one_object_at_the_end(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    world.output.json = true;
    output_say(&world.output, "not seen");
    output_put_u64(&world.output, "count", 1);
    output_put_text(&world.output, "name", "\377");
    assert_int_equal(close_world(&world, SATSYNC_OK, NULL), 0);
    assert_string_equal(
        world.out_text,
        "{\"ok\":true,\"command\":\"push\",\"count\":1,\"name\":\"\357\277\275\"}\n");
}

static void test_failure_has_words_for_people_and_json(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    world.output.json = true;
    output_put_u64(&world.output, "sent_bytes", 5);
    assert_int_equal(close_world(&world, SATSYNC_NO_SPACE, &no_space), SATSYNC_CLASS_RESOURCE);
    assert_string_equal(world.out_text,
                        "{\"ok\":false,\"command\":\"push\",\"status\":\"no-space\",\"class\":"
                        "\"resource\",\"subject\":\"run7\",\"message\":\"the disk is full\","
                        "\"sent_bytes\":5}\n");
    assert_string_equal(world.err_text, "satsync push: error: run7: the disk is full\n");
}

static void test_every_class_is_an_exit_code(void **state) {
    (void)state;
    static const enum satsync_status statuses[] = {SATSYNC_INVALID, SATSYNC_IO,
                                                   SATSYNC_NO_PATH, SATSYNC_REFUSED,
                                                   SATSYNC_CORRUPT, SATSYNC_BUG};
    for (int i = 0; i < 6; i++) {
        struct world world;
        open_world(&world);
        struct satsync_error error = {statuses[i], "", "x"};
        assert_int_equal(close_world(&world, statuses[i], &error), 2 + i);
    }
}

static void test_quiet_leaves_errors(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    world.output.quiet = true;
    output_say(&world.output, "not seen");
    output_warn(&world.output, "not seen");
    assert_int_equal(close_world(&world, SATSYNC_NO_SPACE, &no_space), SATSYNC_CLASS_RESOURCE);
    assert_string_equal(world.out_text, "");
    assert_string_equal(world.err_text, "satsync push: error: run7: the disk is full\n");
}

static void test_an_error_without_words_has_its_status(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    struct satsync_error error = {SATSYNC_NO_MEMORY, "", ""};
    assert_int_equal(close_world(&world, SATSYNC_NO_MEMORY, &error), SATSYNC_CLASS_RESOURCE);
    assert_string_equal(world.err_text, "satsync push: error: no-memory\n");
}

static void test_messages_cannot_steer_a_terminal(void **state) {
    (void)state;
    struct world world;
    open_world(&world);
    struct satsync_error error = {SATSYNC_REFUSED, "\033[2J", "a\nb"};
    assert_int_equal(close_world(&world, SATSYNC_REFUSED, &error), SATSYNC_CLASS_PEER);
    assert_string_equal(world.err_text, "satsync push: error: ?[2J: a?b\n");
}

static void test_output_that_cannot_be_written_is_an_error(void **state) {
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full) {
        skip();
    }
    struct world world;
    open_world(&world);
    world.output.out = full;
    output_say(&world.output, "lost");
    assert_int_equal(close_world(&world, SATSYNC_OK, NULL), SATSYNC_CLASS_RESOURCE);
    assert_non_null(strstr(world.err_text, "cannot write the output"));
    fclose(full);
}

static void test_no_colour_off_a_terminal(void **state) {
    (void)state;
    struct world world;
    setenv("TERM", "xterm", 1);
    open_world(&world);
    assert_false(world.output.color);
    (void)close_world(&world, SATSYNC_OK, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people_read_lines),
        cmocka_unit_test(test_json_is_one_object_at_the_end),
        cmocka_unit_test(test_failure_has_words_for_people_and_json),
        cmocka_unit_test(test_every_class_is_an_exit_code),
        cmocka_unit_test(test_quiet_leaves_errors),
        cmocka_unit_test(test_an_error_without_words_has_its_status),
        cmocka_unit_test(test_messages_cannot_steer_a_terminal),
        cmocka_unit_test(test_output_that_cannot_be_written_is_an_error),
        cmocka_unit_test(test_no_colour_off_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
