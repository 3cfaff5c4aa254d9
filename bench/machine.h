/* What wall times depend on. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Runnable threads, mean of the last minute; negative when unknown. */
double machine_load(void);

/* Processor, cores and kernel in a line. */
void machine_name(char *out, size_t bytes);

/* The number of the n-th core that this process may run on; -1 when there is none. */
int machine_core(unsigned n);

/* Keeps this process on that core, if there is one. */
void machine_stay_on(int core);

/* Monotonic wall clock, and the processor time that this process has used. */
uint64_t machine_now_ns(void);
uint64_t machine_cpu_ns(void);

#endif
