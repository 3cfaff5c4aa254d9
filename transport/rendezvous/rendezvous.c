#include "transport/rendezvous/rendezvous.h"

#include "base/check.h"
#include "transport/rendezvous/card.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A stranger that connects and says nothing holds the others up for so long at most. */
#define STRANGER_NS UINT64_C(2000000000)
#define RETRY_NS UINT64_C(50000000)

static uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool read_number(const char *text, uint64_t most, uint32_t *value) {
    char *end;
    if (!text || text[0] < '0' || text[0] > '9') {
        return false;
    }
    unsigned long long number = strtoull(text, &end, 10);
    *value = (uint32_t)number;
    return *end == '\0' && number <= most;
}

static enum satsync_status read_place(const char *(*get)(const char *name),
                                      struct rendezvous_seat *seat, struct satsync_error *error) {
    const char *place = get("SATSYNC_RENDEZVOUS");
    const char *colon = place ? strrchr(place, ':') : NULL;
    if (place) {
        ENSURE(colon && colon > place && (size_t)(colon - place) < sizeof seat->host && colon[1] &&
                   strlen(colon + 1) < sizeof seat->port,
               error, SATSYNC_INVALID, "SATSYNC_RENDEZVOUS", "\"%.64s\" is not HOST:PORT", place);
        memcpy(seat->host, place, (size_t)(colon - place));
        snprintf(seat->port, sizeof seat->port, "%s", colon + 1);
        return SATSYNC_OK;
    }
    const char *host = get("MASTER_ADDR");
    uint32_t port;
    ENSURE(host && host[0] && strlen(host) < sizeof seat->host, error, SATSYNC_INVALID,
           "MASTER_ADDR", "it does not say where rank 0 is; set it, or SATSYNC_RENDEZVOUS");
    ENSURE(read_number(get("MASTER_PORT"), 65534, &port), error, SATSYNC_INVALID, "MASTER_PORT",
           "it is no port from 0 to 65534; set it, or SATSYNC_RENDEZVOUS");
    snprintf(seat->host, sizeof seat->host, "%s", host);
    snprintf(seat->port, sizeof seat->port, "%" PRIu32, port + 1);
    return SATSYNC_OK;
}

enum satsync_status rendezvous_seat(const char *(*get)(const char *name),
                                    struct rendezvous_seat *seat, struct satsync_error *error) {
    memset(seat, 0, sizeof *seat);
    bool by_torch = get("RANK") && get("WORLD_SIZE");
    const char *rank = by_torch ? get("RANK") : get("OMPI_COMM_WORLD_RANK");
    const char *ranks = by_torch ? get("WORLD_SIZE") : get("OMPI_COMM_WORLD_SIZE");
    ENSURE(rank && ranks, error, SATSYNC_INVALID, "RANK",
           "neither RANK and WORLD_SIZE nor Open MPI's variables are set; start the ranks with "
           "torchrun or mpirun, or set them");
    ENSURE(read_number(ranks, RENDEZVOUS_RANKS, &seat->ranks) && seat->ranks >= 2, error,
           SATSYNC_INVALID, "WORLD_SIZE", "\"%.32s\" is no number of ranks from 2 to %d", ranks,
           RENDEZVOUS_RANKS);
    ENSURE(read_number(rank, seat->ranks - 1, &seat->rank), error, SATSYNC_INVALID, "RANK",
           "\"%.32s\" is no rank below %" PRIu32, rank, seat->ranks);
    return read_place(get, seat, error);
}

/* Moves all bytes by `until_ns`. */
static bool move_all(int fd, void *data, size_t bytes, bool out, uint64_t until_ns) {
    for (size_t at = 0; at < bytes;) {
        uint64_t now_ns = clock_now();
        struct pollfd waits = {.fd = fd, .events = out ? POLLOUT : POLLIN};
        int left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000 + 1) : 0;
        if (poll(&waits, 1, left_ms) <= 0) {
            return false;
        }
        ssize_t moved = out ? send(fd, (uint8_t *)data + at, bytes - at, MSG_NOSIGNAL)
                            : recv(fd, (uint8_t *)data + at, bytes - at, 0);
        if (moved <= 0) {
            return false;
        }
        at += (size_t)moved;
    }
    return true;
}

/* Rank 0 binds, the others connect; -1 and errno on failure. */
static int open_socket(const struct addrinfo *place, bool listens) {
    int fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    if (fd >= 0 && listens) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    bool is_open = fd >= 0 && (listens ? bind(fd, place->ai_addr, place->ai_addrlen) == 0 &&
                                             listen(fd, RENDEZVOUS_RANKS) == 0
                                       : connect(fd, place->ai_addr, place->ai_addrlen) == 0);
    if (fd >= 0 && !is_open) {
        int failed = errno;
        close(fd);
        errno = failed;
    }
    return is_open ? fd : -1;
}

static enum satsync_status resolve(const struct rendezvous_seat *seat, struct addrinfo **place,
                                   struct satsync_error *error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int failed = getaddrinfo(seat->host, seat->port, &hints, place);
    ENSURE(failed == 0, error, SATSYNC_ADDRESS, seat->host, "cannot be resolved: %s",
           gai_strerror(failed));
    return SATSYNC_OK;
}

/* Takes one visitor's card; its socket, or -1 when it was nobody of this job. */
static int receive(int listener, const struct rendezvous_seat *seat, struct card *card,
                   uint64_t until_ns) {
    uint8_t bytes[CARD_BYTES];
    uint64_t patience_ns = clock_now() + STRANGER_NS;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && (!move_all(fd, bytes, sizeof bytes, false,
                              until_ns < patience_ns ? until_ns : patience_ns) ||
                    !card_read(card, bytes) || card->ranks != seat->ranks || card->rank == 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static enum satsync_status gather(int listener, const struct rendezvous_seat *seat,
                                  struct rendezvous_job *job, int *fds, uint64_t until_ns,
                                  struct satsync_error *error) {
    uint32_t here = 1;
    while (here < seat->ranks) {
        uint64_t now_ns = clock_now();
        struct pollfd waits = {.fd = listener, .events = POLLIN};
        int left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000 + 1) : 0;
        if (poll(&waits, 1, left_ms) <= 0) {
            char names[96] = "";
            size_t at = 0;
            for (uint32_t rank = 1; rank < seat->ranks && at < sizeof names; rank++) {
                at += fds[rank] < 0 ? (size_t)snprintf(names + at, sizeof names - at, "%s%" PRIu32,
                                                       at ? ", " : "rank ", rank)
                                    : 0;
            }
            return error_set(error, SATSYNC_TIMED_OUT, names,
                             "did not come to the rendezvous at %s:%s; see whether it was started, "
                             "with the same WORLD_SIZE",
                             seat->host, seat->port);
        }
        struct card card;
        int fd = receive(listener, seat, &card, until_ns);
        if (fd < 0) {
            continue;
        }
        if (fds[card.rank] >= 0) {
            close(fd);
            return error_set(error, SATSYNC_CONFLICT, seat->host,
                             "two processes say that they are rank %" PRIu32, card.rank);
        }
        fds[card.rank] = fd;
        memcpy(job->addresses[card.rank], card.address, sizeof card.address);
        here++;
    }
    return SATSYNC_OK;
}

static bool hand_out(const struct rendezvous_seat *seat, const struct rendezvous_job *job, int fd,
                     uint64_t until_ns) {
    bool fine = true;
    for (uint32_t rank = 0; fine && rank < seat->ranks; rank++) {
        uint8_t bytes[CARD_BYTES];
        struct card card = {.rank = rank, .ranks = seat->ranks, .job = job->id};
        memcpy(card.address, job->addresses[rank], sizeof card.address);
        card_write(&card, bytes);
        fine = move_all(fd, bytes, sizeof bytes, true, until_ns);
    }
    return fine;
}

static enum satsync_status host(const struct rendezvous_seat *seat, const struct addrinfo *place,
                                struct rendezvous_job *job, uint64_t until_ns,
                                struct satsync_error *error) {
    int fds[RENDEZVOUS_RANKS];
    int listener = open_socket(place, true);
    if (listener < 0) {
        return error_set_errno(error, errno, seat->host, "listening for the other ranks");
    }
    for (uint32_t rank = 0; rank < RENDEZVOUS_RANKS; rank++) {
        fds[rank] = -1;
    }
    if (getrandom(&job->id, sizeof job->id, 0) < 0 || job->id == 0) {
        job->id = clock_now();
    }
    enum satsync_status status = gather(listener, seat, job, fds, until_ns, error);
    close(listener);
    for (uint32_t rank = 1; rank < seat->ranks; rank++) {
        if (status == SATSYNC_OK && !hand_out(seat, job, fds[rank], until_ns)) {
            status = error_set(error, SATSYNC_NO_PATH, seat->host,
                               "rank %" PRIu32 " left the rendezvous early", rank);
        }
        if (fds[rank] >= 0) {
            close(fds[rank]);
        }
    }
    return status;
}

static enum satsync_status visit(const struct rendezvous_seat *seat, const struct addrinfo *place,
                                 struct rendezvous_job *job, uint64_t until_ns,
                                 struct satsync_error *error) {
    int fd;
    while ((fd = open_socket(place, false)) < 0 && clock_now() < until_ns) {
        const struct timespec pause = {.tv_nsec = (long)RETRY_NS};
        nanosleep(&pause, NULL);
    }
    ENSURE(fd >= 0, error, SATSYNC_TIMED_OUT, "rank 0",
           "nobody listens at %s:%s; see whether it was started", seat->host, seat->port);
    uint8_t bytes[CARD_BYTES];
    struct card card = {.rank = seat->rank, .ranks = seat->ranks};
    memcpy(card.address, job->addresses[seat->rank], sizeof card.address);
    card_write(&card, bytes);
    bool fine = move_all(fd, bytes, sizeof bytes, true, until_ns);
    for (uint32_t rank = 0; fine && rank < seat->ranks; rank++) {
        fine = move_all(fd, bytes, sizeof bytes, false, until_ns) && card_read(&card, bytes) &&
               card.rank == rank && card.ranks == seat->ranks;
        job->id = card.job;
        memcpy(job->addresses[rank], card.address, sizeof card.address);
    }
    close(fd);
    ENSURE(fine, error, SATSYNC_TIMED_OUT, "rank 0",
           "it gave no list of the ranks; its own message says which one it misses");
    return SATSYNC_OK;
}

enum satsync_status rendezvous_meet(const struct rendezvous_seat *seat, const char *address,
                                    uint64_t within_ns, struct rendezvous_job *job,
                                    struct satsync_error *error) {
    uint64_t until_ns = clock_now() + within_ns;
    struct addrinfo *place;
    memset(job, 0, sizeof *job);
    ENSURE(address[0] && strlen(address) < RENDEZVOUS_TEXT_BYTES, error, SATSYNC_INVALID, address,
           "an address has 1 to %d characters", RENDEZVOUS_TEXT_BYTES - 1);
    strcpy(job->addresses[seat->rank], address);
    TRY(resolve(seat, &place, error));
    enum satsync_status status = seat->rank == 0 ? host(seat, place, job, until_ns, error)
                                                 : visit(seat, place, job, until_ns, error);
    freeaddrinfo(place);
    return status;
}
