/* What wall times depend on. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Runnable threads, mean of the last minute; negative when unknown. */
double machine_load(void);

/* Processor, cores and kernel in a line. */
void machine_name(char *out, size_t bytes);

/* Monotonic wall clock, and the processor time that this process has used. */
uint64_t machine_now_ns(void);
uint64_t machine_cpu_ns(void);

#endif
