#include "engine/exec.h"

#include "engine/monitor.h"
#include "support/allocator.h"
#include "support/cmocka.h"

#include <string.h>

enum { TASKS = 500 };

struct counted {
    struct task task;
    struct monitor *monitor;
    size_t *ran;
    size_t workers;
    size_t order; /* the how-manieth it was */
};

static void count(struct task *task, size_t worker) {
    struct counted *counted = (struct counted *)task;
    assert_true(worker < counted->workers);
    monitor_lock(counted->monitor);
    counted->order = ++*counted->ran;
    monitor_unlock(counted->monitor);
}

static void run_all(size_t workers) {
    static struct counted tasks[TASKS];
    struct counting_allocator counting;
    struct exec *exec;
    size_t ran = 0;
    counting_allocator_init(&counting, 0);
    struct monitor *monitor = monitor_new(&counting.allocator);
    assert_int_equal(exec_new(workers, &counting.allocator, &exec), SATSYNC_OK);
    assert_int_equal(exec_workers(exec), workers ? workers : 1);
    for (size_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct counted){{.run = count}, monitor, &ran, exec_workers(exec), 0};
        exec_submit(exec, &tasks[i].task);
        assert_true(workers > 0 || tasks[i].order == i + 1);
    }
    exec_free(exec); /* waits for all */
    assert_int_equal(ran, TASKS);
    for (size_t i = 0; workers == 1 && i < TASKS; i++) {
        assert_int_equal(tasks[i].order, i + 1);
    }
    monitor_free(monitor, &counting.allocator);
    assert_int_equal(counting.live, 0);
}

static void test_every_task_runs_once_and_in_order_on_one_worker(void **state) {
    (void)state;
    static const size_t workers[] = {0, 1, 2, 7};
    for (size_t i = 0; i < 4; i++) {
        run_all(workers[i]);
    }
}

static void test_failed_allocations_leave_no_thread_and_no_memory(void **state) {
    (void)state;
    for (size_t n = 1; n < 100; n++) {
        struct counting_allocator counting;
        struct exec *exec;
        counting_allocator_init(&counting, n);
        enum satsync_status status = exec_new(3, &counting.allocator, &exec);
        exec_free(exec);
        assert_int_equal(counting.live, 0);
        if (status == SATSYNC_OK) {
            assert_true(n > 3);
            return;
        }
        assert_int_equal(status, SATSYNC_NO_MEMORY);
    }
    fail();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_runs_once_and_in_order_on_one_worker),
        cmocka_unit_test(test_failed_allocations_leave_no_thread_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
