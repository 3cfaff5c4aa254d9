/*
 * The format of an incoming checkpoint's journal: a header that says which files are meant, then
 * records of claims, such as "this range of that file is on disk". Little-endian.
 *
 *   header  u32 magic, u32 version, 32 digest, u32 files, files x {16 id, u64 bytes}, u64 sum
 *   record  u32 count, count x {u32 file * 4 + kind, u64 from, u64 to}, u64 sum
 *
 * A sum (FNV-1a of 64 bits, by Fowler, Noll and Vo) goes on from the sum before it, so that a
 * record counts only behind exactly the ones it was written behind. It finds accidents: torn and
 * lost sectors. What was received is verified by its signature before commit. Pure.
 */
#ifndef STORE_CLAIMS_H
#define STORE_CLAIMS_H

#include "base/bytes.h"
#include "port/chunks.h"

enum {
    CLAIMS_DIGEST_BYTES = 32,
    CLAIMS_HEADER_FIXED_BYTES = 4 + 4 + CLAIMS_DIGEST_BYTES + 4 + 8,
    CLAIMS_FILE_BYTES = PACK_ID_BYTES + 8,
    CLAIMS_RECORD_FIXED_BYTES = 4 + 8,
    CLAIMS_CLAIM_BYTES = 4 + 8 + 8,
    CLAIMS_PER_RECORD = 4096,
    CLAIMS_FILES_MOST = 1 << 20
};

enum claim_kind {
    CLAIM_DURABLE,    /* on disk, come what may */
    CLAIM_WRITTEN,    /* written and not synced: there for as long as the machine runs on */
    CLAIM_TAKEN_BACK, /* what either kind claimed of it before is void */
    CLAIM_BOOT        /* what was only written before is void; from here on it counts as long as the
                       * machine's run is that of `range`, a struct disk_boot; file is 0 */
};

struct claim {
    enum claim_kind kind;
    uint32_t file; /* index, below CLAIMS_FILES_MOST */
    struct range range;
};

/* The header's files lie packed, as written. */
struct claims_header {
    const uint8_t *digest;
    uint32_t files;
    const uint8_t *file_bytes; /* files * CLAIMS_FILE_BYTES */
};

size_t claims_header_bytes(size_t files);
size_t claims_record_bytes(size_t count);

/* Writes exactly claims_header_bytes(count); *sum starts the chain. */
void claims_put_header(uint8_t *out, const uint8_t digest[CLAIMS_DIGEST_BYTES],
                       const struct incoming_file *files, size_t count, uint64_t *sum);

/* Reads a header; false when it is torn, damaged or of another version. */
bool claims_get_header(struct bytes_reader *reader, struct claims_header *header, uint64_t *sum);

/* The n-th file of a header, n < header->files. */
struct incoming_file claims_header_file(const struct claims_header *header, size_t n);

/* Writes exactly claims_record_bytes(count), count in [1, CLAIMS_PER_RECORD]. */
void claims_put_record(uint8_t *out, const struct claim *claims, size_t count, uint64_t *sum);

/* Reads the next record into `claims` (room for CLAIMS_PER_RECORD). 0 at the end and at a torn or
 * damaged record: nothing from there on counts, and *sum is as before. */
size_t claims_get_record(struct bytes_reader *reader, struct claim *claims, uint64_t *sum);

#endif
