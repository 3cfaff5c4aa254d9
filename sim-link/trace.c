#include "sim-link/trace.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NS_PER_MS = 1000000, FILE_BYTES_LIMIT = 1 << 30, WORDS = 4 };

static const char HEAD[] = "# satsync-link trace 1";
static const uint64_t YEAR_NS = 31536000000000000u;

/* A line of the text, and the words in it. */
struct line {
    size_t number;
    const char *at;
    const char *end; /* of the line */
    const char *text_end;
};

static bool next_line(struct line *line) {
    line->at = line->number == 0 ? line->at : line->end + 1;
    if (line->at >= line->text_end) {
        return false;
    }
    const char *end = memchr(line->at, '\n', (size_t)(line->text_end - line->at));
    line->end = end == NULL ? line->text_end : end;
    line->number++;
    return true;
}

static bool is_blank(const struct line *line) {
    const char *at = line->at;
    while (at < line->end && isspace((unsigned char)*at)) {
        at++;
    }
    return at == line->end || *at == '#';
}

/* Whole numbers only; false for anything else, also a sign. */
static bool read_number(const char **at, const char *end, uint64_t *value) {
    const char *from = *at;
    *value = 0;
    while (*at < end && isdigit((unsigned char)**at)) {
        if (__builtin_mul_overflow(*value, 10u, value) ||
            __builtin_add_overflow(*value, (uint64_t)(**at - '0'), value)) {
            return false;
        }
        (*at)++;
    }
    return *at > from;
}

static void skip_space(const char **at, const char *end) {
    while (*at < end && isspace((unsigned char)**at)) {
        (*at)++;
    }
}

static enum satsync_status refuse(const struct trace_text *text, const struct line *line,
                                  const char *problem, struct satsync_error *error) {
    return error_set(error, SATSYNC_INVALID, text->name, "%s, line %zu: %s", text->name,
                     line->number, problem);
}

static size_t count_lines(const struct trace_text *text) {
    size_t count = 0;
    struct line line = {.at = text->text, .text_end = text->text + text->bytes};
    while (next_line(&line)) {
        count += !is_blank(&line);
    }
    return count;
}

static enum satsync_status parse_mahimahi(const struct trace_text *text, struct trace *trace,
                                          struct satsync_error *error) {
    uint64_t *at_ns = trace->memory;
    size_t count = 0;
    struct line line = {.at = text->text, .text_end = text->text + text->bytes};
    while (next_line(&line)) {
        uint64_t ms = 0;
        const char *at = line.at;
        if (is_blank(&line)) {
            continue;
        }
        bool read = read_number(&at, line.end, &ms);
        skip_space(&at, line.end);
        if (!read || at != line.end || ms > YEAR_NS / NS_PER_MS) {
            return refuse(text, &line,
                          "is not a whole number of milliseconds, as each line of a mahimahi "
                          "trace is (ours begins with \"# satsync-link trace 1\")",
                          error);
        }
        at_ns[count] = ms * NS_PER_MS;
        if (count > 0 && at_ns[count] < at_ns[count - 1]) {
            return refuse(text, &line, "its time is before that of the line before; sort them",
                          error);
        }
        count++;
    }
    ENSURE(count > 0, error, SATSYNC_INVALID, text->name, "%s is an empty trace", text->name);
    ENSURE(at_ns[count - 1] > 0, error, SATSYNC_INVALID, text->name,
           "%s ends at 0 ms; a trace needs a length", text->name);
    trace->replay = (struct replay_trace){at_ns, count, 1500};
    return SATSYNC_OK;
}

/* The figures of a line after its time: a number, or "-" for none. */
struct figures {
    uint64_t values[WORDS - 1];
    bool given[WORDS - 1];
};

static bool read_figures(const char *at, const char *end, struct figures *figures) {
    static const uint64_t most[WORDS - 1] = {1000000000000000u, 3600000000000u, 1000000000u};
    for (int i = 0; i < WORDS - 1; i++) {
        skip_space(&at, end);
        if (at == end) {
            return false;
        }
        figures->given[i] = *at != '-';
        if (!figures->given[i]) {
            at++;
            figures->values[i] = 0;
        } else if (!read_number(&at, end, &figures->values[i]) || figures->values[i] > most[i]) {
            return false;
        }
        if (at < end && !isspace((unsigned char)*at)) {
            return false;
        }
    }
    skip_space(&at, end);
    return at == end;
}

static bool is_end(const char *at, const char *end) {
    skip_space(&at, end);
    if (end - at < 3 || memcmp(at, "end", 3) != 0) {
        return false;
    }
    at += 3;
    skip_space(&at, end);
    return at == end;
}

/* Where the lines' figures go. */
struct columns {
    struct series_step *rate;
    struct series_step *loss;
    struct path_knot *delay;
    size_t count;
    uint64_t last_ns;
    bool ended;
    struct figures first;
};

static const char *take_line(struct columns *columns, const struct line *line) {
    const char *at = line->at;
    uint64_t at_ns;
    struct figures figures;
    skip_space(&at, line->end);
    if (columns->ended) {
        return "nothing may follow the line with \"end\"";
    }
    if (!read_number(&at, line->end, &at_ns) || at_ns > YEAR_NS) {
        return "does not begin with a time in whole nanoseconds";
    }
    if (columns->count == 0 ? at_ns != 0 : at_ns <= columns->last_ns) {
        return columns->count == 0 ? "the first time must be 0"
                                   : "its time is not after that of the line before";
    }
    columns->last_ns = at_ns;
    if (columns->count > 0 && is_end(at, line->end)) {
        columns->ended = true;
        return NULL;
    }
    if (!read_figures(at, line->end, &figures)) {
        return "wants TIME_NS RATE_BPS DELAY_NS LOSS_PPB in whole numbers within bounds, or -";
    }
    if (columns->count == 0) {
        columns->first = figures;
    } else if (memcmp(columns->first.given, figures.given, sizeof figures.given) != 0) {
        return "a figure is given on this line and not on the first, or the other way about";
    }
    columns->rate[columns->count] = (struct series_step){at_ns, figures.values[0]};
    columns->delay[columns->count] = (struct path_knot){at_ns, figures.values[1]};
    columns->loss[columns->count] = (struct series_step){at_ns, figures.values[2]};
    columns->count++;
    return NULL;
}

static enum satsync_status check_rates(const struct trace_text *text, const struct columns *columns,
                                       struct satsync_error *error) {
    bool any = !columns->first.given[0];
    for (size_t i = 0; i < columns->count; i++) {
        any = any || columns->rate[i].value > 0;
    }
    ENSURE(any, error, SATSYNC_INVALID, text->name, "%s never lets anything through: rate 0",
           text->name);
    return SATSYNC_OK;
}

static enum satsync_status parse_ours(const struct trace_text *text, size_t lines,
                                      struct trace *trace, struct satsync_error *error) {
    struct columns columns = {.rate = trace->memory};
    columns.loss = columns.rate + lines;
    columns.delay = (struct path_knot *)(void *)(columns.loss + lines);
    struct line line = {.at = text->text, .text_end = text->text + text->bytes};
    while (next_line(&line)) {
        const char *problem = is_blank(&line) ? NULL : take_line(&columns, &line);
        if (problem != NULL) {
            return refuse(text, &line, problem, error);
        }
    }
    ENSURE(columns.count > 0, error, SATSYNC_INVALID, text->name, "%s is an empty trace",
           text->name);
    ENSURE(columns.ended, error, SATSYNC_INVALID, text->name,
           "%s has no last line \"TIME_NS end\"; it may be cut short", text->name);
    TRY(check_rates(text, &columns, error));
    columns.delay[columns.count] = (struct path_knot){columns.last_ns, 0};
    if (columns.first.given[0]) {
        trace->rate = (struct series){columns.rate, columns.count, columns.last_ns};
    }
    if (columns.first.given[1]) {
        trace->delay = columns.delay;
        trace->delay_count = columns.count + 1;
    }
    if (columns.first.given[2]) {
        trace->loss = (struct series){columns.loss, columns.count, columns.last_ns};
    }
    return SATSYNC_OK;
}

enum satsync_status trace_parse(const struct trace_text *text, const struct allocator *allocator,
                                struct trace *trace, struct satsync_error *error) {
    memset(trace, 0, sizeof *trace);
    trace->allocator = allocator;
    size_t lines = count_lines(text) + 1;
    size_t each = 2 * sizeof(struct series_step) + sizeof(struct path_knot);
    trace->memory = memory_new(allocator, lines, each);
    ENSURE(trace->memory != NULL, error, SATSYNC_NO_MEMORY, text->name, "no memory for a trace");
    bool ours = text->bytes >= sizeof HEAD - 1 && memcmp(text->text, HEAD, sizeof HEAD - 1) == 0;
    enum satsync_status status =
        ours ? parse_ours(text, lines, trace, error) : parse_mahimahi(text, trace, error);
    if (status != SATSYNC_OK) {
        trace_fini(trace);
    }
    return status;
}

static enum satsync_status read_all(FILE *file, const char *path, struct trace_text *text,
                                    struct satsync_error *error) {
    fseek(file, 0, SEEK_END);
    long bytes = ftell(file);
    rewind(file);
    ENSURE(bytes >= 0 && bytes <= FILE_BYTES_LIMIT, error, SATSYNC_LIMIT, path,
           "%s is no file of at most 1 GiB", path);
    char *data = memory_new(NULL, 1, (size_t)bytes + 1);
    ENSURE(data != NULL, error, SATSYNC_NO_MEMORY, path, "no memory for a trace");
    *text = (struct trace_text){path, data, fread(data, 1, (size_t)bytes, file)};
    return SATSYNC_OK;
}

enum satsync_status trace_read(const char *path, const struct allocator *allocator,
                               struct trace *trace, struct satsync_error *error) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return error_set_errno(error, errno, path, "opening the trace");
    }
    struct trace_text text = {.name = path};
    enum satsync_status status = read_all(file, path, &text, error);
    fclose(file);
    if (status == SATSYNC_OK) {
        status = trace_parse(&text, allocator, trace, error);
        memory_free(NULL, (void *)(uintptr_t)text.text);
    }
    return status;
}

void trace_fini(struct trace *trace) {
    memory_free(trace->allocator, trace->memory);
    memset(trace, 0, sizeof *trace);
}
