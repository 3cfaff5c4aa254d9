#include "engine/masters.h"

#include "base/map.h"
#include "codec/checksum.h"
#include "codec/rounding.h"
#include "codec/seal.h"

#include <assert.h>
#include <string.h>

enum { SAMPLES = 64, FP32_BYTES = 4, BF16_BYTES = 2 };

/* A rounding's tag under a key that nobody outside of this save sees: two texts have the same tag
 * only when they are the same, but for a chance below 2^-80 (NIST SP 800-38D, RFC 8439). */
struct rounding {
    uint8_t tag[SEAL_TAG_BYTES];
    bool is_known; /* protected by the save's monitor */
};

struct master {
    struct master *next;
    uint64_t tensor;
    uint64_t elements;
    uint64_t chunk_bytes;
    struct rounding *roundings; /* one a chunk */
};

struct masters {
    const struct allocator *allocator;
    struct seal_key *key;
    struct map by_sample; /* of struct master */
    struct master *all;
    struct master *current; /* of the item whose slots are being submitted */
};

struct masters *masters_new(const struct satsync_engine *engine) {
    struct masters *masters = memory_new(engine->allocator, 1, sizeof *masters);
    struct seal_key *key = secret_new(sizeof *key);
    if (!masters || !key) {
        memory_free(engine->allocator, masters);
        secret_free(key);
        return NULL;
    }
    key->algorithm = seal_best();
    key->library = engine->seal_library;
    secret_random(key->bytes, sizeof key->bytes);
    masters->allocator = engine->allocator;
    masters->key = key;
    map_init(&masters->by_sample, engine->allocator);
    return masters;
}

void masters_free(struct masters *masters) {
    if (!masters) {
        return;
    }
    while (masters->all) {
        struct master *master = masters->all;
        masters->all = master->next;
        memory_free(masters->allocator, master->roundings);
        memory_free(masters->allocator, master);
    }
    map_fini(&masters->by_sample);
    secret_free(masters->key);
    memory_free(masters->allocator, masters);
}

static bool is_of(const struct save_slot *slot, enum dtype dtype) {
    return slot->item.kind == SEAL_TENSOR && slot->item.row == dtype_row(dtype);
}

/* Of elements spread over what the first chunks of both types hold, and their count. */
static uint64_t sample_of(const struct save_slot *slot) {
    bool is_master = is_of(slot, DTYPE_F32);
    uint64_t elements = slot->item.layout.bytes / slot->item.row->bytes;
    uint64_t held = slot->item.layout.chunk_bytes / FP32_BYTES;
    uint64_t among = elements < held ? elements : held;
    uint8_t sample[8 + SAMPLES * BF16_BYTES] = {0};
    memcpy(sample, &elements, sizeof elements);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        uint8_t *at = sample + 8 + i * BF16_BYTES;
        const uint8_t *from = slot->staging.raw + i * among / SAMPLES * slot->item.row->bytes;
        if (is_master) {
            round_to_bf16(from, 1, at);
        } else {
            memcpy(at, from, BF16_BYTES);
        }
    }
    uint8_t checksum[CHECKSUM_BYTES];
    uint64_t key;
    checksum_of(sample, sizeof sample, checksum);
    memcpy(&key, checksum, sizeof key);
    return key;
}

static struct master *add(struct masters *masters, const struct save_slot *slot) {
    struct master *master = memory_new(masters->allocator, 1, sizeof *master);
    struct rounding *roundings =
        memory_new(masters->allocator, layout_count(&slot->item.layout), sizeof *roundings);
    if (!master || !roundings ||
        map_set(&masters->by_sample, sample_of(slot), (uintptr_t)master) != SATSYNC_OK) {
        memory_free(masters->allocator, roundings);
        memory_free(masters->allocator, master);
        return NULL;
    }
    *master = (struct master){.next = masters->all,
                              .tensor = slot->item.number,
                              .elements = slot->item.layout.bytes / FP32_BYTES,
                              .chunk_bytes = slot->item.layout.chunk_bytes,
                              .roundings = roundings};
    masters->all = master;
    return master;
}

/* The like of it; chunks of a master must each be half of one. */
static struct master *find(const struct masters *masters, const struct save_slot *slot) {
    const uint64_t *found = map_get(&masters->by_sample, sample_of(slot));
    struct master *master = found ? (struct master *)(uintptr_t)*found : NULL;
    bool alike = master && master->elements == slot->item.layout.bytes / BF16_BYTES &&
                 master->chunk_bytes == slot->item.layout.chunk_bytes;
    return alike ? master : NULL;
}

struct master *masters_find(struct masters *masters, const struct save_slot *slot) {
    if (slot->position == 0) {
        masters->current = is_of(slot, DTYPE_F32)    ? add(masters, slot)
                           : is_of(slot, DTYPE_BF16) ? find(masters, slot)
                                                     : NULL;
    }
    return masters->current;
}

/* The sealed text itself is of no use to anybody. */
static void tag_of(const struct masters *masters, const uint8_t *bf16, size_t bytes,
                   uint8_t *sealed, uint8_t tag[SEAL_TAG_BYTES]) {
    const struct seal_place everywhere = {.kind = SEAL_TENSOR};
    seal_close(masters->key, &everywhere, bf16, bytes, sealed);
    memcpy(tag, sealed + bytes, SEAL_TAG_BYTES);
}

static void keep(struct satsync_save *save, struct save_slot *slot) {
    struct master *master = slot->master;
    struct rounding *rounding = &master->roundings[slot->position / master->chunk_bytes];
    size_t elements = slot->raw_bytes / FP32_BYTES;
    uint8_t *rounded = slot->staging.sealed;
    round_to_bf16(slot->staging.raw, elements, rounded);
    tag_of(save->masters, rounded, elements * BF16_BYTES, rounded, rounding->tag);
    monitor_lock(save->monitor);
    rounding->is_known = true;
    monitor_wake_all(save->monitor);
    monitor_unlock(save->monitor);
}

/* The queue gives tasks out in the order of submission: the master's run already. */
static void wait_for(struct satsync_save *save, const struct rounding *rounding) {
    monitor_lock(save->monitor);
    while (!rounding->is_known) {
        monitor_wait(save->monitor);
    }
    monitor_unlock(save->monitor);
}

static bool is_rounding(struct satsync_save *save, const struct save_slot *slot) {
    const struct master *master = slot->master;
    size_t half = (size_t)master->chunk_bytes / (FP32_BYTES / BF16_BYTES);
    const struct rounding *rounding = &master->roundings[slot->position / half];
    for (size_t done = 0; done < slot->raw_bytes; done += half, rounding++) {
        size_t left = slot->raw_bytes - done;
        uint8_t tag[SEAL_TAG_BYTES];
        tag_of(save->masters, slot->staging.raw + done, left < half ? left : half,
               slot->staging.sealed, tag);
        wait_for(save, rounding);
        if (!secret_equal(tag, rounding->tag, sizeof tag)) {
            return false;
        }
    }
    return true;
}

void masters_try(struct satsync_save *save, struct save_slot *slot) {
    assert(slot->master);
    if (is_of(slot, DTYPE_F32)) {
        keep(save, slot);
    } else if (is_rounding(save, slot)) {
        slot->referred = true;
        slot->chunk = (struct index_chunk){.raw_bytes = (uint32_t)slot->raw_bytes,
                                           .is_derived = true,
                                           .master = slot->master->tensor};
    }
}
