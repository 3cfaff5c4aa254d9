#include "ckpt/store/journal.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/store_world.h"

static const uint8_t digest[32] = {2};

static enum satsync_status add_up(void *context, const struct claim *claim) {
    *(uint64_t *)context += claim->range.to - claim->range.from;
    return SATSYNC_OK;
}

/* Opens the journal; returns the bytes it claims. */
static uint64_t open_journal(struct world *world, uint64_t file_bytes, struct journal *journal) {
    uint64_t total = 0;
    struct incoming_file file = {world_pack_id(1), file_bytes};
    struct journal_subject subject = {.digest = digest, .files = &file, .count = 1};
    struct journal_listener listener = {.found = add_up, .context = &total};
    assert_int_equal(journal_open(world_store(world), &subject, &listener, journal, NULL),
                     SATSYNC_OK);
    return total;
}

static void append(struct journal *journal, uint64_t from, uint64_t to) {
    struct claim claim = {.range = {from, to}};
    assert_int_equal(journal_append(journal, &claim, 1, NULL), SATSYNC_OK);
}

static void remembers(struct world *world) {
    struct journal journal;
    assert_int_equal(open_journal(world, 100, &journal), 0);
    append(&journal, 0, 10);
    append(&journal, 20, 50);
    journal_close(&journal);
    assert_int_equal(open_journal(world, 100, &journal), 40);
    append(&journal, 50, 51);
    journal_close(&journal);
    assert_int_equal(open_journal(world, 100, &journal), 41);
    journal_close(&journal);
    /* About another file: nothing of it holds. */
    assert_int_equal(open_journal(world, 101, &journal), 0);
    journal_close(&journal);
    assert_int_equal(open_journal(world, 101, &journal), 0);
    assert_int_equal(journal_remove(&journal, NULL), SATSYNC_OK);
    journal_close(&journal);
    assert_int_equal(world_count(world, "incoming"), 0);
}

static void test_a_journal_remembers_what_it_was_told(void **state) {
    (void)state;
    world_for_each(remembers);
}

static void test_a_torn_end_is_cut_off_and_the_journal_goes_on(void **state) {
    (void)state;
    struct world world;
    struct journal journal;
    assert_true(world_begin(&world, WORLD_FAULTY));
    assert_int_equal(open_journal(&world, 100, &journal), 0);
    append(&journal, 0, 10);
    uint64_t end = journal.end;
    append(&journal, 20, 50);
    struct store_path path = journal.path;
    journal_close(&journal);
    assert_int_equal(faulty_disk_rot(world.disk, path.text, end + 9, 4), SATSYNC_OK);
    assert_int_equal(open_journal(&world, 100, &journal), 10);
    assert_int_equal(journal.end, end);
    append(&journal, 60, 61);
    journal_close(&journal);
    assert_int_equal(open_journal(&world, 100, &journal), 11);
    journal_close(&journal);
    world_end(&world);
}

static void test_more_claims_than_a_record_holds_are_kept(void **state) {
    (void)state;
    static struct claim claims[CLAIMS_PER_RECORD + 10];
    struct world world;
    struct journal journal;
    assert_true(world_begin(&world, WORLD_FAULTY));
    assert_int_equal(open_journal(&world, 1 << 20, &journal), 0);
    for (size_t i = 0; i < CLAIMS_PER_RECORD + 10; i++) {
        claims[i].range = (struct range){2 * i, 2 * i + 1};
    }
    assert_int_equal(journal_append(&journal, claims, CLAIMS_PER_RECORD + 10, NULL), SATSYNC_OK);
    journal_close(&journal);
    assert_int_equal(open_journal(&world, 1 << 20, &journal), CLAIMS_PER_RECORD + 10);
    journal_close(&journal);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_journal_remembers_what_it_was_told),
        cmocka_unit_test(test_a_torn_end_is_cut_off_and_the_journal_goes_on),
        cmocka_unit_test(test_more_claims_than_a_record_holds_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
