#include "ckpt/doctor/finding.h"

#include "base/check.h"
#include "ckpt/store/disk_uring.h"
#include "transport/link/ucx_loader.h"
#include "transport/udp/udp.h"
#include "transport/udp/udp_socket.h"
#include "transport/wan/noise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Room for what the facts say in words. */
struct examination {
    struct facts facts;
    struct satsync_error disk;
    struct satsync_error ucx;
};

static void look_at_machine(struct facts *facts) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct rlimit limit;
    struct statvfs shared;
    facts->cores = cores > 0 ? (uint64_t)cores : 1;
    facts->has_aes = noise_has_aesgcm();
    bool is_limited = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    facts->locked_bytes = is_limited ? limit.rlim_cur : UINT64_MAX;
    if (statvfs("/dev/shm", &shared) == 0) {
        facts->shared_bytes = (uint64_t)shared.f_bavail * shared.f_frsize;
    }
}

static void look_at_disk(struct examination *examination) {
    struct disk *disk;
    examination->facts.disk_refusal = "";
    if (disk_uring_new(NULL, &disk, &examination->disk) == SATSYNC_OK) {
        disk->ops->free(disk);
    } else {
        examination->facts.disk_refusal = examination->disk.message;
    }
}

static void look_at_udp(struct facts *facts) {
    struct net *net;
    struct udp_socket udp;
    const struct udp_socket_options options = {.buffer_bytes = UDP_BUFFER_BYTES};
    facts->udp_receiver = "";
    facts->buffer_wanted_bytes = UDP_BUFFER_BYTES;
    if (udp_open(&(struct udp_options){0}, &net, NULL) == SATSYNC_OK) {
        facts->udp_receiver = udp_receiver_name(net);
        net->ops->close(net);
    }
    if (udp_socket_open(&udp, &options, NULL) == SATSYNC_OK) {
        int twice = 0; /* the kernel counts its own keeping too */
        socklen_t bytes = sizeof twice;
        facts->has_gso = udp.gso;
        facts->has_gro = udp.gro;
        if (getsockopt(udp.fd, SOL_SOCKET, SO_RCVBUF, &twice, &bytes) == 0 && twice > 0) {
            facts->buffer_bytes = (uint64_t)twice / 2;
        }
        udp_socket_close(&udp);
    }
}

/* A file without a name, which leaves nothing behind. */
static bool can_open_in(const char *folder, int flags) {
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static enum satsync_status look_at_folder(const char *folder, struct facts *facts,
                                          struct satsync_error *error) {
    struct stat info;
    if (!folder) {
        return SATSYNC_OK;
    }
    ENSURE(stat(folder, &info) == 0 && S_ISDIR(info.st_mode), error, SATSYNC_NOT_FOUND, folder,
           "\"%.200s\" is no folder; name the one that holds the store, or will", folder);
    facts->has_direct = can_open_in(folder, O_DIRECT);
    facts->folder = facts->has_direct || can_open_in(folder, 0) ? folder : NULL;
    return SATSYNC_OK;
}

static void look_at_ucx(struct examination *examination) {
    const struct ucx_module *module;
    struct facts *facts = &examination->facts;
    facts->has_ucx = ucx_loader_open(&module, &examination->ucx) == SATSYNC_OK &&
                     module->offer(&facts->ucx, &examination->ucx) == SATSYNC_OK;
    facts->ucx_refusal = examination->ucx.message;
}

enum satsync_status satsync_doctor(const char *folder,
                                   struct satsync_finding findings[SATSYNC_FINDINGS], size_t *count,
                                   struct satsync_error *error) {
    static void (*const say[])(const struct facts *, struct satsync_finding *) = {
        finding_processor, finding_aes,     finding_memlock, finding_io_uring,     finding_direct,
        finding_segments,  finding_buffers, finding_ucx,     finding_shared_memory};
    static_assert(sizeof say / sizeof *say <= SATSYNC_FINDINGS, "");
    struct examination examination;
    memset(&examination, 0, sizeof examination);
    *count = 0;
    TRY(look_at_folder(folder, &examination.facts, error));
    look_at_machine(&examination.facts);
    look_at_disk(&examination);
    look_at_udp(&examination.facts);
    look_at_ucx(&examination);
    for (; *count < sizeof say / sizeof *say; ++*count) {
        say[*count](&examination.facts, &findings[*count]);
    }
    return SATSYNC_OK;
}
