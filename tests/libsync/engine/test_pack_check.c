#include "engine/pack_check.h"

#include "base/check.h"
#include "base/random.h"
#include "codec/checksum.h"
#include "codec/seal.h"
#include "support/allocator.h"
#include "support/cmocka.h"

#include <stdlib.h>
#include <string.h>

enum { PADDING = 37, DAMAGES = 64 };

struct damage {
    uint64_t offset;
    uint64_t bytes;
};

/* A pack in memory, and the record of one check. */
struct world {
    struct manifest_pack pack;
    uint8_t *data;
    struct counting_allocator counting;
    struct pack_check check;
    struct damage damages[DAMAGES];
    size_t damage_count;
    uint64_t reads;
    uint64_t fail_read; /* number of the read that fails, from 1; 0: none */
    uint64_t fail_from; /* reads of any of these bytes fail */
    uint64_t fail_to;
    bool counts_unreadable;
    uint64_t steps;
};

static enum satsync_status read_pack(void *context, uint64_t offset, void *data, size_t bytes,
                                     struct satsync_error *error) {
    struct world *world = context;
    assert_true(offset <= world->pack.bytes && bytes <= world->pack.bytes - offset);
    bool is_bad = offset < world->fail_to && offset + bytes > world->fail_from;
    if (++world->reads == world->fail_read || is_bad) {
        return error_set(error, SATSYNC_IO, "pack", "the disk says no");
    }
    memcpy(data, world->data + offset, bytes);
    return SATSYNC_OK;
}

static void damaged(void *context, uint64_t offset, uint64_t bytes) {
    struct world *world = context;
    assert_true(world->damage_count < DAMAGES);
    world->damages[world->damage_count++] = (struct damage){offset, bytes};
}

/* A pack of extents of these sizes, its table, and PADDING zeros. */
static void begin(struct world *world, const uint32_t *sizes, size_t count) {
    struct extent_table_writer table;
    memset(world, 0, sizeof *world);
    extent_table_init(&table, NULL);
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += sizes[i];
    }
    world->data = calloc(1, total + count * 32 + 64 + PADDING);
    assert_non_null(world->data);
    struct random random = random_of(7, 0);
    random_bytes(&random, world->data, total);
    for (size_t i = 0; i < count; i++) {
        uint8_t checksum[CHECKSUM_BYTES];
        checksum_of(world->data + table.end, sizes[i], checksum);
        assert_int_equal(extent_table_add(&table, sizes[i], checksum), SATSYNC_OK);
    }
    size_t table_bytes;
    const uint8_t *table_data = extent_table_finish(&table, &table_bytes);
    assert_non_null(table_data);
    memcpy(world->data + total, table_data, table_bytes);
    extent_table_fini(&table);
    world->pack = (struct manifest_pack){
        .bytes = total + table_bytes + PADDING, .table_offset = total, .table_bytes = table_bytes};
    digest_of(world->data + total, table_bytes, world->pack.table_digest);
}

static void end(struct world *world) {
    free(world->data);
}

/* A whole check of what is claimed to have actual_bytes. */
static enum satsync_status check(struct world *world, uint64_t actual_bytes, size_t fail_at) {
    counting_allocator_init(&world->counting, fail_at);
    world->damage_count = 0;
    world->reads = world->steps = 0;
    world->check = (struct pack_check){.pack = &world->pack,
                                       .actual_bytes = actual_bytes,
                                       .read = read_pack,
                                       .damage = damaged,
                                       .context = world,
                                       .counts_unreadable = world->counts_unreadable,
                                       .allocator = &world->counting.allocator};
    enum satsync_status status = pack_check_begin(&world->check, NULL);
    bool done = false;
    while (status == SATSYNC_OK && !done) {
        status = pack_check_step(&world->check, &done, NULL);
        world->steps++;
    }
    assert_int_equal(world->check.damaged, world->damage_count);
    pack_check_fini(&world->check);
    assert_int_equal(world->counting.live, 0);
    return status;
}

static void assert_damaged(const struct world *world, uint64_t offset, uint64_t bytes) {
    assert_int_equal(world->damage_count, 1);
    assert_int_equal(world->damages[0].offset, offset);
    assert_int_equal(world->damages[0].bytes, bytes);
}

static const uint32_t small[] = {100, 1, 57};

static void test_sound_pack_has_no_damage(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_int_equal(world.damage_count, 0);
    assert_int_equal(world.check.checked_bytes, 158);
    end(&world);
}

static void test_pack_without_extents_is_sound(void **state) {
    (void)state;
    struct world world;
    begin(&world, NULL, 0);
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_int_equal(world.damage_count, 0);
    end(&world);
}

static void test_each_flipped_byte_damages_exactly_its_piece(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    const struct damage pieces[] = {{0, 100}, {100, 1}, {101, 57}, {158, world.pack.table_bytes}};
    for (uint64_t at = 0; at < world.pack.bytes; at++) {
        world.data[at] ^= 0x10;
        assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
        world.data[at] ^= 0x10;
        struct damage piece = {at, 1}; /* of the padding */
        for (size_t i = 0; i < 4; i++) {
            bool inside = at >= pieces[i].offset && at < pieces[i].offset + pieces[i].bytes;
            piece = inside ? pieces[i] : piece;
        }
        assert_damaged(&world, piece.offset, piece.bytes);
    }
    end(&world);
}

static void test_all_damage_is_found_in_one_go(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    world.data[0] ^= 1;
    world.data[157] ^= 1;
    world.data[world.pack.bytes - 1] = 9;
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_int_equal(world.damage_count, 3);
    end(&world);
}

static void test_pack_of_another_size_is_damaged_as_a_whole(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    const uint64_t sizes[] = {0, 1, world.pack.bytes - 1, world.pack.bytes + 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(check(&world, sizes[i], 0), SATSYNC_OK);
        assert_damaged(&world, 0, sizes[i]);
        assert_int_equal(world.reads, 0);
    }
    end(&world);
}

static void test_table_that_lies_outside_the_pack_is_not_read(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    const struct manifest_pack sound = world.pack;
    const struct {
        uint64_t offset;
        uint64_t bytes;
    } bad[] = {{sound.bytes, 1},      {sound.bytes - 1, 2}, {UINT64_MAX, 1},
               {UINT64_MAX - 10, 20}, {0, UINT64_MAX},      {1, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        world.pack.table_offset = bad[i].offset;
        world.pack.table_bytes = bad[i].bytes;
        assert_int_equal(check(&world, sound.bytes, 0), SATSYNC_OK);
        assert_damaged(&world, 0, sound.bytes);
        assert_int_equal(world.reads, 0);
    }
    end(&world);
}

static void test_vouched_table_that_is_none_is_damage_all_the_same(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    struct manifest_pack *pack = &world.pack;
    /* One extent's size is off: they no longer tile the pack. */
    world.data[pack->table_offset + 16] ^= 1;
    digest_of(world.data + pack->table_offset, pack->table_bytes, pack->table_digest);
    assert_int_equal(check(&world, pack->bytes, 0), SATSYNC_OK);
    assert_damaged(&world, pack->table_offset, pack->table_bytes);
    end(&world);
}

static void test_read_that_fails_ends_the_check_and_is_no_damage(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    uint64_t reads = 3; /* table, padding, extents */
    for (world.fail_read = 1; world.fail_read <= reads; world.fail_read++) {
        assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_IO);
        assert_int_equal(world.damage_count, 0);
    }
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_int_equal(world.reads, reads);
    end(&world);
}

/* Two of three extents fit what is read at once: it fails, then the first alone. */
static void test_unreadable_extent_is_one_damaged_piece_where_that_is_asked_for(void **state) {
    (void)state;
    struct world world;
    static const uint32_t sizes[] = {1000000, 2000000, 3000000};
    begin(&world, sizes, 3);
    world.counts_unreadable = true;
    world.fail_from = 0;
    world.fail_to = 1;
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_damaged(&world, 0, 1000000);
    world.fail_from = 3000000;
    world.fail_to = 3000001;
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_damaged(&world, 3000000, 3000000);
    assert_int_equal(world.check.checked_bytes, 3000000);
    world.counts_unreadable = false;
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_IO);
    end(&world);
}

static void test_every_failed_allocation_is_said_and_leaves_nothing(void **state) {
    (void)state;
    struct world world;
    begin(&world, small, 3);
    size_t fail_at = 1;
    while (check(&world, world.pack.bytes, fail_at) != SATSYNC_OK) {
        assert_int_equal(check(&world, world.pack.bytes, fail_at), SATSYNC_NO_MEMORY);
        assert_int_equal(world.damage_count, 0);
        fail_at++;
    }
    assert_int_equal(fail_at, 3);
    end(&world);
}

static void test_large_pack_is_checked_in_bounded_steps_and_few_reads(void **state) {
    (void)state;
    enum { COUNT = 40 };
    struct world world;
    uint32_t sizes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = 500000;
    }
    sizes[20] = 9000000; /* larger than what is read at once */
    begin(&world, sizes, COUNT);
    uint64_t in_large = UINT64_C(20) * 500000 + 8999999;
    world.data[in_large] ^= 1;
    assert_int_equal(check(&world, world.pack.bytes, 0), SATSYNC_OK);
    assert_damaged(&world, UINT64_C(20) * 500000, 9000000);
    assert_int_equal(world.check.checked_bytes, world.pack.table_offset);
    assert_in_range(world.steps, 4, 12);
    assert_in_range(world.reads, 4, 12);
    end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_pack_has_no_damage),
        cmocka_unit_test(test_pack_without_extents_is_sound),
        cmocka_unit_test(test_each_flipped_byte_damages_exactly_its_piece),
        cmocka_unit_test(test_all_damage_is_found_in_one_go),
        cmocka_unit_test(test_pack_of_another_size_is_damaged_as_a_whole),
        cmocka_unit_test(test_table_that_lies_outside_the_pack_is_not_read),
        cmocka_unit_test(test_vouched_table_that_is_none_is_damage_all_the_same),
        cmocka_unit_test(test_read_that_fails_ends_the_check_and_is_no_damage),
        cmocka_unit_test(test_unreadable_extent_is_one_damaged_piece_where_that_is_asked_for),
        cmocka_unit_test(test_every_failed_allocation_is_said_and_leaves_nothing),
        cmocka_unit_test(test_large_pack_is_checked_in_bounded_steps_and_few_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
