/*
 * A lock with a condition, and threads: the only place in libsync that includes pthread.h.
 *
 * One monitor protects one struct's state, named in that struct. Waiting gives the lock up
 * meanwhile; every change that somebody may wait for is followed by monitor_wake_all.
 */
#ifndef ENGINE_MONITOR_H
#define ENGINE_MONITOR_H

#include "base/memory.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stdint.h>

struct monitor;
struct thread;

/* NULL when there is no memory. */
struct monitor *monitor_new(const struct allocator *allocator);
void monitor_free(struct monitor *monitor, const struct allocator *allocator);

void monitor_lock(struct monitor *monitor);
void monitor_unlock(struct monitor *monitor);

/* The lock is held before and after. May return without reason. */
void monitor_wait(struct monitor *monitor);

/* As monitor_wait, until a CLOCK_MONOTONIC time at most; false when that has passed. */
bool monitor_wait_until(struct monitor *monitor, uint64_t until_ns);

void monitor_wake_all(struct monitor *monitor);

/* Starts a named thread (at most 15 bytes of name) with all signals blocked. */
enum satsync_status thread_start(struct thread **thread, const char *name, void (*run)(void *),
                                 void *argument,
                                 const struct allocator *allocator) SATSYNC_MUST_CHECK;

/* Waits for its end and frees it. NULL is fine. */
void thread_join(struct thread *thread, const struct allocator *allocator);

#endif
