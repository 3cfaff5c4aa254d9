#include "engine/operation.h"

#include "engine/engine.h"
#include "support/cmocka.h"
#include "support/engine_world.h"

#include <poll.h>

static bool is_readable(int fd) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, 0) == 1;
}

static struct satsync_operation *start(struct engine_world *world) {
    struct satsync_operation *operation;
    assert_int_equal(operation_new(world->engine, &operation), SATSYNC_OK);
    return operation;
}

static void test_result_comes_once_it_is_finished(void **state) {
    struct engine_world *world = *state;
    struct satsync_operation *operation = start(world);
    struct satsync_error error = {0};
    assert_int_equal(satsync_operation_result(operation, &error), SATSYNC_AGAIN);
    assert_int_equal(satsync_operation_wait(operation, 1000, &error), SATSYNC_AGAIN);
    const struct satsync_error found = {SATSYNC_NO_SPACE, "a", "b"};
    operation_finish(operation, SATSYNC_NO_SPACE, &found);
    assert_int_equal(satsync_operation_wait(operation, UINT64_MAX, &error), SATSYNC_NO_SPACE);
    assert_string_equal(error.message, "b");
    struct satsync_progress progress;
    satsync_operation_progress(operation, &progress);
    assert_int_equal(progress.activity, SATSYNC_ACTIVITY_DONE);
    satsync_operation_free(operation);
}

static void test_queue_gives_each_once_in_the_order_they_finished(void **state) {
    struct engine_world *world = *state;
    struct satsync_operation *operations[3];
    for (int i = 0; i < 3; i++) {
        operations[i] = start(world);
    }
    int fd = satsync_engine_fd(world->engine);
    assert_false(is_readable(fd));
    operation_finish(operations[2], SATSYNC_OK, NULL);
    operation_finish(operations[0], SATSYNC_OK, NULL);
    operation_finish(operations[1], SATSYNC_OK, NULL);
    assert_true(is_readable(fd));
    /* One that is freed before it was polled leaves the queue. */
    satsync_operation_free(operations[0]);
    assert_ptr_equal(satsync_engine_poll(world->engine), operations[2]);
    assert_true(is_readable(fd));
    assert_ptr_equal(satsync_engine_poll(world->engine), operations[1]);
    assert_false(is_readable(fd));
    assert_null(satsync_engine_poll(world->engine));
    satsync_operation_free(operations[1]);
    satsync_operation_free(operations[2]);
}

struct woken {
    struct satsync_operation *operation;
    int times;
};

static void wake(void *work) {
    struct woken *woken = work;
    woken->times++;
    if (operation_cancelled(woken->operation) && woken->times == 1) {
        operation_finish(woken->operation, SATSYNC_CANCELLED, NULL);
    }
}

static void test_freeing_a_running_one_cancels_and_waits(void **state) {
    struct engine_world *world = *state;
    struct satsync_operation *operation = start(world);
    struct woken woken = {.operation = operation};
    operation->work = &woken;
    operation->wake = wake;
    assert_false(operation_cancelled(operation));
    satsync_operation_free(operation);
    assert_int_equal(woken.times, 1);
    satsync_operation_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_result_comes_once_it_is_finished, engine_world_setup,
                                        engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_queue_gives_each_once_in_the_order_they_finished,
                                        engine_world_setup, engine_world_teardown),
        cmocka_unit_test_setup_teardown(test_freeing_a_running_one_cancels_and_waits,
                                        engine_world_setup, engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
