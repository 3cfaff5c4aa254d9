#include "ckpt/cli/table.h"

#include "ckpt/cli/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void table_init(struct table *table, const char *alignment) {
    *table = (struct table){.columns = strlen(alignment)};
    assert(table->columns > 0 && table->columns <= TABLE_MAX_COLUMNS);
    for (size_t i = 0; i < table->columns; i++) {
        table->right[i] = alignment[i] == 'r';
    }
}

void table_fini(struct table *table) {
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    *table = (struct table){0};
}

static bool grow(struct table *table) {
    size_t capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY;
    char **cells = reallocarray(table->cells, capacity, sizeof *cells);
    if (!cells) {
        return false;
    }
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

void table_add(struct table *table, const char *text) {
    if (table->failed || (table->count == table->capacity && !grow(table))) {
        table->failed = true;
        return;
    }
    size_t room = 3 * strlen(text) + 4;
    char *cell = malloc(room);
    if (!cell) {
        table->failed = true;
        return;
    }
    text_clean(cell, room, text);
    table->cells[table->count++] = cell;
}

size_t table_width(const char *text) {
    size_t width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void print_row(const struct table *table, size_t first, const size_t *widths, FILE *out) {
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = table->cells[first + i];
        int padding = (int)(widths[i] - table_width(cell));
        bool last = i + 1 == table->columns;
        if (table->right[i]) {
            fprintf(out, "%*s%s", padding, "", cell);
        } else {
            fprintf(out, "%s%*s", cell, last ? 0 : padding, "");
        }
        fputs(last ? "\n" : "  ", out);
    }
}

bool table_print(const struct table *table, FILE *out) {
    if (table->failed || table->count % table->columns != 0) {
        return false;
    }
    size_t widths[TABLE_MAX_COLUMNS] = {0};
    for (size_t i = 0; i < table->count; i++) {
        size_t width = table_width(table->cells[i]);
        size_t *widest = &widths[i % table->columns];
        *widest = width > *widest ? width : *widest;
    }
    for (size_t first = 0; first < table->count; first += table->columns) {
        print_row(table, first, widths, out);
    }
    return true;
}
