#include "arithmetic.h"

double natural_logarithm(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
    memcpy(&x, &bits, sizeof x);
    if (x > 1.4142135623730951) {
        x *= 0.5;
        exponent++;
    }
    /* ln x = 2 artanh((x - 1) / (x + 1)); |s| < 0.172, so ten terms reach the last bit. */
    double s = (x - 1) / (x + 1);
    double sum = 0;
    for (int term = 19; term > 0; term -= 2) {
        sum = sum * (s * s) + 1.0 / term;
    }
    return 2 * s * sum + exponent * 0.6931471805599453;
}

double square_root(double x) {
    if (x <= 0) {
        return 0;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits >> 1) + ((uint64_t)1023 << 51);
    double root;
    memcpy(&root, &bits, sizeof root);
    /* Heron's method doubles the correct digits; the start has one or two. */
    for (int i = 0; i < 6; i++) {
        root = 0.5 * (root + x / root);
    }
    return root;
}

uint64_t random_next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

float random_unit(uint64_t *state) {
    return (float)(random_next(state) >> 40) / 8388608.0f - 1.0f;
}

uint64_t fnv_hash(uint64_t hash, const void *data, size_t bytes) {
    const uint8_t *at = data;
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3;
    }
    return hash;
}
