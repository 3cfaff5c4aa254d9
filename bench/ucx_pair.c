#include "bench/ucx_pair.h"

#include "base/check.h"
#include "bench/machine.h"
#include "transport/link/ucx_loader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GIVE_UP_SECONDS = 300, MEET_WAIT_US = 100 };

/* Where the two find each other, and what became of them. */
struct meeting {
    struct {
        char address[UCX_ADDRESS_TEXT_BYTES];
        atomic_bool is_there;
        enum satsync_status status;
        struct satsync_error error;
    } ends[2];
};

void *ucx_pair_share(size_t bytes) {
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

void ucx_pair_unshare(void *shared, size_t bytes) {
    if (shared) {
        munmap(shared, bytes);
    }
}

static enum satsync_status be_end(const struct ucx_pair *pair, struct meeting *meeting,
                                  uint32_t rank, struct satsync_error *error) {
    const struct ucx_module *module;
    struct ucx_pair_end end = {.rank = rank, .shared = pair->shared};
    const struct ucx_options options = {.rank = rank, .job = (uint64_t)getppid()};
    machine_stay_on(machine_core(rank));
    setenv("UCX_TLS", pair->transports, 1);
    TRY(ucx_loader_open(&module, error));
    TRY(module->open(&options, &end.endpoint, error));
    end.endpoint->ops->local(end.endpoint, meeting->ends[rank].address,
                             sizeof meeting->ends[rank].address);
    atomic_store(&meeting->ends[rank].is_there, true);
    while (!atomic_load(&meeting->ends[!rank].is_there)) {
        usleep(MEET_WAIT_US);
    }
    ENSURE(meeting->ends[!rank].address[0], error, SATSYNC_PEER_FAILED, NULL,
           "the other process could not begin");
    end.addresses[0] = meeting->ends[0].address;
    end.addresses[1] = meeting->ends[1].address;
    enum satsync_status status = pair->run(&end, error);
    end.endpoint->ops->close(end.endpoint);
    return status;
}

static pid_t start(const struct ucx_pair *pair, struct meeting *meeting, uint32_t rank) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    alarm(GIVE_UP_SECONDS);
    meeting->ends[rank].status = be_end(pair, meeting, rank, &meeting->ends[rank].error);
    atomic_store(&meeting->ends[rank].is_there, true);
    _exit(0);
}

static enum satsync_status outcome(const struct meeting *meeting, bool ended_well,
                                   struct satsync_error *error) {
    for (size_t rank = 0; rank < 2; rank++) {
        if (meeting->ends[rank].status != SATSYNC_OK &&
            meeting->ends[rank].status != SATSYNC_PEER_FAILED) {
            *error = meeting->ends[rank].error;
            return meeting->ends[rank].status;
        }
    }
    ENSURE(ended_well, error, SATSYNC_TIMED_OUT, NULL, "a process of the pair died or hung");
    return SATSYNC_OK;
}

enum satsync_status ucx_pair_run(const struct ucx_pair *pair, struct satsync_error *error) {
    struct meeting *meeting = ucx_pair_share(sizeof *meeting);
    ENSURE(meeting, error, SATSYNC_NO_MEMORY, NULL, "no memory for two processes");
    bool ended_well = true;
    pid_t pids[2];
    for (uint32_t rank = 0; rank < 2; rank++) {
        pids[rank] = start(pair, meeting, rank);
    }
    for (uint32_t rank = 0; rank < 2; rank++) {
        int status;
        ended_well = pids[rank] > 0 && waitpid(pids[rank], &status, 0) == pids[rank] &&
                     WIFEXITED(status) && WEXITSTATUS(status) == 0 && ended_well;
    }
    enum satsync_status status = outcome(meeting, ended_well, error);
    ucx_pair_unshare(meeting, sizeof *meeting);
    return status;
}
