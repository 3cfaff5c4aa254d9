#include "sim-link/cli/chart.h"

#include "base/check.h"
#include "sim-link/check/pings.h"
#include "sim-link/sim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP_NS = 5000000, A_SECOND = 200, ROWS = 8, PANEL_HEIGHT = 120, COLUMN_WIDTH = 12 };

static void ignore(void *context, uint64_t now_ns, struct packet *packet) {
    (void)context;
    (void)now_ns;
    (void)packet; /* none was sent */
}

static enum satsync_status follow_rate(const struct profile *profile, struct chart *chart,
                                       struct satsync_error *error) {
    struct sim *sim;
    struct lane *lane;
    struct sim_options options = {.start_ns = profile->start_ns, .without_content = true};
    struct sim_lane down = {&profile->back, {.seed = profile->seed, .direction = 1}, ignore, NULL};
    TRY(sim_open(&options, &sim, error));
    enum satsync_status status = sim_add(sim, &down, &lane, error);
    for (uint64_t i = 0; status == SATSYNC_OK && i < CHART_COLUMNS; i++) {
        struct lane_state state;
        lane_state(lane, profile->start_ns + i * 1000000000, &state);
        chart->rate_bps[i] = (double)state.rate_bps;
    }
    sim_close(sim);
    return status;
}

static void take_samples(const struct samples *samples, struct chart *chart) {
    for (size_t i = 0; i < samples->count; i++) {
        size_t column = (size_t)(samples->at[i].time_s - chart->start_s + 1e-6);
        double rtt_ms = samples->at[i].rtt_ms;
        column = column < CHART_COLUMNS ? column : CHART_COLUMNS - 1;
        /* fmin and fmax pass over what is not a number. */
        chart->rtt_least_ms[column] = fmin(chart->rtt_least_ms[column], rtt_ms);
        chart->rtt_most_ms[column] = fmax(chart->rtt_most_ms[column], rtt_ms);
        chart->lost[column] -= 1.0 / A_SECOND;
    }
}

enum satsync_status chart_make(const struct profile *profile, const struct record_options *record,
                               struct chart *chart, struct satsync_error *error) {
    struct samples samples = {.at = NULL};
    struct pings pings = {.seed = profile->seed,
                          .step_ns = STEP_NS,
                          .count = (uint64_t)CHART_COLUMNS * A_SECOND,
                          .record = *record};
    chart->start_s = (double)profile->start_ns / 1e9;
    for (int i = 0; i < CHART_COLUMNS; i++) {
        chart->rtt_least_ms[i] = NAN;
        chart->rtt_most_ms[i] = NAN;
        chart->lost[i] = 1;
        chart->rate_bps[i] = 0;
    }
    enum satsync_status status = pings_run(profile, &pings, &samples, error);
    status = status == SATSYNC_OK ? follow_rate(profile, chart, error) : status;
    take_samples(&samples, chart);
    samples_fini(&samples);
    return status;
}

static double most_of(const double *values) {
    double most = NAN;
    for (int i = 0; i < CHART_COLUMNS; i++) {
        most = fmax(most, values[i]);
    }
    return most;
}

/* Rows from the top; a column is filled up to its value, and dotted from `least` to `most`. */
static void print_panel(const char *what, const double *least, const double *most) {
    double top = most_of(most);
    printf("\n%s, up to %.4g\n", what, top);
    for (int row = ROWS; row > 0; row--) {
        printf("  |");
        for (int i = 0; i < CHART_COLUMNS; i++) {
            double here = top * row / ROWS;
            double below = top * (row - 1) / ROWS;
            putchar(least[i] > below ? '#' : most[i] > below && most[i] <= here + top ? '.' : ' ');
        }
        puts("|");
    }
}

static bool has_rate(const struct chart *chart) {
    return most_of(chart->rate_bps) > 0;
}

void chart_print(const struct chart *chart) {
    double rates[CHART_COLUMNS];
    double lost[CHART_COLUMNS];
    for (int i = 0; i < CHART_COLUMNS; i++) {
        rates[i] = chart->rate_bps[i] / 1e6;
        lost[i] = chart->lost[i] < 1e-9 ? 0 : 100 * chart->lost[i];
    }
    printf("\nA minute from second %.0f of the link's clock, a second a column:\n", chart->start_s);
    print_panel("round trip, ms (# least, . most)", chart->rtt_least_ms, chart->rtt_most_ms);
    if (has_rate(chart)) {
        print_panel("rate down, Mbit/s", rates, rates);
    }
    if (most_of(lost) > 0) {
        print_panel("round trips lost, %", lost, lost);
    } else {
        puts("\nno round trip lost");
    }
}

static void write_panel(FILE *file, int panel, const char *what, const double *values) {
    int base = (panel + 1) * (PANEL_HEIGHT + 30);
    double top = most_of(values);
    fprintf(file, "<text x=\"10\" y=\"%d\">%s, up to %.4g</text>\n", base - PANEL_HEIGHT - 6, what,
            top);
    fprintf(file, "<line x1=\"10\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#888\"/>\n", base,
            10 + CHART_COLUMNS * COLUMN_WIDTH, base);
    for (int i = 0; i < CHART_COLUMNS; i++) {
        double height = top > 0 && values[i] > 0 ? values[i] / top * PANEL_HEIGHT : 0;
        fprintf(file, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"#36c\"/>\n",
                10 + i * COLUMN_WIDTH, base - height, COLUMN_WIDTH - 1, height);
    }
}

enum satsync_status chart_write(const struct chart *chart, const char *title, const char *path,
                                struct satsync_error *error) {
    double rates[CHART_COLUMNS];
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return error_set_errno(error, errno, path, "writing the picture");
    }
    for (int i = 0; i < CHART_COLUMNS; i++) {
        rates[i] = chart->rate_bps[i] / 1e6;
    }
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n<title>",
            20 + CHART_COLUMNS * COLUMN_WIDTH, 3 * (PANEL_HEIGHT + 30) + 10);
    for (; *title != 0; title++) {
        fputs(*title == '&' ? "&amp;" : *title == '<' ? "&lt;" : (char[]){*title, 0}, file);
    }
    fputs("</title>\n", file);
    write_panel(file, 0, "round trip, most in a second, ms", chart->rtt_most_ms);
    write_panel(file, 1, "rate down, Mbit/s", rates);
    write_panel(file, 2, "share of round trips lost", chart->lost);
    fputs("</svg>\n", file);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        int problem = errno;
        struct stat stat;
        if (lstat(path, &stat) == 0 && S_ISREG(stat.st_mode)) {
            unlink(path);
        }
        return error_set_errno(error, problem, path, "writing the picture");
    }
    return SATSYNC_OK;
}
