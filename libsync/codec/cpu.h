/*
 * What is compiled more than once: plain C, and again for CPUs with AVX2, which have twice the
 * width and the shuffles, and BMI2, whose shifts do not wait for flags. Chosen at run time; the
 * results are the same.
 */
#ifndef CODEC_CPU_H
#define CODEC_CPU_H

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_AVX2() (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
#define FOR_AVX2 __attribute__((target("avx2,bmi2")))
#else
#define HAS_AVX2() 0
#define FOR_AVX2
#endif

#endif
