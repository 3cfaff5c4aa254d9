#include "ckpt/cli/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) and others signal the process and then its group: within this time that is one. */
enum { EXIT_BY_SIGNAL = 128, SAME_SIGNAL_NS = 250000000 };

static volatile sig_atomic_t seen;
static volatile sig_atomic_t patient;
static struct timespec seen_at; /* when `seen` was set; only the handler uses it */
static char words[INTERRUPT_LAST_WORDS_BYTES];
static size_t words_bytes;
static int words_descriptor;
static struct sigaction before_int;
static struct sigaction before_term;

static bool just_seen(const struct timespec *now) {
    long long since_ns = (now->tv_sec - seen_at.tv_sec) * 1000000000ll;
    return seen && since_ns + now->tv_nsec - seen_at.tv_nsec < SAME_SIGNAL_NS;
}

static void on_signal(int signal_number) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (just_seen(&now)) {
        return;
    }
    if (seen || !patient) {
        ssize_t written = write(words_descriptor, words, words_bytes);
        (void)written;
        _exit(EXIT_BY_SIGNAL + signal_number);
    }
    seen = signal_number;
    seen_at = now;
}

void interrupt_install(int descriptor, const char *last_words) {
    snprintf(words, sizeof words, "%s", last_words);
    words_bytes = strlen(words);
    words_descriptor = descriptor;
    seen = 0;
    patient = 0;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, &before_int);
    sigaction(SIGTERM, &action, &before_term);
}

void interrupt_uninstall(void) {
    sigaction(SIGINT, &before_int, NULL);
    sigaction(SIGTERM, &before_term, NULL);
}

void interrupt_patient(bool wanted) {
    patient = wanted;
}

int interrupt_signal(void) {
    return seen;
}
