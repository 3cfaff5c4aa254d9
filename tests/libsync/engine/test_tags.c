#include "engine/tags.h"

#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"
#include "support/content.h"
#include "support/engine_world.h"

#include <stdio.h>
#include <string.h>

static void save(struct engine_world *world, uint64_t step) {
    struct content content;
    struct satsync_error error;
    content_init(&content, step, 64);
    engine_expect(content_save(&content, world->store, step, 0, &error), SATSYNC_OK, &error);
    content_fini(&content);
}

static void expect_tags(struct engine_world *world, uint64_t step, const char *wanted) {
    char names[SATSYNC_TAGS_BYTES];
    struct satsync_error error;
    engine_expect(satsync_store_tags(world->store, step, names, &error), SATSYNC_OK, &error);
    assert_string_equal(names, wanted);
    assert_int_equal(tags_keep(world->store, step), *wanted != '\0');
}

static void tag(struct engine_world *world, uint64_t step, const char *name) {
    struct satsync_error error;
    engine_expect(satsync_store_tag(world->store, step, name, &error), SATSYNC_OK, &error);
}

static void untag(struct engine_world *world, uint64_t step, const char *name) {
    struct satsync_error error;
    engine_expect(satsync_store_untag(world->store, step, name, &error), SATSYNC_OK, &error);
}

static void test_names_come_and_go(void **state) {
    struct engine_world *world = *state;
    save(world, 1);
    save(world, 2);
    expect_tags(world, 1, "");
    tag(world, 1, "best");
    tag(world, 1, "best.eval");
    tag(world, 1, "b");
    tag(world, 1, "best"); /* once more is fine */
    expect_tags(world, 1, "best best.eval b");
    expect_tags(world, 2, "");
    untag(world, 1, "best.eval"); /* from the middle, the end, the begin */
    expect_tags(world, 1, "best b");
    untag(world, 1, "b");
    expect_tags(world, 1, "best");
    tag(world, 1, "c");
    untag(world, 1, "best");
    expect_tags(world, 1, "c");
    untag(world, 1, "c");
    expect_tags(world, 1, "");
}

static void test_what_is_no_name_or_not_there_is_told(void **state) {
    static const char *const wrong[] = {"",    "1",   "12best", "-x",      ".x",
                                        "a b", "a/b", "a\n",    "\303\244"};
    struct engine_world *world = *state;
    struct satsync_error error;
    char name[SATSYNC_TAG_BYTES + 2] = "";
    save(world, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        engine_expect(satsync_store_tag(world->store, 1, wrong[i], &error), SATSYNC_INVALID,
                      &error);
    }
    memset(name, 'a', SATSYNC_TAG_BYTES + 1);
    engine_expect(satsync_store_tag(world->store, 1, name, &error), SATSYNC_INVALID, &error);
    name[SATSYNC_TAG_BYTES] = '\0';
    tag(world, 1, name);
    engine_expect(satsync_store_tag(world->store, 2, "x", &error), SATSYNC_NOT_FOUND, &error);
    engine_expect(satsync_store_untag(world->store, 1, "aa", &error), SATSYNC_NOT_FOUND, &error);
    expect_tags(world, 1, name);
}

static void test_a_record_has_its_limit(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    enum satsync_status status = SATSYNC_OK;
    unsigned count = 0;
    save(world, 1);
    for (; status == SATSYNC_OK && count < 1000; count++) {
        char name[SATSYNC_TAG_BYTES + 1];
        snprintf(name, sizeof name, "t%063u", count);
        status = satsync_store_tag(world->store, 1, name, &error);
    }
    engine_expect(status, SATSYNC_LIMIT, &error);
    assert_int_equal(count - 1, SATSYNC_TAGS_BYTES / (SATSYNC_TAG_BYTES + 1));
}

/* Whoever writes nonsense there keeps the step from being pruned, and can do no more. */
static void test_a_damaged_record_is_told_and_keeps(void **state) {
    static const char *const wrong[] = {" ", "a ", "a  b", "1", "a\nb", "a b\033"};
    struct engine_world *world = *state;
    struct satsync_error error;
    char names[SATSYNC_TAGS_BYTES];
    char path[256];
    save(world, 1);
    tag(world, 1, "x");
    snprintf(path, sizeof path, "%s/tag-%020d", world->root, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fputs(wrong[i], file);
        assert_int_equal(fclose(file), 0);
        engine_expect(satsync_store_tags(world->store, 1, names, &error), SATSYNC_CORRUPT, &error);
        assert_true(tags_keep(world->store, 1));
    }
}

static enum satsync_status prune(struct engine_world *world, int drop_tagged,
                                 struct satsync_prune_report *report, struct satsync_error *error) {
    struct satsync_prune_options options;
    satsync_prune_options_init(&options);
    options.keep_last = 1;
    options.drop_tagged = drop_tagged;
    return satsync_store_prune(world->store, &options, report, error);
}

static void test_prune_keeps_what_has_a_tag(void **state) {
    struct engine_world *world = *state;
    struct satsync_error error;
    struct satsync_prune_report report = {0};
    for (uint64_t step = 1; step <= 4; step++) {
        save(world, step);
    }
    tag(world, 2, "best");
    engine_expect(prune(world, 0, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.removed, 2);
    expect_tags(world, 2, "best");
    engine_expect(prune(world, 1, &report, &error), SATSYNC_OK, &error);
    assert_int_equal(report.removed, 1);
    save(world, 2); /* another of this number has none */
    expect_tags(world, 2, "");
}

/* Before every operation of a tag: the old tags or the new. */
static void test_power_cut_leaves_the_old_or_the_new(void **state) {
    (void)state;
    bool cut = true;
    for (uint64_t n = 0; cut; n++) {
        struct engine_world world;
        struct satsync_error error;
        char names[SATSYNC_TAGS_BYTES];
        engine_world_open_faulty(&world, NULL, n);
        save(&world, 1);
        tag(&world, 1, "old");
        faulty_disk_power_off_at(world.faulty, faulty_disk_operations(world.faulty) + n);
        enum satsync_status status = satsync_store_tag(world.store, 1, "new", &error);
        cut = faulty_disk_is_off(world.faulty);
        assert_int_equal(faulty_disk_crash(world.faulty), SATSYNC_OK);
        faulty_disk_power_off_at(world.faulty, UINT64_MAX);
        engine_expect(satsync_store_tags(world.store, 1, names, &error), SATSYNC_OK, &error);
        bool is_old = strcmp(names, "old") == 0;
        assert_true(is_old || strcmp(names, "old new") == 0);
        assert_true(!is_old || status != SATSYNC_OK);
        engine_world_close(&world);
    }
}

int main(void) {
#define WITH_WORLD(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, engine_world_setup, engine_world_teardown)
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_names_come_and_go),
        WITH_WORLD(test_what_is_no_name_or_not_there_is_told),
        WITH_WORLD(test_a_record_has_its_limit),
        WITH_WORLD(test_a_damaged_record_is_told_and_keeps),
        WITH_WORLD(test_prune_keeps_what_has_a_tag),
        cmocka_unit_test(test_power_cut_leaves_the_old_or_the_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
