#include "engine/monitor.h"

#include "support/cmocka.h"

#include <sys/prctl.h>
#include <time.h>

struct counter {
    struct monitor *monitor;
    int turn; /* whose turn it is; protected by the monitor */
    int turns;
    char name[16]; /* of the thread, as it sees itself */
};

static void take_odd_turns(void *argument) {
    struct counter *counter = argument;
    prctl(PR_GET_NAME, counter->name);
    monitor_lock(counter->monitor);
    for (int i = 0; i < 1000; i++) {
        while (counter->turn % 2 == 0) {
            monitor_wait(counter->monitor);
        }
        counter->turn++;
        monitor_wake_all(counter->monitor);
    }
    monitor_unlock(counter->monitor);
}

static void test_two_threads_take_turns(void **state) {
    (void)state;
    struct counter counter = {.monitor = monitor_new(NULL)};
    struct thread *thread;
    assert_int_equal(thread_start(&thread, "take-odd-turns-of-two", take_odd_turns, &counter, NULL),
                     SATSYNC_OK);
    monitor_lock(counter.monitor);
    for (int i = 0; i < 1000; i++) {
        while (counter.turn % 2 == 1) {
            monitor_wait(counter.monitor);
        }
        counter.turn++;
        monitor_wake_all(counter.monitor);
    }
    monitor_unlock(counter.monitor);
    thread_join(thread, NULL);
    assert_int_equal(counter.turn, 2000);
    monitor_free(counter.monitor, NULL);
}

static void test_thread_has_the_name_it_was_given(void **state) {
    (void)state;
    struct counter counter = {.monitor = monitor_new(NULL), .turn = 1};
    struct thread *thread;
    assert_int_equal(thread_start(&thread, "named", take_odd_turns, &counter, NULL), SATSYNC_OK);
    monitor_lock(counter.monitor);
    while (counter.turn < 2000) {
        if (counter.turn % 2 == 0) {
            counter.turn++;
            monitor_wake_all(counter.monitor);
        } else {
            monitor_wait(counter.monitor);
        }
    }
    monitor_unlock(counter.monitor);
    thread_join(thread, NULL);
    assert_string_equal(counter.name, "named");
    monitor_free(counter.monitor, NULL);
}

static void test_waiting_ends_at_its_time(void **state) {
    (void)state;
    struct monitor *monitor = monitor_new(NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t until_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + 2000000;
    monitor_lock(monitor);
    while (monitor_wait_until(monitor, until_ns)) {
    }
    monitor_unlock(monitor);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec >= until_ns);
    monitor_free(monitor, NULL);
}

static void test_nothing_to_join_or_free_is_fine(void **state) {
    (void)state;
    thread_join(NULL, NULL);
    monitor_free(NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_threads_take_turns),
        cmocka_unit_test(test_thread_has_the_name_it_was_given),
        cmocka_unit_test(test_waiting_ends_at_its_time),
        cmocka_unit_test(test_nothing_to_join_or_free_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
