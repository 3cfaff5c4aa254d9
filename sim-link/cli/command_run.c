#include "base/check.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/link_report.h"
#include "sim-link/cli/recording.h"
#include "sim-link/tunnel.h"
#include "sim-link/wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char NEAR[] = "10.77.0.1";
static const char FAR[] = "10.77.0.2";
static const uint64_t WAKE_EVERY_NS = 50000;

struct run {
    struct profile profile;
    struct tunnel ends[2];
    struct wire *wire;
    int signal_fd;
    uint64_t end_ns;
    uint64_t woken_ns;
    int exit_code;
    bool ended;
};

static uint64_t clock_ns(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The near program's end, or a signal to us, ends the run. */
static void check_end(struct run *run) {
    struct signalfd_siginfo signal;
    int status = 0;
    while (read(run->signal_fd, &signal, sizeof signal) > 0) {
        if (signal.ssi_signo != SIGCHLD) {
            run->exit_code = 128 + (int)signal.ssi_signo;
            run->ended = true;
        } else if (run->ends[0].pid > 0 && waitpid(run->ends[0].pid, &status, WNOHANG) > 0) {
            run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            run->ended = true;
        }
    }
    run->ended = run->ended || clock_ns(CLOCK_MONOTONIC) >= run->end_ns;
}

static struct timespec timespec_of(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

/* Until something comes or is due, but not sooner than WAKE_EVERY_NS after the last time: as with a
 * network card's interrupts, what comes close together is taken together. */
static void wait_for_work(struct run *run) {
    uint64_t until_ns = wire_next_ns(run->wire);
    struct timespec next = timespec_of(run->woken_ns + WAKE_EVERY_NS);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    until_ns = run->end_ns < until_ns ? run->end_ns : until_ns;
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    struct timespec timeout = timespec_of(until_ns > now_ns ? until_ns - now_ns : 0);
    struct pollfd fds[3] = {
        {run->ends[0].fd, POLLIN, 0}, {run->ends[1].fd, POLLIN, 0}, {run->signal_fd, POLLIN, 0}};
    ppoll(fds, 3, until_ns == TIME_NEVER ? NULL : &timeout, NULL);
    run->woken_ns = clock_ns(CLOCK_MONOTONIC);
}

static enum satsync_status open_end(struct run *run, int end, const char *const *argv,
                                    struct satsync_error *error) {
    size_t there_bytes = run->profile.there.mtu_bytes;
    size_t back_bytes = run->profile.back.mtu_bytes;
    size_t mtu_bytes = end == 0 ? there_bytes : back_bytes;
    struct tunnel_options options = {.address = end == 0 ? NEAR : FAR,
                                     .peer = end == 0 ? FAR : NEAR,
                                     .mtu_bytes = mtu_bytes == 0 ? 1500 : mtu_bytes,
                                     .argv = argv};
    return tunnel_open(&options, &run->ends[end], error);
}

static enum satsync_status open_ends(struct run *run, const struct cli_args *args,
                                     struct satsync_error *error) {
    const char *near[] = {"/bin/sh", "-c", args->texts[OPTION_A], NULL};
    const char *far[] = {"/bin/sh", "-c", args->texts[OPTION_B], NULL};
    TRY(tunnel_prepare(error));
    TRY(open_end(run, 1, args->given[OPTION_B] ? far : NULL, error));
    TRY(open_end(run, 0, args->given[OPTION_A] ? near : args->rest, error));
    uint64_t origin_ns = clock_ns(CLOCK_REALTIME) - run->profile.start_ns;
    struct wire_options options = {.profile = &run->profile,
                                   .record = recording_options(args, origin_ns),
                                   .fds = {run->ends[0].fd, run->ends[1].fd},
                                   .joins_udp = run->ends[0].joins_udp,
                                   .now_ns = clock_ns(CLOCK_MONOTONIC)};
    return wire_open(&options, &run->wire, error);
}

static void run_to_the_end(struct run *run) {
    /* What runs behind the link must not keep the link waiting; without the right to it, it may. */
    (void)setpriority(PRIO_PROCESS, 0, -20);
    tunnel_start(&run->ends[1]);
    tunnel_start(&run->ends[0]);
    while (!run->ended) {
        wait_for_work(run);
        wire_poll(run->wire, run->woken_ns);
        check_end(run);
    }
}

static enum satsync_status check_arguments(const struct cli_args *args,
                                           struct satsync_error *error) {
    ENSURE(args->word_count == 1, error, SATSYNC_INVALID, "run",
           "run takes one profile and a command, such as: run geo -- ping -c 3 10.77.0.2");
    ENSURE((args->rest_count > 0) != args->given[OPTION_A], error, SATSYNC_INVALID, "run",
           "say what to run at the near end, either after -- or with --a");
    return SATSYNC_OK;
}

enum satsync_status command_run(const struct cli_args *args, struct satsync_error *error) {
    static struct relay_report report;
    struct run run = {
        .ends = {{.fd = -1, .pid = -1, .gate = -1}, {.fd = -1, .pid = -1, .gate = -1}},
        .end_ns = TIME_NEVER};
    sigset_t signals;
    TRY(check_arguments(args, error));
    TRY(profile_open(args->words[0], &run.profile, error));
    if (args->given[OPTION_SEED]) {
        run.profile.seed = args->values[OPTION_SEED];
    }
    if (run.profile.start_ns == 0) {
        run.profile.start_ns = clock_ns(CLOCK_REALTIME) % 60000000000u;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    run.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (args->values[OPTION_DURATION] > 0) {
        run.end_ns = clock_ns(CLOCK_MONOTONIC) + args->values[OPTION_DURATION];
    }
    enum satsync_status status = open_ends(&run, args, error);
    if (status == SATSYNC_OK) {
        run_to_the_end(&run);
        wire_report(run.wire, clock_ns(CLOCK_MONOTONIC), &report);
        status = wire_close_record(run.wire, error);
    }
    tunnel_close(&run.ends[0]);
    tunnel_close(&run.ends[1]);
    wire_close(run.wire);
    profile_fini(&run.profile);
    close(run.signal_fd);
    TRY(status);
    link_report_summarise(&report);
    /* The near program's exit status is the run's. */
    fflush(NULL);
    exit(run.exit_code);
}
