/* tinylm's options, as its command line gives them. */
#ifndef TINYLM_OPTIONS_H
#define TINYLM_OPTIONS_H

#include <stdint.h>

enum { DEFAULT_STEPS = 400 };
/* As satsync's classes. */
enum { EXIT_USAGE = 2, EXIT_RESOURCE = 3, EXIT_BROKEN = 7 };

struct options {
    uint64_t steps;
    uint64_t seed;
    uint64_t hidden;
    uint64_t every;
    uint64_t lanes;
    const char *text;
    const char *save;
    const char *key;
    const char *dump;
    const char *from;
    const char *from_dump;
    const char *share;
    uint64_t share_index; /* of share_count, from --share */
    uint64_t share_count;

    /* Training in a group of sites. */
    const char *sites;
    const char *listen;
    const char *promises;
    const char *codec;
    const char *exchange;
    uint64_t site_mbps;
    uint64_t delay_ms;
    uint64_t site;
    uint64_t inner;
    uint64_t overlap;
    uint64_t fragments;
    uint64_t deadline; /* seconds */

    int quiet;
    int json;
    int help;
};

extern const char options_usage[];

/* 0, or an exit code after a message on stderr. */
int options_parse(struct options *options, char **words);

/* A whole number; 0 or -1. */
int options_number(const char *text, uint64_t *value);

/* Says what is wrong with `what`; EXIT_USAGE. */
int options_refuse(const char *what, const char *why);

#endif
