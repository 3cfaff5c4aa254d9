#include "ckpt/cli/progress.h"

#include "ckpt/cli/table.h"
#include "ckpt/cli/text.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Below this many samples a spread says nothing. */
enum { FEWEST_SAMPLES = 3 };

void progress_sample(struct progress_pace *pace, const struct satsync_progress *progress,
                     uint64_t now_ns) {
    bool waiting = progress->activity == SATSYNC_ACTIVITY_WAITING ||
                   progress->activity == SATSYNC_ACTIVITY_STARTING;
    /* What the receiver already had was not done at any pace. */
    uint64_t moved_bytes = progress->done_bytes > progress->present_bytes
                               ? progress->done_bytes - progress->present_bytes
                               : 0;
    if (pace->started && !waiting && now_ns > pace->last_ns && moved_bytes >= pace->last_bytes) {
        double seconds = (double)(now_ns - pace->last_ns) / 1e9;
        pace->rates[pace->next] = (double)(moved_bytes - pace->last_bytes) / seconds;
        pace->next = (pace->next + 1) % PROGRESS_WINDOW;
        pace->count += pace->count < PROGRESS_WINDOW;
    }
    pace->started = !waiting;
    pace->last_ns = now_ns;
    pace->last_bytes = moved_bytes;
}

double progress_rate(const struct progress_pace *pace) {
    double sum = 0;
    for (size_t i = 0; i < pace->count; i++) {
        sum += pace->rates[i];
    }
    return pace->count ? sum / (double)pace->count : 0;
}

bool progress_time_left(const struct progress_pace *pace, const struct satsync_progress *progress,
                        uint64_t *left_ns, uint64_t *spread_ns) {
    double mean = progress_rate(pace);
    if (pace->count < FEWEST_SAMPLES || mean <= 0 || progress->total_bytes < progress->done_bytes) {
        return false;
    }
    double squares = 0;
    for (size_t i = 0; i < pace->count; i++) {
        squares += (pace->rates[i] - mean) * (pace->rates[i] - mean);
    }
    double count = (double)pace->count;
    double standard_error = sqrt(squares / (count - 1) / count);
    double left = (double)(progress->total_bytes - progress->done_bytes) / mean;
    double spread = left * standard_error / mean;
    const double longest = 1e9; /* seconds: beyond that no number helps */
    if (left > longest) {
        return false;
    }
    *left_ns = (uint64_t)(left * 1e9);
    *spread_ns = (uint64_t)((spread < left ? spread : left) * 1e9);
    return true;
}

const char *progress_word(enum satsync_activity activity) {
    switch (activity) {
    case SATSYNC_ACTIVITY_STARTING:
        return "starting";
    case SATSYNC_ACTIVITY_CODING:
        return "coding";
    case SATSYNC_ACTIVITY_SENDING:
        return "sending";
    case SATSYNC_ACTIVITY_REPAIRING:
        return "repairing";
    case SATSYNC_ACTIVITY_WAITING:
        return "waiting for the link";
    case SATSYNC_ACTIVITY_RECEIVING:
        return "receiving";
    case SATSYNC_ACTIVITY_VERIFYING:
        return "verifying";
    case SATSYNC_ACTIVITY_DONE:
        return "done";
    }
    return "working";
}

static bool on_link(enum satsync_activity activity) {
    return activity == SATSYNC_ACTIVITY_SENDING || activity == SATSYNC_ACTIVITY_REPAIRING ||
           activity == SATSYNC_ACTIVITY_RECEIVING;
}

static void append(char out[PROGRESS_LINE_BYTES], const char *a, const char *b) {
    size_t used = strlen(out);
    snprintf(out + used, PROGRESS_LINE_BYTES - used, "%s%s", a, b);
}

static void append_share(char out[PROGRESS_LINE_BYTES], const struct satsync_progress *progress) {
    char done[TEXT_QUANTITY_BYTES];
    text_bytes(done, progress->done_bytes);
    if (progress->total_bytes == 0) {
        append(out, "  ", done);
        return;
    }
    char total[TEXT_QUANTITY_BYTES];
    text_bytes(total, progress->total_bytes);
    double share = 100.0 * (double)progress->done_bytes / (double)progress->total_bytes;
    char percent[TEXT_QUANTITY_BYTES];
    /* 100 % is only said when it is true. */
    snprintf(percent, sizeof percent, "%5.1f %%",
             progress->done_bytes < progress->total_bytes && share > 99.9 ? 99.9 : share);
    append(out, "  ", percent);
    append(out, "  ", done);
    append(out, " of ", total);
}

void progress_line(char out[PROGRESS_LINE_BYTES], const char *label,
                   const struct satsync_progress *progress, const struct progress_pace *pace) {
    out[0] = '\0';
    append(out, label, ": ");
    append(out, progress_word(progress->activity), "");
    append_share(out, progress);
    if (progress->activity == SATSYNC_ACTIVITY_WAITING ||
        (progress->activity == SATSYNC_ACTIVITY_VERIFYING &&
         progress->done_bytes == progress->total_bytes)) {
        return;
    }
    double rate = progress_rate(pace);
    if (rate > 0) {
        char text[TEXT_QUANTITY_BYTES];
        if (on_link(progress->activity)) {
            text_bit_rate(text, (uint64_t)(rate * 8));
        } else {
            text_bytes(text, (uint64_t)rate);
        }
        append(out, "  ", text);
        append(out, on_link(progress->activity) ? "" : "/s", "");
    }
    uint64_t left_ns;
    uint64_t spread_ns;
    if (progress_time_left(pace, progress, &left_ns, &spread_ns)) {
        char left[TEXT_QUANTITY_BYTES];
        char spread[TEXT_QUANTITY_BYTES];
        text_duration(left, left_ns);
        text_duration(spread, spread_ns);
        append(out, "  ETA ", left);
        append(out, " ± ", spread);
    }
}

void progress_init(struct progress *shown, FILE *stream, bool wanted, const char *label) {
    *shown = (struct progress){.label = label};
    if (wanted && isatty(fileno(stream))) {
        shown->stream = stream;
    }
}

/* Cuts the line to the terminal's width, so that it never wraps. */
static void fit(char line[PROGRESS_LINE_BYTES], FILE *stream) {
    struct winsize window;
    size_t width = 80;
    if (ioctl(fileno(stream), TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
        width = window.ws_col;
    }
    char *end = line;
    for (size_t column = 1; *end && column < width; column++) {
        end++;
        while (((unsigned char)*end & 0xc0) == 0x80) {
            end++;
        }
    }
    *end = '\0';
}

void progress_show(struct progress *shown, const struct satsync_progress *progress,
                   uint64_t now_ns) {
    if (!shown->stream || (shown->drawn && now_ns - shown->drawn_ns < PROGRESS_INTERVAL_NS)) {
        return;
    }
    progress_sample(&shown->pace, progress, now_ns);
    char line[PROGRESS_LINE_BYTES];
    progress_line(line, shown->label, progress, &shown->pace);
    fit(line, shown->stream);
    fprintf(shown->stream, "\r%s\033[K", line);
    fflush(shown->stream);
    shown->drawn = true;
    shown->drawn_ns = now_ns;
}

void progress_clear(struct progress *shown) {
    if (shown->drawn) {
        fputs("\r\033[K", shown->stream);
        fflush(shown->stream);
        shown->drawn = false;
    }
}
