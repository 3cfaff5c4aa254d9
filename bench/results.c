#include "bench/results.h"

#include "base/check.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_LIMIT = 4096 };

static const char *verdict(const struct row *row) {
    if (row->target_ppm == 0) {
        return "";
    }
    return row->median.share_ppm >= row->target_ppm ? "reached" : "MISSED";
}

void results_print_heading(FILE *out) {
    fprintf(out, "%-34s %4s %11s %11s %11s %7s %14s %7s\n", "scenario", "runs", "virtual s",
            "wall s", "floor s", "share", "worst (seed)", "target");
}

static void print_seconds(FILE *out, bool shown, uint64_t time_ns) {
    if (shown) {
        fprintf(out, " %11.4f", (double)time_ns / 1e9);
    } else {
        fprintf(out, " %11s", "-");
    }
}

static void print_figures(FILE *out, const struct row *row) {
    for (size_t i = 0; i < row->figure_count; i++) {
        fprintf(out, "%s%s %.6g", i == 0 ? "    " : ", ", row->figures[i].name,
                row->figures[i].value);
    }
    if (row->clock == ROW_WALL) {
        fprintf(out, "%sload %.2f", row->figure_count ? ", " : "    ", row->load);
    }
    fprintf(out, "\n");
}

void results_print_row(FILE *out, const struct row *row) {
    char name[2 * ROW_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s%s", row->scenario, row->part[0] ? " " : "", row->part);
    fprintf(out, "%-34s %4zu", name, row->runs);
    print_seconds(out, row->clock == ROW_VIRTUAL, row->median.time_ns);
    print_seconds(out, row->clock == ROW_WALL, row->median.time_ns);
    print_seconds(out, row->median.floor_ns > 0, row->median.floor_ns);
    fprintf(out, " %5.1f %% %5.1f %% (%4llu)", (double)row->median.share_ppm / 1e4,
            (double)row->worst.share_ppm / 1e4, (unsigned long long)row->worst.seed);
    if (row->target_ppm) {
        fprintf(out, " %5.1f %% %s", (double)row->target_ppm / 1e4, verdict(row));
    }
    fprintf(out, "\n");
    print_figures(out, row);
}

static json_t *json_of_run(const struct row *row, const struct row_run *run) {
    const char *time = row->clock == ROW_VIRTUAL ? "virtual_ns" : "wall_ns";
    json_t *object =
        json_pack("{s:I, s:I, s:f}", "seed", (json_int_t)run->seed, time, (json_int_t)run->time_ns,
                  "share", (double)run->share_ppm / ROW_SHARE_ONE);
    if (run->floor_ns > 0) {
        json_object_set_new(object, "floor_ns", json_integer((json_int_t)run->floor_ns));
    }
    return object;
}

static json_t *json_of_row(const struct row *row) {
    json_t *figures = json_object();
    for (size_t i = 0; i < row->figure_count; i++) {
        json_object_set_new(figures, row->figures[i].name, json_real(row->figures[i].value));
    }
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:o, s:o, s:o}", "scenario", row->scenario,
                  "part", row->part, "clock", row->clock == ROW_VIRTUAL ? "virtual" : "wall",
                  "bytes", (json_int_t)row->bytes, "share_of", row->limit ? row->limit : "", "runs",
                  (json_int_t)row->runs, "median", json_of_run(row, &row->median), "worst",
                  json_of_run(row, &row->worst), "figures", figures);
    if (row->target_ppm) {
        json_object_set_new(object, "target", json_real((double)row->target_ppm / ROW_SHARE_ONE));
        json_object_set_new(object, "reached",
                            json_boolean(row->median.share_ppm >= row->target_ppm));
    }
    if (row->clock == ROW_WALL) {
        json_object_set_new(object, "load", json_real(row->load));
    }
    return object;
}

static json_t *json_of_results(const struct results *results) {
    json_t *rows = json_array();
    for (size_t i = 0; i < results->count; i++) {
        json_array_append_new(rows, json_of_row(&results->rows[i]));
    }
    return json_pack("{s:i, s:s, s:o}", "version", 1, "machine", results->machine, "rows", rows);
}

enum satsync_status results_write(const char *folder, const struct results *results,
                                  struct satsync_error *error) {
    char path[PATH_BYTES_LIMIT];
    char fresh[PATH_BYTES_LIMIT];
    int length = snprintf(path, sizeof path, "%s/results.json", folder);
    ENSURE(length > 0 && (size_t)length + 8 < sizeof path, error, SATSYNC_INVALID, folder,
           "the folder's path is too long");
    snprintf(fresh, sizeof fresh, "%.*s.new", length, path);
    json_t *json = json_of_results(results);
    bool written = json && json_dump_file(json, fresh, JSON_INDENT(1)) == 0;
    json_decref(json);
    if (!written || rename(fresh, path) != 0) {
        int number = errno;
        unlink(fresh);
        return error_set_errno(error, number, path, "writing the results");
    }
    return SATSYNC_OK;
}

static json_t *load(const char *folder, struct satsync_error *error) {
    char path[PATH_BYTES_LIMIT];
    json_error_t why;
    snprintf(path, sizeof path, "%s/results.json", folder);
    json_t *json = json_load_file(path, 0, &why);
    if (!json || !json_is_array(json_object_get(json, "rows"))) {
        (void)error_set(error, SATSYNC_NOT_FOUND, path, "cannot read results: %s",
                        json ? "no rows" : why.text);
        json_decref(json);
        return NULL;
    }
    return json;
}

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static const json_t *same_row(const json_t *rows, const json_t *wanted) {
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row) {
        if (strcmp(text_of(row, "scenario"), text_of(wanted, "scenario")) == 0 &&
            strcmp(text_of(row, "part"), text_of(wanted, "part")) == 0 &&
            strcmp(text_of(row, "clock"), text_of(wanted, "clock")) == 0) {
            return row;
        }
    }
    return NULL;
}

static double median_of(const json_t *row, const char *key) {
    return json_number_value(json_object_get(json_object_get(row, "median"), key));
}

static size_t compare_row(const json_t *a, const json_t *b, FILE *out) {
    char name[2 * ROW_NAME_BYTES];
    const char *clock = text_of(a, "clock");
    const char *key = strcmp(clock, "wall") == 0 ? "wall_ns" : "virtual_ns";
    double before = median_of(a, "share");
    double after = median_of(b, "share");
    snprintf(name, sizeof name, "%s %s", text_of(a, "scenario"), text_of(a, "part"));
    fprintf(out, "%-34s %-7s %9.4f %9.4f s %6.1f %6.1f %% %+6.1f\n", name, clock,
            median_of(a, key) / 1e9, median_of(b, key) / 1e9, 100 * before, 100 * after,
            100 * (after - before));
    return after < before * 0.99;
}

enum satsync_status results_compare(const char *a, const char *b, FILE *out, size_t *worse,
                                    struct satsync_error *error) {
    *worse = 0;
    json_t *before = load(a, error);
    json_t *after = before ? load(b, error) : NULL;
    if (after) {
        size_t index;
        json_t *row;
        fprintf(out, "%-34s %-7s %9s %9s   %6s %6s\n", "scenario", "clock", "A", "B", "A", "B");
        json_array_foreach(json_object_get(before, "rows"), index, row) {
            const json_t *other = same_row(json_object_get(after, "rows"), row);
            *worse += other ? compare_row(row, other, out) : 0;
        }
    }
    json_decref(before);
    json_decref(after);
    return after ? SATSYNC_OK : SATSYNC_NOT_FOUND;
}
