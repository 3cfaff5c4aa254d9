#include "engine/monitor.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

struct monitor {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

struct thread {
    pthread_t handle;
    void (*run)(void *);
    void *argument;
    char name[16];
};

struct monitor *monitor_new(const struct allocator *allocator) {
    struct monitor *monitor = memory_new(allocator, 1, sizeof *monitor);
    if (!monitor) {
        return NULL;
    }
    pthread_condattr_t attributes;
    int failed = pthread_mutex_init(&monitor->mutex, NULL);
    failed |= pthread_condattr_init(&attributes);
    failed |= pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed |= pthread_cond_init(&monitor->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    assert(!failed); /* glibc's initialisers cannot fail with these arguments */
    return monitor;
}

void monitor_free(struct monitor *monitor, const struct allocator *allocator) {
    if (monitor) {
        pthread_cond_destroy(&monitor->changed);
        pthread_mutex_destroy(&monitor->mutex);
        memory_free(allocator, monitor);
    }
}

void monitor_lock(struct monitor *monitor) {
    int failed = pthread_mutex_lock(&monitor->mutex);
    assert(!failed);
}

void monitor_unlock(struct monitor *monitor) {
    int failed = pthread_mutex_unlock(&monitor->mutex);
    assert(!failed);
}

void monitor_wait(struct monitor *monitor) {
    int failed = pthread_cond_wait(&monitor->changed, &monitor->mutex);
    assert(!failed);
}

bool monitor_wait_until(struct monitor *monitor, uint64_t until_ns) {
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    return pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until) != ETIMEDOUT;
}

void monitor_wake_all(struct monitor *monitor) {
    pthread_cond_broadcast(&monitor->changed);
}

static void *thread_main(void *argument) {
    struct thread *thread = argument;
    pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->argument);
    return NULL;
}

enum satsync_status thread_start(struct thread **thread, const char *name, void (*run)(void *),
                                 void *argument, const struct allocator *allocator) {
    *thread = NULL;
    struct thread *started = memory_new(allocator, 1, sizeof *started);
    if (!started) {
        return SATSYNC_NO_MEMORY;
    }
    started->run = run;
    started->argument = argument;
    snprintf(started->name, sizeof started->name, "%s", name);
    /* Signals belong to the host program's own threads. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&started->handle, NULL, thread_main, started);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        memory_free(allocator, started);
        return SATSYNC_LIMIT;
    }
    *thread = started;
    return SATSYNC_OK;
}

void thread_join(struct thread *thread, const struct allocator *allocator) {
    if (thread) {
        pthread_join(thread->handle, NULL);
        memory_free(allocator, thread);
    }
}
