#include "engine/remembered.h"
#include "support/cmocka.h"
#include "support/two_sites.h"

#include <string.h>

#define DAY_NS UINT64_C(86400000000000)
#define NOW_NS (20000 * DAY_NS)

static const struct link_path satellite = {.rate_bps = 250000000, .rtt_ns = 600000000};
static const struct remembered record_of = {{250000000, 600000000}, NOW_NS};

static void assert_path(const struct link_path *path, const struct link_path *expected) {
    assert_int_equal(path->rate_bps, expected->rate_bps);
    assert_int_equal(path->rtt_ns, expected->rtt_ns);
}

static void test_record_comes_back_as_it_was(void **state) {
    (void)state;
    uint8_t record[REMEMBERED_BYTES];
    struct remembered found;
    remembered_encode(&record_of, record);
    remembered_decode(record, sizeof record, &found);
    assert_path(&found.path, &satellite);
    assert_int_equal(found.unix_ns, NOW_NS);
}

static void test_damaged_record_is_no_record(void **state) {
    (void)state;
    uint8_t record[REMEMBERED_BYTES + 1] = {0};
    struct remembered found;
    for (size_t bit = 0; bit < (size_t)8 * REMEMBERED_BYTES; bit++) {
        remembered_encode(&record_of, record);
        record[bit / 8] ^= (uint8_t)(1 << bit % 8);
        remembered_decode(record, REMEMBERED_BYTES, &found);
        assert_path(&found.path, &(struct link_path){0});
    }
    remembered_encode(&record_of, record);
    for (size_t bytes = 0; bytes <= sizeof record; bytes++) {
        remembered_decode(record, bytes, &found);
        assert_true((found.path.rate_bps > 0) == (bytes == REMEMBERED_BYTES));
    }
}

static void test_paths_that_cannot_be_are_not_believed(void **state) {
    (void)state;
    static const struct link_path impossible[] = {{0, 600000000},
                                                  {63999, 600000000},
                                                  {UINT64_MAX, 600000000},
                                                  {250000000, 0},
                                                  {250000000, UINT64_MAX}};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        uint8_t record[REMEMBERED_BYTES];
        struct remembered found;
        remembered_encode(&(struct remembered){impossible[i], NOW_NS}, record);
        remembered_decode(record, sizeof record, &found);
        assert_path(&found.path, &(struct link_path){0});
    }
}

static void test_a_path_of_long_ago_is_not_known(void **state) {
    (void)state;
    assert_true(remembered_is_fresh(&record_of, NOW_NS));
    assert_true(remembered_is_fresh(&record_of, NOW_NS + 7 * DAY_NS));
    assert_false(remembered_is_fresh(&record_of, NOW_NS + 7 * DAY_NS + 1));
    assert_true(remembered_is_fresh(&record_of, NOW_NS - 7 * DAY_NS));
    assert_false(remembered_is_fresh(&record_of, NOW_NS - 7 * DAY_NS - 1));
    assert_false(remembered_is_fresh(&(struct remembered){{0, 1}, NOW_NS}, NOW_NS));
}

static uint64_t unix_now_ns;

static uint64_t unix_ns(void) {
    return unix_now_ns;
}

static void test_an_old_record_is_written_anew(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=20ms&seed=6");
    struct satsync_store *store = sites.store[0];
    const uint8_t peer[LINK_KEY_BYTES] = {1};
    const struct link_path about = {255000000, 610000000};
    store->engine->ports.unix_ns = unix_ns;
    unix_now_ns = NOW_NS;
    remembered_keep(store, peer, "a:1", &satellite);
    unix_now_ns = NOW_NS + 5 * DAY_NS;
    remembered_keep(store, peer, "a:1", &about);
    unix_now_ns = NOW_NS + 9 * DAY_NS;
    struct link_path path = remembered_load(store, peer, "a:1");
    assert_path(&path, &about);
    unix_now_ns = NOW_NS + 13 * DAY_NS;
    path = remembered_load(store, peer, "a:1");
    assert_path(&path, &(struct link_path){0});
    two_sites_close(&sites);
}

static void test_name_is_of_the_peer_and_the_address(void **state) {
    (void)state;
    const uint8_t peers[2][LINK_KEY_BYTES] = {{1}, {2}};
    char names[3][REMEMBERED_NAME_BYTES];
    remembered_name(peers[0], "atlanta:4600", names[0]);
    remembered_name(peers[1], "atlanta:4600", names[1]);
    remembered_name(peers[0], "atlanta:4601", names[2]);
    assert_int_equal(strlen(names[0]), 5 + 32);
    assert_string_not_equal(names[0], names[1]);
    assert_string_not_equal(names[0], names[2]);
}

static void test_what_is_kept_is_loaded_and_renewed(void **state) {
    (void)state;
    struct two_sites sites;
    two_sites_open(&sites, "plain?rate=20M&rtt=20ms&seed=6");
    struct satsync_store *store = sites.store[0];
    const uint8_t peer[LINK_KEY_BYTES] = {1};
    struct link_path path = remembered_load(store, peer, "a:1");
    assert_path(&path, &(struct link_path){0});
    remembered_keep(store, peer, "a:1", &satellite);
    path = remembered_load(store, peer, "a:1");
    assert_path(&path, &satellite);
    path = remembered_load(store, peer, "a:2");
    assert_path(&path, &(struct link_path){0});
    /* Nothing found out leaves it; about the same is not written again; another is. */
    remembered_keep(store, peer, "a:1", &(struct link_path){.rtt_ns = 1});
    remembered_keep(store, peer, "a:1", &(struct link_path){255000000, 610000000});
    path = remembered_load(store, peer, "a:1");
    assert_path(&path, &satellite);
    remembered_keep(store, peer, "a:1", &(struct link_path){100000000, 600000000});
    path = remembered_load(store, peer, "a:1");
    assert_int_equal(path.rate_bps, 100000000);
    two_sites_close(&sites);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_comes_back_as_it_was),
        cmocka_unit_test(test_damaged_record_is_no_record),
        cmocka_unit_test(test_paths_that_cannot_be_are_not_believed),
        cmocka_unit_test(test_a_path_of_long_ago_is_not_known),
        cmocka_unit_test(test_an_old_record_is_written_anew),
        cmocka_unit_test(test_name_is_of_the_peer_and_the_address),
        cmocka_unit_test(test_what_is_kept_is_loaded_and_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
