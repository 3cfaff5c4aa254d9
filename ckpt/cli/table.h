/*
 * Tables for people: columns as wide as their widest cell, two spaces between.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_MAX_COLUMNS = 9 };

struct table {
    size_t columns;
    bool right[TABLE_MAX_COLUMNS]; /* numbers stand at the right of their column */
    char **cells;                  /* row by row, the headings first */
    size_t count;
    size_t capacity;
    bool failed; /* memory ran out; seen in table_print */
};

/* One letter a column: 'l' or 'r'. To be given to table_fini. */
void table_init(struct table *table, const char *alignment);
void table_fini(struct table *table);

/* The next cell, copied without control characters; rows fill from the left. */
void table_add(struct table *table, const char *text);

/* False when memory ran out or the last row is not full: then nothing is printed. */
bool table_print(const struct table *table, FILE *out);

/* Pure. Columns that UTF-8 text takes on a terminal, one a character. */
size_t table_width(const char *text);

#endif
