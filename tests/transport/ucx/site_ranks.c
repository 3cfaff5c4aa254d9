#include "transport/ucx/site_ranks.h"

#include "transport/ucx/ucx_endpoint.h"
#include "transport/ucx/ucx_hub.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BARRIER_NS (UINT64_C(60) * 1000000000)

typedef char address_text[UCX_ADDRESS_TEXT_BYTES];

static bool move_all(int fd, void *data, size_t bytes, bool out) {
    for (size_t at = 0; at < bytes;) {
        ssize_t moved = out ? write(fd, (char *)data + at, bytes - at)
                            : read(fd, (char *)data + at, bytes - at);
        if (moved <= 0) {
            return false;
        }
        at += (size_t)moved;
    }
    return true;
}

static int fail(const struct site_rank *rank, const struct satsync_error *error) {
    fprintf(stderr, "rank %u: %s: %s\n", rank->rank, error->subject, error->message);
    return 90;
}

static int be_rank(const struct site_ranks *site, uint32_t number, int fd) {
    static address_text texts[COLLECTIVE_RANKS];
    struct site_rank rank = {.rank = number, .ranks = site->ranks, .context = site->context};
    struct satsync_error error = {0};
    if (site->transports) {
        setenv("UCX_TLS", site->transports, 1);
    }
    alarm(site->seconds);
    const struct ucx_options options = {.rank = number, .job = 4711};
    if (ucx_endpoint_open(&options, &rank.endpoint, &error) != SATSYNC_OK) {
        return fail(&rank, &error);
    }
    rank.endpoint->ops->local(rank.endpoint, texts[0], sizeof texts[0]);
    if (!move_all(fd, texts[0], sizeof texts[0], true) ||
        !move_all(fd, texts, site->ranks * sizeof *texts, false)) {
        return 91;
    }
    const char *addresses[COLLECTIVE_RANKS];
    for (uint32_t i = 0; i < site->ranks; i++) {
        addresses[i] = texts[i];
    }
    const struct collective_options group = {.endpoint = rank.endpoint,
                                             .rank = number,
                                             .ranks = site->ranks,
                                             .addresses = addresses,
                                             .chunk_bytes = site->chunk_bytes};
    if (collective_open(&group, &rank.group, &error) != SATSYNC_OK) {
        return fail(&rank, &error);
    }
    /* All are there before anything is done to them. */
    const struct collective_operation barrier = {
        .deadline_ns = rank.endpoint->ops->now_ns(rank.endpoint) + BARRIER_NS};
    if (collective_run(rank.group, &barrier, &error) != SATSYNC_OK) {
        return fail(&rank, &error);
    }
    char done = 1;
    if (!move_all(fd, &done, 1, true)) {
        return 91;
    }
    int code = site->run(&rank);
    rank.endpoint->ops->close(rank.endpoint);
    collective_close(rank.group);
    return code;
}

static bool exchange(const struct site_ranks *site, const int *fds) {
    static address_text texts[COLLECTIVE_RANKS];
    char done;
    bool fine = true;
    for (uint32_t rank = 0; rank < site->ranks; rank++) {
        fine = fine && move_all(fds[rank], texts[rank], sizeof *texts, false);
    }
    for (uint32_t rank = 0; fine && rank < site->ranks; rank++) {
        fine = move_all(fds[rank], texts, site->ranks * sizeof *texts, true);
    }
    for (uint32_t rank = 0; fine && rank < site->ranks; rank++) {
        fine = move_all(fds[rank], &done, 1, false);
    }
    return fine;
}

bool site_ranks_run(struct site_ranks *site) {
    pid_t pids[COLLECTIVE_RANKS];
    int fds[COLLECTIVE_RANKS];
    fflush(NULL);
    for (uint32_t rank = 0; rank < site->ranks; rank++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            return false;
        }
        pids[rank] = fork();
        if (pids[rank] == 0) {
            for (uint32_t other = 0; other < rank; other++) {
                close(fds[other]);
            }
            close(pair[0]);
            int code = be_rank(site, rank, pair[1]);
            fflush(NULL);
            _exit(code);
        }
        close(pair[1]);
        fds[rank] = pair[0];
    }
    bool fine = exchange(site, fds);
    for (uint32_t rank = 0; rank < site->ranks; rank++) {
        close(fds[rank]);
    }
    if (fine && site->meanwhile) {
        site->meanwhile(pids, site->context);
    }
    for (uint32_t rank = 0; rank < site->ranks; rank++) {
        int status;
        waitpid(pids[rank], &status, 0);
        site->codes[rank] = WIFEXITED(status) ? WEXITSTATUS(status)
                                              : 256 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        fine = fine && site->codes[rank] == 0;
    }
    return fine;
}

bool site_ranks_all_use(const struct site_rank *rank, const char *transports) {
    const struct hub *hub = (const struct hub *)rank->endpoint;
    uint32_t links = 0;
    for (size_t i = 0; i < LINKS_MOST; i++) {
        char lanes[128];
        if (hub->links[i]) {
            ucx_endpoint_link_transports(&hub->links[i]->link, lanes, sizeof lanes);
            if (strcmp(lanes, transports) != 0) {
                fprintf(stderr, "rank %u: a link uses \"%s\"\n", rank->rank, lanes);
                return false;
            }
            links++;
        }
    }
    return links == rank->ranks - 1;
}
