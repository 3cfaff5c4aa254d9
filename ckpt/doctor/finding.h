/*
 * From facts about a machine to what is said of them. Pure.
 */
#ifndef DOCTOR_FINDING_H
#define DOCTOR_FINDING_H

#include "transport/ucx/ucx.h"

#include <satsync/doctor.h>
#include <stdbool.h>
#include <stdint.h>

struct facts {
    uint64_t cores;
    uint64_t locked_bytes; /* RLIMIT_MEMLOCK; UINT64_MAX: no limit */
    bool has_aes;
    const char *disk_refusal; /* why io_uring does not serve disks; "" when it does */
    const char *udp_receiver; /* "io_uring" or "recvmmsg"; "" when no socket could be opened */
    bool has_gso;
    bool has_gro;
    uint64_t buffer_bytes;        /* that a socket's receive buffer got */
    uint64_t buffer_wanted_bytes; /* that it asked for */
    const char *folder;           /* NULL: none was named */
    bool has_direct;              /* O_DIRECT works there */
    bool has_ucx;
    const char *ucx_refusal; /* why UCX is not here */
    struct ucx_offer ucx;
    uint64_t shared_bytes; /* free in /dev/shm */
};

void finding_processor(const struct facts *facts, struct satsync_finding *finding);
void finding_aes(const struct facts *facts, struct satsync_finding *finding);
void finding_memlock(const struct facts *facts, struct satsync_finding *finding);
void finding_io_uring(const struct facts *facts, struct satsync_finding *finding);
void finding_direct(const struct facts *facts, struct satsync_finding *finding);
void finding_segments(const struct facts *facts, struct satsync_finding *finding);
void finding_buffers(const struct facts *facts, struct satsync_finding *finding);
void finding_ucx(const struct facts *facts, struct satsync_finding *finding);
void finding_shared_memory(const struct facts *facts, struct satsync_finding *finding);

#endif
