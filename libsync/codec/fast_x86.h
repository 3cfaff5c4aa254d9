/*
 * The steps of fast.h for x86-64. Only to be called where the CPU has what the name says: AVX2; or
 * AVX-512 BW, VBMI and VBMI2.
 */
#ifndef CODEC_FAST_X86_H
#define CODEC_FAST_X86_H

#include "codec/fast.h"

extern const struct fast_steps fast_steps_avx2;
extern const struct fast_steps fast_steps_avx512;

#endif
