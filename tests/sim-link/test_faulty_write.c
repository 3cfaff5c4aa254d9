#include "sim-link/faulty_write.h"

#include "support/cmocka.h"

#include <string.h>

enum { BYTES = 3000 };

/* A file of dots, into which a write from 700 on that ends within a sector goes. */
struct world {
    uint8_t content[BYTES];
    struct faulty_node file;
};

static size_t apply(struct world *world, enum faulty_write how, uint64_t seed) {
    static const char text[] = "a write that crosses sectors, again and again";
    uint8_t data[1500];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)text[i % 40];
    }
    memset(world, 0, sizeof *world);
    memset(world->content, '.', BYTES);
    world->file.now = (struct faulty_bytes){world->content, BYTES, BYTES};
    struct random random = random_of(seed, 0);
    struct faulty_write_place place = {&world->file, data, sizeof data, 700};
    faulty_write_apply(&place, how, &random);
    size_t right = 0;
    for (size_t i = 0; i < sizeof data; i++) {
        right += world->content[700 + i] == data[i];
    }
    assert_int_equal(memchr(world->content, 'a', 700) == NULL, true);
    return right;
}

static void test_a_whole_write_is_all_there(void **state) {
    (void)state;
    struct world world;
    assert_int_equal(apply(&world, FAULTY_WRITE_WHOLE, 1), 1500);
    assert_int_equal(world.content[2200], '.');
}

/* The write's pieces end at 1024, 1536, 2048 and 2200. */
static void test_a_tear_is_between_sectors_of_the_file(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct world world;
        assert_true(apply(&world, FAULTY_WRITE_TORN, seed) < 1500);
        for (size_t i = 701; i < 2200; i++) {
            bool changes = (world.content[i] == '.') != (world.content[i - 1] == '.');
            assert_true(!changes || i % FAULTY_SECTOR_BYTES == 0);
        }
    }
}

static void test_a_short_write_ends_at_a_sector(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct world world;
        size_t right = apply(&world, FAULTY_WRITE_SHORT, seed);
        assert_true(right == 0 || (700 + right) % FAULTY_SECTOR_BYTES == 0);
        assert_int_equal(world.content[700 + right], '.');
    }
}

static void test_a_misdirected_write_stays_within_the_file(void **state) {
    (void)state;
    struct world world;
    assert_int_equal(apply(&world, FAULTY_WRITE_MISDIRECTED, 1), 0);
    assert_int_equal(world.content[2199], '.');
    assert_int_equal(world.content[2200], 'a');
    assert_int_not_equal(world.content[2999], '.');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_write_is_all_there),
        cmocka_unit_test(test_a_tear_is_between_sectors_of_the_file),
        cmocka_unit_test(test_a_short_write_ends_at_a_sector),
        cmocka_unit_test(test_a_misdirected_write_stays_within_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
