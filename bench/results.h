/* The rows of one run as a table for a person and as results.json for programs. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "bench/row.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stdio.h>

struct results {
    const struct row *rows;
    size_t count;
    const char *machine; /* what the wall rows were measured on */
};

void results_print_heading(FILE *out);
void results_print_row(FILE *out, const struct row *row);

/* Writes FOLDER/results.json anew, whole or not at all. */
enum satsync_status results_write(const char *folder, const struct results *results,
                                  struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Prints each row that both folders' results.json have: time and share of A, of B, and the change.
 * *worse counts rows of B whose share is lower by more than a hundredth of A's. */
enum satsync_status results_compare(const char *a, const char *b, FILE *out, size_t *worse,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
