/* satsync-link: the emulated link for any program. */
#include "base/check.h"
#include "sim-link/cli_args.h"
#include "sim-link/control.h"
#include "sim-link/relay_command.h"
#include "transport/udp/udp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char USAGE[] =
    "usage: satsync-link COMMAND ...\n"
    "  profiles [--json]                     list the links and their options\n"
    "  show PROFILE [--json]                 a link's figures and where they come from\n"
    "  relay PROFILE LISTEN TARGET [OPTION]  emulate the link between UDP addresses\n"
    "\n"
    "PROFILE is a name with options, such as \"leo-bent?seed=7&swap\" or\n"
    "\"plain?rate=100M&rtt=600ms&loss=1%\". `satsync-link COMMAND --help` says more.\n";

enum { JSON, HELP, SEED, CONTROL, DURATION };

static const struct satsync_option rows[] = {
    [JSON] = {"json", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1,
              "End with one JSON object on the last line, also on failure."},
    [HELP] = {"help", SATSYNC_OPTION_BOOL, "yes|no", "no", 0, 1, "Print this help."},
    [SEED] = {"seed", SATSYNC_OPTION_COUNT, "N", NULL, 0, UINT64_MAX,
              "Seed of the link's randomness, instead of the profile's."},
    [CONTROL] = {"control", SATSYNC_OPTION_TEXT, "PATH", NULL, 1, 107,
                 "Take commands on a Unix socket: outage TIME, down, up, get, quit."},
    [DURATION] = {"duration", SATSYNC_OPTION_DURATION, "TIME", "0", 0, 31536000000000000u,
                  "End after so long; 0 for never."},
};

static void print_rows(size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf("  --%s%s%s\n        %s\n", rows[i].name,
               rows[i].type == SATSYNC_OPTION_BOOL ? "" : " ",
               rows[i].type == SATSYNC_OPTION_BOOL ? "" : rows[i].unit, rows[i].help);
    }
}

static void print_json(struct json *json) {
    const char *text = json_finish(json);
    puts(text == NULL ? "{\"status\":\"no-memory\"}" : text);
    json_fini(json);
}

static void start_json(struct json *json, const char *command, enum satsync_status status) {
    json_init(json, NULL);
    json_put_object(json);
    json_put_key(json, "command");
    json_put_string(json, command);
    json_put_key(json, "status");
    json_put_string(json, satsync_status_name(status));
}

static void profiles_json(void) {
    size_t count;
    const struct profile_entry *const *entries = profile_entries(&count);
    struct json json;
    start_json(&json, "profiles", SATSYNC_OK);
    json_put_key(&json, "profiles");
    json_put_array(&json);
    for (size_t i = 0; i < count; i++) {
        json_put_object(&json);
        json_put_key(&json, "name");
        json_put_string(&json, entries[i]->name);
        json_put_key(&json, "summary");
        json_put_string(&json, entries[i]->summary);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    print_json(&json);
}

static void profiles_text(void) {
    size_t count;
    const struct profile_entry *const *entries = profile_entries(&count);
    for (size_t i = 0; i < count; i++) {
        printf("%-24s%s\n", entries[i]->name, entries[i]->summary);
    }
    const struct satsync_option *options = profile_options(&count);
    puts("\nOptions, as in NAME?option=value&option=value; most take \"up.\" or \"down.\" before:");
    for (size_t i = 0; i < count; i++) {
        printf("  %-16s%-9s%s\n", options[i].name, options[i].unit, options[i].help);
    }
}

static enum satsync_status run_profiles(const struct cli_args *args, struct satsync_error *error) {
    ENSURE(args->word_count == 0, error, SATSYNC_INVALID, args->words[0],
           "profiles takes no argument; did you mean `satsync-link show %s`?", args->words[0]);
    if (args->values[JSON]) {
        profiles_json();
    } else {
        profiles_text();
    }
    return SATSYNC_OK;
}

static void print_figure(const char *name, enum satsync_option_type type, uint64_t value) {
    struct satsync_option row = {.name = name, .type = type, .max = UINT64_MAX};
    char text[64];
    satsync_option_format(&row, value, text, sizeof text);
    printf("    %-22s%s\n", name, text);
}

static void print_plan(const char *direction, const struct lane_plan *plan) {
    printf("  %s\n", direction);
    print_figure("rate", SATSYNC_OPTION_RATE, plan->rate_bps);
    if (plan->rtt.quantiles == NULL) {
        print_figure("delay", SATSYNC_OPTION_DURATION, plan->delay_ns);
    } else {
        puts("    delay                 half of a measured round trip, drawn each slot");
    }
    print_figure("jitter", SATSYNC_OPTION_DURATION, plan->jitter_ns);
    print_figure("loss", SATSYNC_OPTION_FRACTION, plan->loss_ppb);
    if (plan->queue_packets > 0) {
        print_figure("queue-packets", SATSYNC_OPTION_COUNT, plan->queue_packets);
    } else if (plan->queue_bytes > 0) {
        print_figure("queue-bytes", SATSYNC_OPTION_BYTES, plan->queue_bytes);
    } else {
        print_figure("queue", SATSYNC_OPTION_DURATION, plan->queue_ns);
    }
}

static void plan_json(struct json *json, const char *key, const struct lane_plan *plan) {
    json_put_key(json, key);
    json_put_object(json);
    json_put_key(json, "rate_bps");
    json_put_u64(json, plan->rate_bps);
    json_put_key(json, "delay_ns");
    json_put_u64(json, plan->delay_ns);
    json_put_key(json, "delay_varies");
    json_put_bool(json, plan->rtt.quantiles != NULL);
    json_put_key(json, "jitter_ns");
    json_put_u64(json, plan->jitter_ns);
    json_put_key(json, "loss_ppb");
    json_put_u64(json, plan->loss_ppb);
    json_put_key(json, "queue_ns");
    json_put_u64(json, plan->queue_ns);
    json_put_key(json, "queue_packets");
    json_put_u64(json, plan->queue_packets);
    json_put_key(json, "queue_bytes");
    json_put_u64(json, plan->queue_bytes);
    json_end_object(json);
}

static void show_json(const struct profile *profile, const struct profile_entry *entry) {
    struct json json;
    start_json(&json, "show", SATSYNC_OK);
    json_put_key(&json, "profile");
    json_put_string(&json, profile->name);
    json_put_key(&json, "rtt_ns");
    json_put_u64(&json, profile->rtt_ns);
    json_put_key(&json, "seed");
    json_put_u64(&json, profile->seed);
    plan_json(&json, "up", &profile->there);
    plan_json(&json, "down", &profile->back);
    json_put_key(&json, "figures");
    json_put_array(&json);
    for (size_t i = 0; i < entry->figure_count; i++) {
        json_put_object(&json);
        json_put_key(&json, "what");
        json_put_string(&json, entry->figures[i].what);
        json_put_key(&json, "value");
        json_put_string(&json, entry->figures[i].value);
        json_put_key(&json, "source");
        json_put_string(&json, entry->figures[i].source);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    print_json(&json);
}

static enum satsync_status run_show(const struct cli_args *args, struct satsync_error *error) {
    struct profile profile;
    ENSURE(args->word_count == 1, error, SATSYNC_INVALID, "show",
           "show takes one profile; `satsync-link profiles` lists them");
    TRY(profile_parse(args->words[0], &profile, error));
    const struct profile_entry *entry = profile_find(profile.name, NULL);
    if (args->values[JSON]) {
        show_json(&profile, entry);
        return SATSYNC_OK;
    }
    printf("%s: %s\n", entry->name, entry->summary);
    print_plan("up (LISTEN to TARGET)", &profile.there);
    print_plan("down", &profile.back);
    for (size_t i = 0; i < entry->figure_count; i++) {
        const struct profile_figure *figure = &entry->figures[i];
        printf("%s: %s\n    source: %s\n", figure->what, figure->value, figure->source);
    }
    return SATSYNC_OK;
}

struct session {
    struct relay *relay;
    struct control *control; /* NULL: none */
    int signal_fd;
    uint64_t end_ns;
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

static void run_session(struct session *session) {
    struct signalfd_siginfo signal;
    while (!session->quit) {
        relay_poll(session->relay);
        if (session->control != NULL) {
            control_poll(session->control, handle, session);
        }
        session->quit = session->quit || clock_ns(CLOCK_MONOTONIC) >= session->end_ns ||
                        read(session->signal_fd, &signal, sizeof signal) > 0;
        if (!session->quit) {
            sleep_until(session);
        }
    }
}

static void print_direction(const char *name, const struct lane_counts *counts) {
    printf("%-5s %llu entered, %llu delivered; dropped:", name,
           (unsigned long long)counts->entered_packets,
           (unsigned long long)counts->delivered_packets);
    for (int cause = 0; cause < DROP_CAUSES; cause++) {
        printf(" %s %llu", drop_cause_name((enum drop_cause)cause),
               (unsigned long long)counts->dropped_packets[cause]);
    }
    puts("");
}

static void print_report(const struct relay_report *report) {
    print_direction("up", &report->up);
    print_direction("down", &report->down);
    printf("late: p50 %llu us, p90 %llu us, p99 %llu us, max %llu us (limit %llu us)\n",
           (unsigned long long)histogram_quantile(&report->late, 500) / 1000,
           (unsigned long long)histogram_quantile(&report->late, 900) / 1000,
           (unsigned long long)histogram_quantile(&report->late, 990) / 1000,
           (unsigned long long)report->late.max / 1000,
           (unsigned long long)report->late_limit_ns / 1000);
    if (report->is_void) {
        puts("void: this machine was too busy to emulate the link; do not use figures of this run");
    }
}

static void print_end(const struct session *session, const char *profile, bool as_json) {
    static struct relay_report report;
    relay_report(session->relay, &report);
    if (!as_json) {
        print_report(&report);
        return;
    }
    struct json json;
    start_json(&json, "relay", SATSYNC_OK);
    json_put_key(&json, "profile");
    json_put_string(&json, profile);
    json_put_key(&json, "report");
    relay_report_json(&report, &json);
    json_end_object(&json);
    print_json(&json);
}

static void print_start(const char *text, const struct cli_args *args) {
    if (!args->values[JSON]) {
        printf("listening on %s, relaying to %s as %s\n", text, args->words[2], args->words[0]);
    } else {
        struct json json;
        json_init(&json, NULL);
        json_put_object(&json);
        json_put_key(&json, "event");
        json_put_string(&json, "listening");
        json_put_key(&json, "address");
        json_put_string(&json, text);
        json_end_object(&json);
        print_json(&json);
    }
    fflush(stdout);
}

static enum satsync_status start(struct session *session, const struct cli_args *args,
                                 struct satsync_error *error) {
    struct profile profile;
    TRY(profile_parse(args->words[0], &profile, error));
    if (args->given[SEED]) {
        profile.seed = args->values[SEED];
    }
    /* The link's clock shows the second of the UTC minute, where the slots of a LEO link begin. */
    if (profile.start_ns == 0) {
        profile.start_ns = clock_ns(CLOCK_REALTIME) % 60000000000u;
    }
    struct udp_options listen = {.listen = args->words[1]};
    struct net *net;
    TRY(udp_open(&listen, &net, error));
    struct net_address local;
    char text[64];
    net->ops->local(net, &local);
    net->ops->format(net, &local, text, sizeof text);
    struct relay_options options = {.profile = &profile,
                                    .listen = net,
                                    .target = args->words[2],
                                    .open_upstream = open_upstream};
    enum satsync_status status = relay_open(&options, &session->relay, error);
    if (status != SATSYNC_OK) {
        net->ops->close(net);
        return status;
    }
    if (args->given[CONTROL]) {
        TRY(control_open(args->texts[CONTROL], &session->control, error));
    }
    print_start(text, args);
    return SATSYNC_OK;
}

static enum satsync_status run_relay(const struct cli_args *args, struct satsync_error *error) {
    ENSURE(args->word_count == 3, error, SATSYNC_INVALID, "relay",
           "relay takes PROFILE LISTEN TARGET, such as: relay geo 127.0.0.1:7000 127.0.0.1:7001");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    struct session session = {.end_ns = TIME_NEVER};
    session.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    enum satsync_status status = start(&session, args, error);
    if (status == SATSYNC_OK) {
        if (args->values[DURATION] > 0) {
            session.end_ns = clock_ns(CLOCK_MONOTONIC) + args->values[DURATION];
        }
        run_session(&session);
        print_end(&session, args->words[0], args->values[JSON] != 0);
    }
    control_close(session.control);
    relay_close(session.relay);
    close(session.signal_fd);
    return status;
}

struct command {
    const char *name;
    const char *usage;
    size_t rows; /* how many of `rows` it takes */
    enum satsync_status (*run)(const struct cli_args *args, struct satsync_error *error);
};

static const struct command commands[] = {
    {"profiles", "usage: satsync-link profiles [--json]", SEED, run_profiles},
    {"show", "usage: satsync-link show PROFILE [--json]", SEED, run_show},
    {"relay",
     "usage: satsync-link relay PROFILE LISTEN TARGET [OPTION]...\n"
     "Datagrams to LISTEN go through the uplink to TARGET; answers come back through the\n"
     "downlink. Ends at Ctrl-C and prints what happened, and how late the relay was.",
     COUNT(rows), run_relay},
};

static const struct command *find_command(const char *name, struct satsync_error *error) {
    struct satsync_option names[COUNT(commands)];
    const char *nearest = NULL;
    memset(names, 0, sizeof names);
    for (size_t i = 0; i < COUNT(commands); i++) {
        names[i].name = commands[i].name;
    }
    const struct satsync_option *found =
        satsync_option_find(names, COUNT(commands), name, &nearest);
    if (found == NULL) {
        (void)error_set(error, SATSYNC_INVALID, name, "there is no command \"%s\"%s%s%s", name,
                        nearest == NULL ? "; see satsync-link --help" : "; did you mean \"",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
        return NULL;
    }
    return &commands[found - names];
}

static bool wants_json(int argc, char *const *argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

static int fail(const struct satsync_error *error, const char *command, bool as_json) {
    bool named = strstr(error->message, error->subject) != NULL;
    fprintf(stderr, "satsync-link: %s%s%s\n", named ? "" : error->subject, named ? "" : ": ",
            error->message);
    if (as_json) {
        struct json json;
        start_json(&json, command, error->status);
        json_put_key(&json, "class");
        json_put_string(&json, satsync_status_class_name(satsync_status_class(error->status)));
        json_put_key(&json, "subject");
        json_put_string(&json, error->subject);
        json_put_key(&json, "message");
        json_put_string(&json, error->message);
        json_end_object(&json);
        print_json(&json);
    }
    return (int)satsync_status_class(error->status);
}

int main(int argc, char **argv) {
    struct satsync_error error = {.status = SATSYNC_OK};
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(USAGE, argc < 2 ? stderr : stdout);
        return argc < 2 ? SATSYNC_CLASS_USAGE : 0;
    }
    bool as_json = wants_json(argc, argv);
    const struct command *command = find_command(argv[1], &error);
    if (command == NULL) {
        return fail(&error, argv[1], as_json);
    }
    struct cli_args args;
    struct cli_args_rows taken = {rows, command->rows};
    enum satsync_status status =
        cli_args_parse(&args, &taken, argc - 2, (const char *const *)argv + 2, &error);
    if (status == SATSYNC_OK && args.values[HELP]) {
        puts(command->usage);
        print_rows(command->rows);
        return 0;
    }
    if (status == SATSYNC_OK) {
        status = command->run(&args, &error);
    }
    return status == SATSYNC_OK ? 0 : fail(&error, command->name, as_json);
}
