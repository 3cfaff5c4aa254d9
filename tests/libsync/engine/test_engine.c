#include "engine/engine.h"

#include "support/allocator.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_options_of_other_sizes(void **state) {
    (void)state;
    struct satsync_engine *engine;
    struct satsync_error error;
    struct {
        struct satsync_engine_options options;
        uint64_t newer;
    } longer = {.newer = 0};
    satsync_engine_options_init(&longer.options);
    longer.options.size = sizeof longer;
    longer.options.manual = 1;
    engine_expect(satsync_engine_open(&longer.options, &engine, &error), SATSYNC_OK, &error);
    satsync_engine_close(engine);
    longer.newer = 1;
    engine_expect(satsync_engine_open(&longer.options, &engine, &error), SATSYNC_UNSUPPORTED,
                  &error);
    assert_null(engine);
    longer.options.size = 0;
    engine_expect(satsync_engine_open(&longer.options, &engine, &error), SATSYNC_INVALID, &error);
    longer.options.size = sizeof longer.options;
    longer.options.memory_bytes = 1000;
    engine_expect(satsync_engine_open(&longer.options, &engine, &error), SATSYNC_INVALID, &error);
    satsync_engine_close(NULL);
}

static void test_half_an_allocator_is_refused(void **state) {
    (void)state;
    struct counting_allocator counting;
    struct satsync_engine_options options;
    struct satsync_engine *engine;
    struct satsync_error error;
    counting_allocator_init(&counting, 0);
    satsync_engine_options_init(&options);
    options.allocate = counting.allocator.allocate;
    engine_expect(satsync_engine_open(&options, &engine, &error), SATSYNC_INVALID, &error);
    options.release = counting.allocator.release;
    options.allocate_context = &counting;
    engine_expect(satsync_engine_open(&options, &engine, &error), SATSYNC_OK, &error);
    assert_true(counting.live > 0);
    satsync_engine_close(engine);
    assert_int_equal(counting.live, 0);
    for (size_t n = 1; n <= counting.calls; n++) {
        struct counting_allocator failing;
        counting_allocator_init(&failing, n);
        options.allocate_context = &failing;
        enum satsync_status status = satsync_engine_open(&options, &engine, &error);
        if (status == SATSYNC_OK) {
            satsync_engine_close(engine);
        } else {
            engine_expect(status, SATSYNC_NO_MEMORY, &error);
        }
        assert_int_equal(failing.live, 0);
    }
}

static bool is_readable(const struct satsync_engine *engine, int timeout_ms) {
    struct pollfd fd = {.fd = satsync_engine_fd(engine), .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1;
}

static struct satsync_operation *start_save(struct engine_world *world,
                                            const struct content *content, uint64_t step) {
    struct satsync_error error;
    struct satsync_save_options options;
    struct satsync_save *save;
    struct satsync_operation *operation;
    satsync_save_options_init(&options);
    options.step = step;
    engine_expect(satsync_save_begin(world->store, &options, &save, &error), SATSYNC_OK, &error);
    engine_expect(content_put(content, save, &error), SATSYNC_OK, &error);
    engine_expect(satsync_save_commit(save, &operation, &error), SATSYNC_OK, &error);
    return operation;
}

static void test_each_operation_is_polled_once_and_the_descriptor_tells(void **state) {
    struct engine_world *world = *state;
    struct content content;
    struct satsync_error error;
    content_init(&content, 1, 65536);
    assert_null(satsync_engine_poll(world->engine));
    assert_false(is_readable(world->engine, 0));
    struct satsync_operation *started[2];
    for (unsigned i = 0; i < 2; i++) {
        started[i] = start_save(world, &content, i);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct satsync_operation *found = NULL;
        while (!found) {
            assert_true(is_readable(world->engine, 60000));
            found = satsync_engine_poll(world->engine);
        }
        assert_true(found == started[0] || found == started[1]);
        engine_expect(satsync_operation_result(found, &error), SATSYNC_OK, &error);
        struct satsync_progress progress;
        satsync_operation_progress(found, &progress);
        assert_int_equal(progress.activity, SATSYNC_ACTIVITY_DONE);
        assert_true(progress.raw_bytes > 65536 && progress.done_bytes == progress.raw_bytes);
        started[found == started[1]] = NULL;
        satsync_operation_free(found);
    }
    assert_null(satsync_engine_poll(world->engine));
    assert_false(is_readable(world->engine, 0));
    /* Freed without being polled: it is not found later. */
    satsync_operation_free(start_save(world, &content, 9));
    assert_null(satsync_engine_poll(world->engine));
    assert_false(is_readable(world->engine, 0));
    content_fini(&content);
}

static void test_a_forked_child_aborts(void **state) {
    struct engine_world *world = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(2);
        satsync_engine_poll(world->engine);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#define ON_FILES(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_of_other_sizes),
        cmocka_unit_test(test_half_an_allocator_is_refused),
        ON_FILES(test_each_operation_is_polled_once_and_the_descriptor_tells),
        ON_FILES(test_a_forked_child_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
