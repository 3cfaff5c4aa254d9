#include "base/check.h"
#include "sim-link/cli/command.h"
#include "sim-link/cli/link_report.h"
#include "sim-link/cli/metrics_file.h"
#include "sim-link/cli/recording.h"
#include "sim-link/cli/report.h"
#include "sim-link/control.h"
#include "sim-link/relay_command.h"
#include "transport/udp/udp.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t METRICS_NS = 1000000000;

struct session {
    struct profile profile;
    struct relay *relay;
    struct control *control; /* NULL: none */
    int signal_fd;
    uint64_t end_ns;
    const char *metrics_path; /* NULL: none */
    uint64_t metrics_ns;      /* when they are next written */
    bool quit;
};

static uint64_t clock_ns(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static enum satsync_status open_upstream(void *context, struct net **net,
                                         struct satsync_error *error) {
    (void)context;
    struct udp_options options = {.listen = NULL};
    return udp_open(&options, net, error);
}

static void handle(void *context, const char *line, struct json *answer) {
    struct session *session = context;
    relay_command(session->relay, line, &session->quit, answer);
}

/* Sleeps until the next absolute deadline, or until something comes. */
static void sleep_until(const struct session *session) {
    uint64_t until_ns = relay_next_ns(session->relay);
    until_ns = session->metrics_ns < until_ns ? session->metrics_ns : until_ns;
    until_ns = session->end_ns < until_ns ? session->end_ns : until_ns;
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left_ns / 1000000000u),
                               .tv_nsec = (long)(left_ns % 1000000000u)};
    struct pollfd fds[3] = {
        {relay_fd(session->relay), POLLIN, 0},
        {session->signal_fd, POLLIN, 0},
        {session->control == NULL ? -1 : control_fd(session->control), POLLIN, 0}};
    ppoll(fds, COUNT(fds), until_ns == TIME_NEVER ? NULL : &timeout, NULL);
}

/* Each second; one that cannot be written is written the next time. */
static void write_metrics(struct session *session) {
    static struct relay_report report;
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (now_ns >= session->metrics_ns) {
        relay_report(session->relay, &report);
        (void)!metrics_file_write(session->metrics_path, &report, NULL);
        session->metrics_ns = now_ns + METRICS_NS;
    }
}

static void run_session(struct session *session) {
    struct signalfd_siginfo signal;
    while (!session->quit) {
        relay_poll(session->relay);
        if (session->control != NULL) {
            control_poll(session->control, handle, session);
        }
        write_metrics(session);
        session->quit = session->quit || clock_ns(CLOCK_MONOTONIC) >= session->end_ns ||
                        read(session->signal_fd, &signal, sizeof signal) > 0;
        if (!session->quit) {
            sleep_until(session);
        }
    }
}

static void print_start(const char *text, const struct cli_args *args) {
    if (!args->values[OPTION_JSON]) {
        printf("listening on %s, relaying to %s as %s\n", text, args->words[2], args->words[0]);
    } else {
        struct json json;
        json_init(&json, NULL);
        json_put_object(&json);
        json_member_string(&json, "event", "listening");
        json_member_string(&json, "address", text);
        json_end_object(&json);
        report_print(&json);
    }
    fflush(stdout);
}

static enum satsync_status start(struct session *session, const struct cli_args *args,
                                 struct satsync_error *error) {
    struct profile *profile = &session->profile;
    TRY(profile_open(args->words[0], profile, error));
    if (args->given[OPTION_SEED]) {
        profile->seed = args->values[OPTION_SEED];
    }
    /* The link's clock shows the second of the UTC minute, where the slots of a LEO link begin. */
    if (profile->start_ns == 0) {
        profile->start_ns = clock_ns(CLOCK_REALTIME) % 60000000000u;
    }
    struct udp_options listen = {.listen = args->words[1]};
    struct net *net;
    TRY(udp_open(&listen, &net, error));
    struct net_address local;
    char text[64];
    net->ops->local(net, &local);
    net->ops->format(net, &local, text, sizeof text);
    struct relay_options options = {
        .profile = profile,
        .listen = net,
        .target = args->words[2],
        .record = recording_options(args, clock_ns(CLOCK_REALTIME) - profile->start_ns),
        .open_upstream = open_upstream};
    enum satsync_status status = relay_open(&options, &session->relay, error);
    if (status != SATSYNC_OK) {
        net->ops->close(net);
        return status;
    }
    if (args->given[OPTION_METRICS]) {
        session->metrics_path = args->texts[OPTION_METRICS];
        session->metrics_ns = 0;
    }
    if (args->given[OPTION_CONTROL]) {
        TRY(control_open(args->texts[OPTION_CONTROL], &session->control, error));
    }
    print_start(text, args);
    return SATSYNC_OK;
}

static enum satsync_status end_session(struct session *session, const struct cli_args *args,
                                       struct satsync_error *error) {
    static struct relay_report report;
    TRY(relay_close_record(session->relay, error));
    relay_report(session->relay, &report);
    if (session->metrics_path != NULL) {
        TRY(metrics_file_write(session->metrics_path, &report, error));
    }
    link_report_print(&report, args);
    return SATSYNC_OK;
}

enum satsync_status command_relay(const struct cli_args *args, struct satsync_error *error) {
    ENSURE(args->word_count == 3, error, SATSYNC_INVALID, "relay",
           "relay takes PROFILE LISTEN TARGET, such as: relay geo 127.0.0.1:7000 127.0.0.1:7001");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    struct session session = {.end_ns = TIME_NEVER, .metrics_ns = TIME_NEVER};
    session.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    enum satsync_status status = start(&session, args, error);
    if (status == SATSYNC_OK) {
        if (args->values[OPTION_DURATION] > 0) {
            session.end_ns = clock_ns(CLOCK_MONOTONIC) + args->values[OPTION_DURATION];
        }
        run_session(&session);
        status = end_session(&session, args, error);
    }
    control_close(session.control);
    relay_close(session.relay);
    profile_fini(&session.profile);
    close(session.signal_fd);
    return status;
}
