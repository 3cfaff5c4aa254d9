#include "ckpt/doctor/finding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MIB = 1 << 20, WORKERS_MOST = 16 };
/* A rank's two workers have so much of /dev/shm, and a site 16 ranks at most. */
enum { SHARED_MIB_A_RANK = 10, RANKS_MOST = 16 };
enum { LOCKED_MIB = 8 };

#define SAY(field, ...) ((void)snprintf((field), sizeof(field), __VA_ARGS__))

static void begin(struct satsync_finding *finding, const char *subject) {
    memset(finding, 0, sizeof *finding);
    finding->subject = subject;
}

void finding_processor(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "cores");
    uint64_t workers = facts->cores < WORKERS_MOST ? facts->cores : WORKERS_MOST;
    SAY(finding->found, "%" PRIu64, facts->cores);
    SAY(finding->used, "%" PRIu64 " workers code and seal, unless --workers says otherwise",
        workers);
}

void finding_aes(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "aes");
    finding->state = facts->has_aes ? SATSYNC_FINDING_GOOD : SATSYNC_FINDING_MISSING;
    SAY(finding->found, "%s", facts->has_aes ? "AES in hardware" : "no AES in hardware");
    SAY(finding->used, "%s",
        facts->has_aes ? "AES-256-GCM, on links where the other site has it too"
                       : "ChaCha20-Poly1305 on links, which is slower");
}

void finding_memlock(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "memlock");
    if (facts->locked_bytes == UINT64_MAX) {
        SAY(finding->found, "no limit");
        SAY(finding->used, "keys stay out of swap; RDMA may register what it likes");
        return;
    }
    uint64_t mib = facts->locked_bytes / MIB;
    SAY(finding->found, "%" PRIu64 " MiB of memory may be locked", mib);
    SAY(finding->used, "%s",
        mib >= LOCKED_MIB ? "keys stay out of swap; io_uring has its rings"
                          : "keys may reach swap, and io_uring may get no rings");
    if (mib < LOCKED_MIB) {
        finding->state = SATSYNC_FINDING_SHORT;
    }
    SAY(finding->advice, "%s",
        mib < LOCKED_MIB ? "raise it: ulimit -l, or LimitMEMLOCK= of the service"
                         : "with RDMA devices set it to unlimited");
}

void finding_io_uring(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "io_uring");
    bool has_disk = facts->disk_refusal[0] == '\0';
    bool has_udp = strcmp(facts->udp_receiver, "io_uring") == 0;
    if (has_disk && has_udp) {
        SAY(finding->found, "for disks and for UDP");
        SAY(finding->used, "io_uring for both");
        return;
    }
    finding->state = has_disk || has_udp ? SATSYNC_FINDING_SHORT : SATSYNC_FINDING_MISSING;
    SAY(finding->found, "disks: %s; UDP: %s", has_disk ? "yes" : facts->disk_refusal,
        has_udp ? "yes" : "no");
    SAY(finding->used, "disks: %s; UDP: %s", has_disk ? "io_uring" : "pread and pwrite",
        facts->udp_receiver[0] ? facts->udp_receiver : "nothing, for no socket could be opened");
    SAY(finding->advice, "see sysctl kernel.io_uring_disabled, and in a container its seccomp "
                         "profile");
}

void finding_direct(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "o_direct");
    if (!facts->folder) {
        SAY(finding->found, "not looked at: no folder that can be written was named");
        SAY(finding->used, "decided file by file");
        SAY(finding->advice, "name the store's folder: satsync doctor STORE");
        return;
    }
    finding->state = facts->has_direct ? SATSYNC_FINDING_GOOD : SATSYNC_FINDING_SHORT;
    SAY(finding->found, "the file system of %.200s %s O_DIRECT", facts->folder,
        facts->has_direct ? "takes" : "refuses");
    SAY(finding->used, "%s",
        facts->has_direct ? "packs are written past the page cache"
                          : "packs go through the page cache, which costs a copy");
    if (!facts->has_direct) {
        SAY(finding->advice, "keep the store on a local ext4 or XFS if saves are slow");
    }
}

void finding_segments(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "gso_gro");
    bool has_both = facts->has_gso && facts->has_gro;
    finding->state = has_both                           ? SATSYNC_FINDING_GOOD
                     : facts->has_gso || facts->has_gro ? SATSYNC_FINDING_SHORT
                                                        : SATSYNC_FINDING_MISSING;
    SAY(finding->found, "segments in one send: %s; in one receive: %s",
        facts->has_gso ? "yes" : "no", facts->has_gro ? "yes" : "no");
    SAY(finding->used, "%s",
        has_both ? "up to 64 datagrams a system call" : "datagrams one by one where it is missing");
    if (!has_both) {
        SAY(finding->advice, "Linux 5.0 or newer has both; above 5 Gbit/s they matter");
    }
}

void finding_buffers(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "udp_buffers");
    bool is_small = facts->buffer_bytes < facts->buffer_wanted_bytes;
    finding->state = is_small ? SATSYNC_FINDING_SHORT : SATSYNC_FINDING_GOOD;
    SAY(finding->found, "%" PRIu64 " KiB of the %" PRIu64 " KiB that are asked for",
        facts->buffer_bytes / 1024, facts->buffer_wanted_bytes / 1024);
    SAY(finding->used, "%s",
        is_small ? "what there is; a burst may be lost and sent again" : "all of it");
    if (is_small) {
        SAY(finding->advice, "sysctl -w net.core.rmem_max=%" PRIu64 " net.core.wmem_max=%" PRIu64,
            facts->buffer_wanted_bytes, facts->buffer_wanted_bytes);
    }
}

/* True when the transports of UCX have one of these names, each of them ended by '/'. */
static bool offers(const struct facts *facts, const char *const *names) {
    for (; facts->has_ucx && *names; names++) {
        const char *at = facts->ucx.transports;
        for (size_t length = strlen(*names); (at = strstr(at, *names)); at += length) {
            if ((at == facts->ucx.transports || at[-1] == ' ') && at[length] == '/') {
                return true;
            }
        }
    }
    return false;
}

static bool shares_memory(const struct facts *facts) {
    return offers(facts, (const char *const[]){"posix", "sysv", "xpmem", NULL});
}

static bool copies_across(const struct facts *facts) {
    return offers(facts, (const char *const[]){"cma", "knem", "xpmem", NULL});
}

void finding_ucx(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "ucx");
    if (!facts->has_ucx) {
        finding->state = SATSYNC_FINDING_MISSING;
        SAY(finding->found, "%.500s", facts->ucx_refusal);
        SAY(finding->used, "nothing: several ranks a site are not possible; all else works");
        SAY(finding->advice, "install the package libucx0, or give the trainer's own UCX its place "
                             "in LD_LIBRARY_PATH");
        return;
    }
    SAY(finding->found, "version %s: %s", facts->ucx.version, facts->ucx.transports);
    SAY(finding->used, "ranks of one machine: %s; ranks of others: %s",
        shares_memory(facts) ? "shared memory" : "the network",
        offers(facts,
               (const char *const[]){"rc_mlx5", "dc_mlx5", "rc_verbs", "ud_mlx5", "ud_verbs", NULL})
            ? "RDMA"
        : offers(facts, (const char *const[]){"tcp", NULL}) ? "TCP"
                                                            : "not possible");
}

void finding_shared_memory(const struct facts *facts, struct satsync_finding *finding) {
    begin(finding, "shared_memory");
    uint64_t mib = facts->shared_bytes / MIB;
    bool is_narrow = mib < (uint64_t)SHARED_MIB_A_RANK * RANKS_MOST;
    SAY(finding->found, "/dev/shm has %" PRIu64 " MiB free; %s", mib,
        copies_across(facts) ? "one process may copy from another"
                             : "processes may not copy from each other");
    if (!shares_memory(facts)) {
        finding->state = SATSYNC_FINDING_MISSING;
        SAY(finding->used, "none between ranks");
        SAY(finding->advice, "%s", facts->has_ucx ? "let UCX_TLS have posix and sysv" : "");
        return;
    }
    SAY(finding->used, "%s",
        copies_across(facts) ? "large messages between ranks are copied once"
                             : "large messages between ranks are copied twice, in pieces: several "
                               "times slower");
    finding->state =
        is_narrow || !copies_across(facts) ? SATSYNC_FINDING_SHORT : SATSYNC_FINDING_GOOD;
    if (!copies_across(facts)) {
        SAY(finding->advice, "let UCX_TLS have cma; sysctl kernel.yama.ptrace_scope=0; give a "
                             "container SYS_PTRACE and all ranks one PID namespace");
    } else if (is_narrow) {
        SAY(finding->advice, "a rank takes %d MiB: give a container --shm-size=%dm",
            SHARED_MIB_A_RANK, SHARED_MIB_A_RANK * RANKS_MOST);
    }
}
