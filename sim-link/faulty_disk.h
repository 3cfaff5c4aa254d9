/*
 * A disk in memory that fails as real ones do, by seed: the second implementation of port/disk.h.
 *
 * It keeps for each file and directory what is in the page cache and what is durable. A crash makes
 * the cache go: of what was written and not synced, any subset of 512-byte sectors survives,
 * whatever the order of the writes, and the file's size is the old one, the new one or one in
 * between; of names created, renamed, published or removed in a directory that was not synced, any
 * subset survives (a rename is there whole or not at all). A sync that fails loses what it should
 * have kept, for good, as Linux does.
 *
 * It also does what a bad disk does: bits rot, sectors cannot be read, single writes are torn, lost
 * or misdirected without a word, or fail half way.
 *
 * Requests are carried out when they are waited for, in random order, so that a buffer that is
 * touched too early is seen. Requests on direct files must be aligned. The same seed and the same
 * calls give the same disk on every machine. Owner thread.
 */
#ifndef SIM_LINK_FAULTY_DISK_H
#define SIM_LINK_FAULTY_DISK_H

#include "base/memory.h"
#include "port/disk.h"

#include <stdbool.h>
#include <stdint.h>

enum { FAULTY_SECTOR_BYTES = 512, FAULTY_QUEUE_DEPTH = 8 };

/* An empty disk; NULL when there is no memory. Free it with disk->ops->free. */
struct disk *faulty_disk_new(uint64_t seed, const struct allocator *allocator);

/* Operations carried out so far: everything but close, size and name counts as one. */
uint64_t faulty_disk_operations(const struct disk *disk);

/* The power goes before operation number `operation` (the first is 0, counted as above): it and all
 * later ones fail with SATSYNC_IO and do nothing, until faulty_disk_crash. UINT64_MAX: never; said
 * while the power is off, it comes back with the page cache, as when only the process died. */
void faulty_disk_power_off_at(struct disk *disk, uint64_t operation);

/* True when operations fail for want of power. */
bool faulty_disk_is_off(const struct disk *disk);

/* Operation number `operation` fails once, with `status` (SATSYNC_IO, SATSYNC_NO_SPACE, ...), and
 * changes nothing, but for a sync: see above. UINT64_MAX: none. */
void faulty_disk_fail_at(struct disk *disk, uint64_t operation, enum satsync_status status);

/* Crashes now, if the power is not off already, and comes up again with what was durable and the
 * seed's choice of the rest. Files that are open stay to be closed and are good for nothing else;
 * locks are gone. SATSYNC_NO_MEMORY: the host has none, and the disk is of no more use. */
enum satsync_status faulty_disk_crash(struct disk *disk) SATSYNC_MUST_CHECK;

/* What a bad disk makes of a write. But for the last it says that all is well. */
enum faulty_write {
    FAULTY_WRITE_WHOLE,
    FAULTY_WRITE_LOST,        /* nothing is written: what was there stays, also after a sync */
    FAULTY_WRITE_TORN,        /* some sectors are written, by the seed; at least one is not */
    FAULTY_WRITE_MISDIRECTED, /* it is written where the next write would go, behind its place */
    FAULTY_WRITE_SHORT        /* fails with SATSYNC_IO after some of its first sectors */
};

/* Operation number `operation`, if it is a write, goes that way once. UINT64_MAX: none. */
void faulty_disk_spoil_write_at(struct disk *disk, uint64_t operation, enum faulty_write how);

/* Reads of a sector that has one of these bytes fail with SATSYNC_IO until the sector is written
 * again. NOT_FOUND: no such file or no such bytes. */
enum satsync_status faulty_disk_make_unreadable(struct disk *disk, const char *path,
                                                uint64_t offset, uint64_t bytes) SATSYNC_MUST_CHECK;

/* Turns bits of one durable byte, as rot does. NOT_FOUND: no such file or no such byte. */
enum satsync_status faulty_disk_rot(struct disk *disk, const char *path, uint64_t offset,
                                    uint8_t mask) SATSYNC_MUST_CHECK;

/* Writes past `bytes` of files in all are SATSYNC_NO_SPACE. UINT64_MAX (at first): no limit. */
void faulty_disk_set_capacity(struct disk *disk, uint64_t bytes);

/* From now on each operation that changes anything is SATSYNC_READ_ONLY. */
void faulty_disk_set_read_only(struct disk *disk, bool read_only);

#endif
