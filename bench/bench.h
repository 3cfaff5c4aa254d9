/* The program's commands: run, compare, list. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/* The exit code: the class of the first error; 8 when all ran and a target was missed. */
int bench_main(int argc, char **argv);

enum { BENCH_EXIT_MISSED = 8 };

#endif
