/*
 * Packs that make up for each other's loss, as stripes: the same bytes of each, zeros beyond a
 * pack's end. Any stripe of which as many symbols are sound as there are data packs gives the rest.
 * A pack without parity is an array of one, which gives nothing back. Owner thread: the store's.
 */
#ifndef ENGINE_PACK_ARRAY_H
#define ENGINE_PACK_ARRAY_H

#include "base/ranges.h"
#include "engine/store.h"
#include "model/extent_table.h"
#include "port/parity.h"

enum { PACK_ARRAY_STRIPE_BYTES = 256 << 10 };

struct pack_array_member {
    struct pack_reader *reader; /* NULL: the pack is not there */
    struct ranges damaged;
    struct pack_writer *writer;       /* of the pack that is made anew; NULL: of none */
    struct extent_table_writer table; /* of that, when it is parity */
};

struct pack_array {
    struct satsync_store *store;
    struct manifest_pack *packs; /* data, then parity */
    unsigned data;
    unsigned parity;
    uint64_t bytes; /* of the longest data pack: what stripes cover */
    uint64_t checked_bytes;
    struct pack_array_member members[MANIFEST_ARRAY_PACKS_MAX];
    uint8_t *symbols; /* one stripe */
    struct parity *code;
};

/* Opens the packs that are there. `packs` is borrowed until close; of parity packs that are still
 * to be made only id and step must be set. Close it also after a failure. */
enum satsync_status pack_array_open(struct pack_array *array, struct satsync_store *store,
                                    struct manifest_pack *packs, const struct manifest_array *shape,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void pack_array_close(struct pack_array *array);

/* Reads every byte and notes what is damaged, per member. */
enum satsync_status pack_array_check(struct pack_array *array,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Not there, or damaged anywhere; known once checked. */
bool pack_array_is_damaged(const struct pack_array *array, unsigned member);

/* Writes the wanted members anew, aside. SATSYNC_INCOMPLETE: too much of a stripe is lost; then and
 * after any other failure nothing was changed. */
enum satsync_status pack_array_write(struct pack_array *array, const bool *wanted,
                                     struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Whether the damaged members could be written anew, without writing. */
enum satsync_status pack_array_try(struct pack_array *array,
                                   struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Right after the data packs were written: reads them, makes the parity packs and fills in the rest
 * of packs[]. SATSYNC_IO: the disk did not keep a data pack; parity of it would be worth nothing.
 */
enum satsync_status pack_array_make(struct pack_array *array,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

/* Puts what was written in the place of what is there, each when it is durable. */
enum satsync_status pack_array_replace(struct pack_array *array,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
