/* A training small enough for a unit test, on a text that it makes itself. */
#ifndef TINY_TRAINING_H
#define TINY_TRAINING_H

#include "examples/tinylm/trainer.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes the text to a file of its own, whose name replaces the last six letters of `path`. */
static inline void write_text(char *path, size_t bytes) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    for (size_t i = 0; i < bytes; i++) {
        fputc("to be or not to be, that is the question. "[i * i % 1009 % 42], file);
    }
    fclose(file);
}

static inline void start(struct trainer *trainer, const char *text, uint64_t seed) {
    const struct trainer_options options = {
        .shape = {.hidden = 12, .embed = 8, .rows = 32, .batch = 2, .length = 8},
        .text = text,
        .seed = seed};
    assert_int_equal(trainer_init(trainer, &options), 0);
}

#endif
