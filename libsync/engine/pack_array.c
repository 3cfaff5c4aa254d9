#include "engine/pack_array.h"

#include "base/check.h"
#include "codec/checksum.h"
#include "codec/parity.h"
#include "engine/pack_check.h"

#include <string.h>

enum { DAMAGED_RANGES_MAX = 65536 };

static unsigned count_of(const struct pack_array *array) {
    return array->data + array->parity;
}

static bool is_parity(const struct pack_array *array, unsigned member) {
    return member >= array->data;
}

static uint8_t *symbol_of(const struct pack_array *array, unsigned member) {
    return array->symbols + (size_t)member * PACK_ARRAY_STRIPE_BYTES;
}

static struct pack_id id_of(const struct pack_array *array, unsigned member) {
    struct pack_id id;
    memcpy(id.bytes, array->packs[member].id, sizeof id.bytes);
    return id;
}

/* How much of a member the stripes cover: all of a data pack, of a parity pack its extents. */
static uint64_t covered_bytes(const struct pack_array *array, unsigned member) {
    return is_parity(array, member) ? array->bytes : array->packs[member].bytes;
}

static enum satsync_status open_member(struct pack_array *array, unsigned member,
                                       struct satsync_error *error) {
    struct chunks *chunks = array->store->chunks;
    struct pack_id id = id_of(array, member);
    enum satsync_status status =
        chunks->ops->pack_open(chunks, &id, &array->members[member].reader, error);
    /* What cannot be opened is as good as lost. */
    if (status == SATSYNC_NOT_FOUND || status == SATSYNC_IO) {
        array->members[member].reader = NULL;
        return SATSYNC_OK;
    }
    return status;
}

enum satsync_status pack_array_open(struct pack_array *array, struct satsync_store *store,
                                    struct manifest_pack *packs, const struct manifest_array *shape,
                                    struct satsync_error *error) {
    const struct allocator *allocator = store->engine->allocator;
    memset(array, 0, sizeof *array);
    array->store = store;
    array->packs = packs;
    array->data = shape->data;
    array->parity = shape->parity;
    for (unsigned i = 0; i < count_of(array); i++) {
        ranges_init(&array->members[i].damaged, DAMAGED_RANGES_MAX, allocator);
    }
    for (unsigned i = 0; i < array->data; i++) {
        array->bytes = packs[i].bytes > array->bytes ? packs[i].bytes : array->bytes;
    }
    array->symbols = memory_new(allocator, count_of(array), PACK_ARRAY_STRIPE_BYTES);
    array->code = parity_open(allocator);
    ENSURE(array->symbols && array->code, error, SATSYNC_NO_MEMORY, "parity", "out of memory");
    for (unsigned i = 0; i < count_of(array); i++) {
        TRY(open_member(array, i, error));
    }
    return SATSYNC_OK;
}

static void abandon(struct pack_array *array) {
    for (unsigned i = 0; i < count_of(array); i++) {
        struct pack_array_member *member = &array->members[i];
        if (member->writer) {
            array->store->chunks->ops->pack_abandon(member->writer);
            member->writer = NULL;
        }
        extent_table_fini(&member->table);
    }
}

void pack_array_close(struct pack_array *array) {
    const struct allocator *allocator = array->store->engine->allocator;
    abandon(array);
    for (unsigned i = 0; i < count_of(array); i++) {
        if (array->members[i].reader) {
            array->store->chunks->ops->pack_close(array->members[i].reader);
        }
        ranges_fini(&array->members[i].damaged);
    }
    parity_close(array->code);
    memory_free(allocator, array->symbols);
}

struct check_context {
    struct pack_array *array;
    unsigned member;
};

static enum satsync_status read_member(void *context, uint64_t offset, void *data, size_t bytes,
                                       struct satsync_error *error) {
    const struct check_context *check = context;
    return check->array->store->chunks->ops->pack_read(check->array->members[check->member].reader,
                                                       offset, data, bytes, error);
}

static void give_up(struct pack_array *array, unsigned member) {
    struct ranges *damaged = &array->members[member].damaged;
    ranges_clear(damaged);
    enum satsync_status status = ranges_add(damaged, 0, array->packs[member].bytes);
    if (status != SATSYNC_OK) { /* no memory for a single range */
        array->store->chunks->ops->pack_close(array->members[member].reader);
        array->members[member].reader = NULL;
    }
}

/* Without its table nothing is known of the extents. */
static void note_damage(void *context, uint64_t offset, uint64_t bytes) {
    const struct check_context *check = context;
    const struct manifest_pack *pack = &check->array->packs[check->member];
    struct ranges *damaged = &check->array->members[check->member].damaged;
    if (offset == pack->table_offset || ranges_add(damaged, offset, offset + bytes) != SATSYNC_OK) {
        give_up(check->array, check->member);
    }
}

static enum satsync_status check_member(struct pack_array *array, unsigned member,
                                        struct satsync_error *error) {
    struct check_context context = {array, member};
    struct pack_check check = {
        .pack = &array->packs[member],
        .actual_bytes = array->store->chunks->ops->pack_bytes(array->members[member].reader),
        .read = read_member,
        .damage = note_damage,
        .context = &context,
        .counts_unreadable = true,
        .allocator = array->store->engine->allocator};
    bool done = check.actual_bytes != array->packs[member].bytes;
    if (done) {
        give_up(array, member);
    }
    enum satsync_status status = done ? SATSYNC_OK : pack_check_begin(&check, error);
    while (status == SATSYNC_OK && !done) {
        status = pack_check_step(&check, &done, error);
    }
    array->checked_bytes += check.checked_bytes;
    pack_check_fini(&check);
    if (status != SATSYNC_OK && status != SATSYNC_NO_MEMORY) {
        give_up(array, member);
        return SATSYNC_OK;
    }
    return status;
}

enum satsync_status pack_array_check(struct pack_array *array, struct satsync_error *error) {
    for (unsigned i = 0; i < count_of(array); i++) {
        if (array->members[i].reader) {
            TRY(check_member(array, i, error));
        }
    }
    return SATSYNC_OK;
}

bool pack_array_is_damaged(const struct pack_array *array, unsigned member) {
    return !array->members[member].reader || array->members[member].damaged.count > 0;
}

/* Reads a member's symbol of the stripe [from, to), if it is sound. */
static bool read_symbol(struct pack_array *array, unsigned member, struct range stripe) {
    const struct pack_array_member *one = &array->members[member];
    uint64_t end = covered_bytes(array, member);
    uint64_t to = stripe.to < end ? stripe.to : end;
    size_t bytes = to > stripe.from ? (size_t)(to - stripe.from) : 0;
    uint8_t *symbol = symbol_of(array, member);
    if (bytes > 0) {
        size_t next = ranges_find(&one->damaged, stripe.from);
        bool sound =
            one->reader && (next == one->damaged.count || one->damaged.at[next].from >= to);
        if (!sound || array->store->chunks->ops->pack_read(one->reader, stripe.from, symbol, bytes,
                                                           NULL) != SATSYNC_OK) {
            return false;
        }
    }
    memset(symbol + bytes, 0, (size_t)(stripe.to - stripe.from) - bytes);
    return true;
}

/* Every data symbol of the stripe, and the wanted parity symbols. */
static enum satsync_status complete_stripe(struct pack_array *array, struct range stripe,
                                           struct satsync_error *error) {
    const struct parity_shape shape = {.data = (uint16_t)array->data,
                                       .repair = (uint16_t)array->parity,
                                       .bytes = (uint32_t)(stripe.to - stripe.from)};
    uint8_t *symbols[MANIFEST_ARRAY_PACKS_MAX];
    bool present[MANIFEST_ARRAY_PACKS_MAX];
    for (unsigned i = 0; i < count_of(array); i++) {
        symbols[i] = symbol_of(array, i);
        present[i] = read_symbol(array, i, stripe);
    }
    enum satsync_status status = parity_recover(array->code, &shape, symbols, present);
    ENSURE(status == SATSYNC_OK, error, status, "parity",
           "in bytes %llu to %llu more than %u of %u packs are lost or damaged",
           (unsigned long long)stripe.from, (unsigned long long)stripe.to, array->parity,
           count_of(array));
    for (unsigned i = array->data; i < count_of(array); i++) {
        symbols[i] = present[i] || !array->members[i].writer ? NULL : symbols[i];
    }
    parity_encode(array->code, &shape, (const uint8_t *const *)symbols, symbols + array->data);
    return SATSYNC_OK;
}

static enum satsync_status append_symbol(struct pack_array *array, unsigned member,
                                         struct range stripe, struct satsync_error *error) {
    struct pack_array_member *one = &array->members[member];
    uint64_t end = covered_bytes(array, member);
    uint64_t to = stripe.to < end ? stripe.to : end;
    if (!one->writer || to <= stripe.from) {
        return SATSYNC_OK;
    }
    size_t bytes = (size_t)(to - stripe.from);
    const uint8_t *symbol = symbol_of(array, member);
    if (is_parity(array, member)) {
        uint8_t checksum[CHECKSUM_BYTES];
        checksum_of(symbol, bytes, checksum);
        enum satsync_status status = extent_table_add(&one->table, (uint32_t)bytes, checksum);
        ENSURE(status == SATSYNC_OK, error, status, "parity", "too many stripes, or no memory");
    }
    uint64_t offset;
    return array->store->chunks->ops->pack_append(one->writer, symbol, bytes, &offset, error);
}

static enum satsync_status begin_writers(struct pack_array *array, const bool *wanted,
                                         struct satsync_error *error) {
    struct chunks *chunks = array->store->chunks;
    for (unsigned i = 0; i < count_of(array); i++) {
        struct pack_id id = id_of(array, i);
        extent_table_init(&array->members[i].table, array->store->engine->allocator);
        if (wanted[i]) {
            TRY(chunks->ops->pack_create(chunks, &id, covered_bytes(array, i),
                                         &array->members[i].writer, error));
        }
    }
    return SATSYNC_OK;
}

static enum satsync_status write_stripes(struct pack_array *array, struct satsync_error *error) {
    for (uint64_t from = 0; from < array->bytes; from += PACK_ARRAY_STRIPE_BYTES) {
        uint64_t left = array->bytes - from;
        struct range stripe = {
            from, from + (left < PACK_ARRAY_STRIPE_BYTES ? left : PACK_ARRAY_STRIPE_BYTES)};
        TRY(complete_stripe(array, stripe, error));
        for (unsigned i = 0; i < count_of(array); i++) {
            TRY(append_symbol(array, i, stripe, error));
        }
    }
    return SATSYNC_OK;
}

enum satsync_status pack_array_write(struct pack_array *array, const bool *wanted,
                                     struct satsync_error *error) {
    enum satsync_status status = begin_writers(array, wanted, error);
    if (status == SATSYNC_OK) {
        status = write_stripes(array, error);
    }
    if (status != SATSYNC_OK) {
        abandon(array);
    }
    return status;
}

/* The writers are none: every symbol goes nowhere. */
enum satsync_status pack_array_try(struct pack_array *array, struct satsync_error *error) {
    return write_stripes(array, error);
}

/* Appends a parity pack's table; says where it lies. */
static enum satsync_status append_table(struct pack_array *array, unsigned member,
                                        struct manifest_pack *pack, struct satsync_error *error) {
    struct pack_array_member *one = &array->members[member];
    size_t bytes;
    const uint8_t *table = extent_table_finish(&one->table, &bytes);
    ENSURE(table, error, SATSYNC_NO_MEMORY, "parity", "no memory for a pack's table");
    pack->table_offset = one->table.end;
    pack->table_bytes = bytes;
    digest_of(table, bytes, pack->table_digest);
    uint64_t offset;
    return array->store->chunks->ops->pack_append(one->writer, table, bytes, &offset, error);
}

static enum satsync_status finish(struct pack_array *array, struct satsync_error *error) {
    for (unsigned i = array->data; i < count_of(array); i++) {
        struct manifest_pack *pack = &array->packs[i];
        TRY(append_table(array, i, pack, error));
        pack->algorithm = MANIFEST_PARITY_ALGORITHM;
        struct pack_writer *writer = array->members[i].writer;
        array->members[i].writer = NULL;
        TRY(array->store->chunks->ops->pack_finish(writer, &pack->bytes, error));
    }
    return SATSYNC_OK;
}

enum satsync_status pack_array_make(struct pack_array *array, struct satsync_error *error) {
    bool wanted[MANIFEST_ARRAY_PACKS_MAX] = {false};
    TRY(pack_array_check(array, error));
    bool is_kept = true;
    for (unsigned i = 0; i < count_of(array); i++) {
        wanted[i] = is_parity(array, i);
        is_kept = is_kept && (wanted[i] || !pack_array_is_damaged(array, i));
    }
    enum satsync_status status =
        is_kept ? pack_array_write(array, wanted, error) : SATSYNC_INCOMPLETE;
    ENSURE(status != SATSYNC_INCOMPLETE, error, SATSYNC_IO, array->store->path,
           "what was just written cannot be read, or reads as something else; nothing was saved, "
           "and this disk is failing");
    TRY(status);
    return finish(array, error);
}

static enum satsync_status replace(struct pack_array *array, unsigned member,
                                   struct satsync_error *error) {
    const struct manifest_pack *pack = &array->packs[member];
    struct manifest_pack made = *pack;
    if (is_parity(array, member)) {
        TRY(append_table(array, member, &made, error));
        ENSURE(memcmp(made.table_digest, pack->table_digest, sizeof made.table_digest) == 0, error,
               SATSYNC_CORRUPT, "parity",
               "what was made anew is not what the manifest says; fetch the checkpoint from "
               "another site");
    }
    struct pack_writer *writer = array->members[member].writer;
    array->members[member].writer = NULL;
    return array->store->chunks->ops->pack_replace(writer, &made.bytes, error);
}

enum satsync_status pack_array_replace(struct pack_array *array, struct satsync_error *error) {
    for (unsigned i = 0; i < count_of(array); i++) {
        if (array->members[i].writer) {
            TRY(replace(array, i, error));
        }
    }
    return SATSYNC_OK;
}
