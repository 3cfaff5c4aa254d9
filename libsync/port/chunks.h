/*
 * The chunk store: sealed packs and signed manifests, durable and whole or not there at all.
 *
 * The store keeps bytes; it can neither open them nor check a signature. The engine does that, and
 * commits only what it verified. Every store handle has one owner thread; several handles and
 * processes may use one store directory at once, readers at all times.
 *
 * A pack is an append-only file named by a 128-bit random id; it becomes durable with pack_finish
 * and part of the store when a manifest that names it is committed. What no committed manifest
 * names is garbage that `sweep` reclaims.
 */
#ifndef PORT_CHUNKS_H
#define PORT_CHUNKS_H

#include "base/ranges.h"

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACK_ID_BYTES = 16, PACK_TEXT_BYTES = 33 };

struct pack_id {
    uint8_t bytes[PACK_ID_BYTES];
};

struct chunks;
struct pack_writer;
struct pack_reader;
struct incoming;

/* A file that another site sends: a pack, by id and exact size. */
struct incoming_file {
    struct pack_id id;
    uint64_t bytes;
};

typedef void chunks_step_fn(void *context, uint64_t step);

struct chunks_ops {
    /* Creates the pack's file under a temporary name; `expected_bytes` (0: unknown) is reserved so
     * that a full disk is told now. */
    enum satsync_status (*pack_create)(struct chunks *chunks, const struct pack_id *id,
                                       uint64_t expected_bytes, struct pack_writer **writer,
                                       struct satsync_error *error);
    /* Appends; *offset is where the bytes begin. Copies into aligned staging and writes behind. */
    enum satsync_status (*pack_append)(struct pack_writer *writer, const void *data, size_t bytes,
                                       uint64_t *offset, struct satsync_error *error);
    /* Pads with zeros to DISK_ALIGN, makes it durable under its name, frees the writer (also on
     * failure). *bytes is the size with padding. */
    enum satsync_status (*pack_finish)(struct pack_writer *writer, uint64_t *bytes,
                                       struct satsync_error *error);
    /* As pack_finish, but takes the place of a pack of this id, if there is one: at no moment is
     * there none. Who has that one open goes on reading it. The new one is not held: a manifest
     * names it already. */
    enum satsync_status (*pack_replace)(struct pack_writer *writer, uint64_t *bytes,
                                        struct satsync_error *error);
    /* Frees the writer and removes its file. */
    void (*pack_abandon)(struct pack_writer *writer);

    enum satsync_status (*pack_open)(struct chunks *chunks, const struct pack_id *id,
                                     struct pack_reader **reader, struct satsync_error *error);
    uint64_t (*pack_bytes)(const struct pack_reader *reader);
    /* Reads exactly [offset, offset + bytes) into any buffer; beyond the end is
     * SATSYNC_INCOMPLETE. */
    enum satsync_status (*pack_read)(struct pack_reader *reader, uint64_t offset, void *data,
                                     size_t bytes, struct satsync_error *error);
    void (*pack_close)(struct pack_reader *reader);
    /* A finished pack is held, so that no sweep takes it, until the handle is closed or the pack
     * released: once a committed manifest names it, or nobody will. An open reader holds its pack
     * too: who commits a manifest that refers to an older pack keeps it open until then. */
    void (*pack_release)(struct chunks *chunks, const struct pack_id *id);

    /* Makes the manifest of `step` appear whole: a temporary file, fsync, rename, fsync of the
     * directory. An equal one present: SATSYNC_OK. A different one: SATSYNC_CONFLICT. The packs
     * that it names must be finished. Several processes may commit one step at once: one content
     * wins, and who brought another gets SATSYNC_CONFLICT. After another failure the step may be
     * there or not; to commit again is safe. */
    enum satsync_status (*manifest_commit)(struct chunks *chunks, uint64_t step, const void *data,
                                           size_t bytes, struct satsync_error *error);
    /* *data is heap memory for the caller to free with memory_free(allocator of open). */
    enum satsync_status (*manifest_read)(struct chunks *chunks, uint64_t step, uint8_t **data,
                                         size_t *bytes, struct satsync_error *error);
    /* Calls `found` for each committed step, in ascending order. */
    enum satsync_status (*manifest_list)(struct chunks *chunks, chunks_step_fn *found,
                                         void *context, struct satsync_error *error);
    /* Takes the manifest out; its packs become garbage unless another names them. */
    enum satsync_status (*manifest_remove)(struct chunks *chunks, uint64_t step,
                                           struct satsync_error *error);

    /* Small named files of the store itself ("store", "trusted/NAME"): replaced atomically. */
    enum satsync_status (*record_write)(struct chunks *chunks, const char *name, const void *data,
                                        size_t bytes, struct satsync_error *error);
    enum satsync_status (*record_read)(struct chunks *chunks, const char *name, uint8_t **data,
                                       size_t *bytes, struct satsync_error *error);

    /* Begins or resumes receiving a checkpoint named by its manifest's 32-byte digest: packs that
     * the store already has whole count as received. A journal on disk remembers what was received
     * across the death of the process, losing at most what was not yet noted, and across that of
     * the machine, losing what was not yet synced. SATSYNC_BUSY when another process is receiving
     * the same. */
    enum satsync_status (*incoming_open)(struct chunks *chunks, const uint8_t digest[32],
                                         const struct incoming_file *files, size_t count,
                                         struct incoming **incoming, struct satsync_error *error);
    /* What is there of file `index`, as byte ranges; borrowed until the next incoming_ call. */
    const struct ranges *(*incoming_have)(const struct incoming *incoming, size_t index);
    /* Puts received bytes in place, any order, duplicates harmless; buffered and written behind. */
    enum satsync_status (*incoming_write)(struct incoming *incoming, size_t index, uint64_t offset,
                                          const void *data, size_t bytes,
                                          struct satsync_error *error);
    /* Hands all that was written so far to the operating system, and remembers that: the death of
     * the process does not lose it. Cheap beside a sync. */
    enum satsync_status (*incoming_note)(struct incoming *incoming, struct satsync_error *error);
    /* Makes all that was written so far durable and remembered. */
    enum satsync_status (*incoming_sync)(struct incoming *incoming, struct satsync_error *error);
    /* Reads back, for verification before commit. */
    enum satsync_status (*incoming_read)(struct incoming *incoming, size_t index, uint64_t offset,
                                         void *data, size_t bytes, struct satsync_error *error);
    /* Forgets ranges that failed verification, so that they are asked for again. */
    enum satsync_status (*incoming_forget)(struct incoming *incoming, size_t index, uint64_t offset,
                                           uint64_t bytes, struct satsync_error *error);
    /* All files whole: gives them their names in the store, commits the manifest as
     * manifest_commit does, removes the journal. The handle is still to be closed. */
    enum satsync_status (*incoming_commit)(struct incoming *incoming, uint64_t step,
                                           const void *manifest, size_t bytes,
                                           struct satsync_error *error);
    /* Syncs what it can and keeps the journal for a later incoming_open. */
    void (*incoming_close)(struct incoming *incoming);

    /* Removes what was received of a checkpoint that will not be resumed. SATSYNC_BUSY when another
     * process is receiving it, SATSYNC_NOT_FOUND when nobody ever did. */
    enum satsync_status (*incoming_discard)(struct chunks *chunks, const uint8_t digest[32],
                                            struct satsync_error *error);

    /* Reclaiming space: sweep_begin notes what nobody holds at this moment; the caller then reads
     * the manifests; sweep removes what was noted and is not in `live` (the packs that committed
     * manifests name), not named by the journal of a checkpoint half received, and not held
     * meanwhile, with temporary files of dead processes. In this order no pack can be taken whose
     * manifest is committed at the same time. sweep without sweep_begin: SATSYNC_WRONG_STATE. */
    enum satsync_status (*sweep_begin)(struct chunks *chunks, struct satsync_error *error);
    enum satsync_status (*sweep)(struct chunks *chunks, const struct pack_id *live, size_t count,
                                 struct satsync_error *error);

    void (*close)(struct chunks *chunks);
};

struct chunks {
    const struct chunks_ops *ops;
};

#endif
