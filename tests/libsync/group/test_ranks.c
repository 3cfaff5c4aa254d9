#include <satsync/ranks.h>

#include "support/cmocka.h"
#include "support/engine_world.h"

static void test_options_that_cannot_be_are_refused(void **state) {
    struct engine_world *world = *state;
    static const struct satsync_ranks_options wrong[] = {
        {.size = sizeof wrong[0], .count = 1, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .count = SATSYNC_RANKS + 1, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .rank = 2, .count = 2, .address = "127.0.0.1:1"},
        {.size = sizeof wrong[0], .rank = 0, .count = 2},
        {.size = 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct satsync_ranks *ranks;
        struct satsync_error error;
        assert_int_equal(satsync_ranks_open(world->engine, &wrong[i], &ranks, &error),
                         SATSYNC_INVALID);
        assert_null(ranks);
    }
    satsync_ranks_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_options_that_cannot_be_are_refused, engine_world_setup,
                                        engine_world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
