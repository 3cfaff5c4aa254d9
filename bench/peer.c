#include "bench/peer.h"

#include "base/check.h"
#include "bench/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIVE_UP_SECONDS = 300, CONNECT_TRIES = 50, CONNECT_WAIT_US = 100000, OUTPUT_BYTES = 65536 };
enum { EXIT_NOT_FOUND = 127, PORTS_FROM = 20000, PORTS = 10000 };

/* Starts a program, on one core unless that is negative; what it prints can be read from *out,
 * unless `out` is NULL. */
static pid_t start(char *const *argv, const char *transports, int core, int *out) {
    int ends[2] = {-1, -1};
    if (out && pipe(ends) != 0) {
        return -1;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDWR);
        setenv("UCX_TLS", transports, 1);
        machine_stay_on(core);
        alarm(GIVE_UP_SECONDS);
        dup2(nothing, STDIN_FILENO);
        dup2(out ? ends[1] : nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        if (out) {
            close(ends[0]);
            close(ends[1]);
        }
        execvp(argv[0], argv);
        _exit(EXIT_NOT_FOUND);
    }
    if (out) {
        close(ends[1]);
        *out = ends[0];
    }
    return pid;
}

/* Its exit code, or -1 when it was killed; `text` is all that it printed. */
static int run(char *const *argv, const char *transports, int core, char text[OUTPUT_BYTES]) {
    int out = -1;
    int status = -1;
    size_t at = 0;
    ssize_t more;
    text[0] = '\0';
    pid_t pid = start(argv, transports, core, &out);
    while (pid > 0 && (more = read(out, text + at, OUTPUT_BYTES - 1 - at)) > 0) {
        at += (size_t)more;
    }
    text[at] = '\0';
    if (out >= 0) {
        close(out);
    }
    bool ended = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);
    return ended ? WEXITSTATUS(status) : -1;
}

/* The number in that column, from 0, of the last line. */
static bool last_number(char *text, unsigned column, double *value) {
    char *line = NULL;
    for (char *save, *next = strtok_r(text, "\n", &save); next;
         next = strtok_r(NULL, "\n", &save)) {
        line = next;
    }
    for (; line && column > 0; column--) {
        line = strchr(line, ',');
        line = line ? line + 1 : NULL;
    }
    char *end = line;
    *value = line ? strtod(line, &end) : 0;
    return end != line && *value > 0;
}

enum { COLUMN_MEDIAN_US = 1, COLUMN_MIB_PER_S = 5 };

static enum satsync_status perftest(const struct peer_test *test, const char *kind, unsigned column,
                                    double *value, struct satsync_error *error) {
    static unsigned number;
    static char text[OUTPUT_BYTES];
    char port[16], bytes[24], count[24];
    snprintf(port, sizeof port, "%u",
             PORTS_FROM + ((unsigned)getpid() * 16 + number++) % (unsigned)PORTS);
    snprintf(bytes, sizeof bytes, "%" PRIu64, test->bytes);
    snprintf(count, sizeof count, "%" PRIu64, test->count);
    char *server[] = {(char *)"ucx_perftest", (char *)"-p", port, NULL};
    char *client[] = {
        (char *)"ucx_perftest", (char *)"127.0.0.1", (char *)"-p", port,         (char *)"-t",
        (char *)kind,           (char *)"-s",        bytes,        (char *)"-n", count,
        (char *)"-w",           (char *)"100",       (char *)"-f", (char *)"-v", NULL};
    pid_t pid = start(server, test->transports, machine_core(0), NULL);
    int code = -1;
    for (unsigned tries = 0; tries < CONNECT_TRIES && code != 0 && code != EXIT_NOT_FOUND;
         tries++) {
        usleep(CONNECT_WAIT_US); /* until the other listens */
        code = run(client, test->transports, machine_core(1), text);
    }
    if (pid > 0) {
        if (code != 0) {
            kill(pid, SIGKILL);
        }
        waitpid(pid, NULL, 0);
    }
    ENSURE(code != EXIT_NOT_FOUND, error, SATSYNC_UNSUPPORTED, "ucx_perftest",
           "not measured: ucx_perftest is not here; install the package ucx-utils");
    ENSURE(code == 0 && last_number(text, column, value), error, SATSYNC_PEER_FAILED,
           "ucx_perftest", "ucx_perftest failed over %s", test->transports);
    return SATSYNC_OK;
}

enum satsync_status peer_ucx_stream(const struct peer_test *test, uint64_t *time_ns,
                                    struct satsync_error *error) {
    double mib_per_s = 0;
    TRY(perftest(test, "tag_bw", COLUMN_MIB_PER_S, &mib_per_s, error));
    *time_ns = (uint64_t)((double)(test->bytes * test->count) / (mib_per_s * 1048576) * 1e9);
    return SATSYNC_OK;
}

enum satsync_status peer_ucx_ping(const struct peer_test *test, uint64_t *one_way_ns,
                                  struct satsync_error *error) {
    double median_us = 0;
    TRY(perftest(test, "tag_lat", COLUMN_MEDIAN_US, &median_us, error));
    *one_way_ns = (uint64_t)(median_us * 1000);
    return SATSYNC_OK;
}

/* NAME beside this program. */
static bool beside(const char *name, char *path, size_t bytes) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        return false;
    }
    self[length] = '\0';
    int written = snprintf(path, bytes, "%s/%s", dirname(self), name);
    return written > 0 && (size_t)written < bytes && access(path, X_OK) == 0;
}

enum satsync_status peer_open_mpi_reduce(const struct peer_test *test, uint64_t *time_ns,
                                         struct satsync_error *error) {
    static char text[OUTPUT_BYTES];
    char path[4096], bytes[24], count[24];
    double seconds = 0;
    ENSURE(beside("satsync-bench-openmpi", path, sizeof path), error, SATSYNC_UNSUPPORTED,
           "Open MPI",
           "not measured: there is no satsync-bench-openmpi beside this program; build with the "
           "package libopenmpi-dev");
    snprintf(bytes, sizeof bytes, "%" PRIu64, test->bytes);
    snprintf(count, sizeof count, "%" PRIu64, test->count);
    char *argv[] = {(char *)"mpirun",
                    (char *)"--allow-run-as-root",
                    (char *)"--oversubscribe",
                    (char *)"-n",
                    (char *)"2",
                    path,
                    bytes,
                    count,
                    NULL};
    int code = run(argv, test->transports, -1, text);
    ENSURE(code != EXIT_NOT_FOUND, error, SATSYNC_UNSUPPORTED, "Open MPI",
           "not measured: mpirun is not here; install the package openmpi-bin");
    ENSURE(code == 0 && last_number(text, 0, &seconds), error, SATSYNC_PEER_FAILED, "Open MPI",
           "mpirun ended with code %d", code);
    *time_ns = (uint64_t)(seconds * 1e9);
    return SATSYNC_OK;
}
